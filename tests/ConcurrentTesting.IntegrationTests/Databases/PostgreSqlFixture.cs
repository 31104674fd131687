using ConcurrentTesting.Databases.Leases;
using Npgsql;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>What tests against the shared PostgreSQL server have in common: an administrator's eye on it.</summary>
public abstract class PostgreSqlFixture(DatabaseServers servers) : DatabaseFixture(servers)
{
    protected async Task<ConcurrentTestSettings> SettingsAsync(params string[] template) =>
        Settings(DatabaseEngine.PostgreSql, await Servers.PostgreSqlAsync(), template) with { ServerBinaries = DatabaseServers.PostgreSqlBinaries };

    protected async Task<ConcurrentTestSettings> SettingsAsync(string role, string template) =>
        await SettingsAsync(template) with { ConnectionString = $"{await Servers.PostgreSqlAsync()};Username={role}" };

    protected async Task<object?> AdminAsync(string sql) => await QueryAsync(await Servers.PostgreSqlAsync() + ";Database=postgres;Pooling=False", sql);

    protected async Task<bool> ExistsAsync(string database) => await AdminAsync($"SELECT 1 FROM pg_database WHERE datname = '{database}'") is not null;

    internal static Task<object?> QueryAsync(DatabaseLease lease, string sql) =>
        QueryAsync(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"] + ";Pooling=False", sql);

    protected static async Task<object?> QueryAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(CancellationToken);
    }

    protected async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var connection = new NpgsqlConnection($"{await Servers.PostgreSqlAsync()};Database={database};Pooling=False");
        await connection.OpenAsync(CancellationToken);
        return connection;
    }
}
