using ConcurrentTesting.Databases.Leases;
using MySqlConnector;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>What tests against the shared MariaDB server have in common: an administrator's eye on it.</summary>
public abstract class MySqlFixture(DatabaseServers servers) : DatabaseFixture(servers)
{
    /// <summary>The rights that the documentation asks for, and no others.</summary>
    protected const string DocumentedRights = @"ALL ON `ct\_%`.*";

    protected async Task<ConcurrentTestSettings> SettingsAsync(params string[] template) =>
        Settings(DatabaseEngine.MySql, await Servers.MySqlAsync(), template) with { ServerBinaries = DatabaseServers.MySqlBinaries };

    protected async Task<ConcurrentTestSettings> SettingsAsync(string user, string template) =>
        await SettingsAsync(template) with { ConnectionString = $"{await Servers.MySqlAsync()};User ID={user};Password=hidden-secret" };

    /// <summary>A user of a test's own.</summary>
    /// <param name="grants">What follows GRANT: <c>SELECT ON mysql.proc</c>.</param>
    protected async Task<string> UserAsync(params string[] grants)
    {
        var user = UniqueName();
        await AdminAsync($"CREATE USER {user}@`%` IDENTIFIED BY 'hidden-secret'");
        foreach (var grant in grants)
            await AdminAsync($"GRANT {grant} TO {user}@`%`");
        return user;
    }

    protected async Task<object?> AdminAsync(string sql) => await QueryAsync(await Servers.MySqlAsync() + ";Pooling=False", sql);

    protected async Task<bool> ExistsAsync(string database) =>
        await AdminAsync($"SELECT 1 FROM information_schema.schemata WHERE schema_name = '{database}'") is not null;

    internal static Task<object?> QueryAsync(DatabaseLease lease, string sql) =>
        QueryAsync(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"] + ";Pooling=False", sql);

    protected static async Task<object?> QueryAsync(string connectionString, string sql)
    {
        await using var connection = new MySqlConnection(connectionString + ";AllowUserVariables=True");
        await connection.OpenAsync(CancellationToken);
        await using var command = new MySqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(CancellationToken);
    }

    protected async Task<MySqlConnection> OpenAsync(string database)
    {
        var connection = new MySqlConnection($"{await Servers.MySqlAsync()};Database={database};Pooling=False");
        await connection.OpenAsync(CancellationToken);
        return connection;
    }

    protected static async Task ExecuteAsync(MySqlConnection session, string sql)
    {
        await using var command = new MySqlCommand(sql, session);
        await command.ExecuteNonQueryAsync(CancellationToken);
    }
}
