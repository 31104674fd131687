using ConcurrentTesting.Databases;
using Npgsql;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>What tests against the shared PostgreSQL server have in common: a folder, a log, runs with ids of their own, and an administrator's eye on the server.</summary>
public abstract class PostgreSqlFixture(DatabaseServers servers) : IDisposable
{
    private static int _numbers;

    private readonly TemporaryFolder _folder = new();

    protected DatabaseServers Servers => servers;

    internal LogLines Log { get; } = new();

    internal TemporaryFolder Folder => _folder;

    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A name for this test alone: a run id, a role, a database.</summary>
    protected static string UniqueName() => $"it{Environment.ProcessId}x{Interlocked.Increment(ref _numbers)}";

    /// <summary>A script that no other test's template has.</summary>
    protected string Script(string sql, string name = "schema.sql") => _folder.Write(name, $"{sql}\n-- {_folder.Path}");

    protected async Task<ConcurrentTestSettings> SettingsAsync(params string[] template) => new()
    {
        Database = DatabaseEngine.PostgreSql,
        ConnectionString = await servers.PostgreSqlAsync(),
        Template = [.. template],
        RootDirectory = _folder.Path,
        WorkingDirectory = _folder.Path,
        TemporaryDirectory = servers.TemporaryDirectory,
        ServerBinaries = DatabaseServers.PostgreSqlBinaries,
        RetryDelay = TimeSpan.FromMilliseconds(50),
    };

    protected async Task<ConcurrentTestSettings> SettingsAsync(string role, string template) =>
        await SettingsAsync(template) with { ConnectionString = $"{await servers.PostgreSqlAsync()};Username={role}" };

    internal TestDatabases Create(ConcurrentTestSettings settings, string? runId = null) =>
        TestDatabases.Create(settings, runId ?? UniqueName(), Log, TimeProvider.System);

    internal async Task<TestDatabases> PreparedAsync(ConcurrentTestSettings settings, string? runId = null)
    {
        var databases = Create(settings, runId);
        await databases.CheckAsync(CancellationToken);
        await databases.SweepAsync(CancellationToken);
        await databases.PrepareAsync(CancellationToken);
        return databases;
    }

    protected async Task<object?> AdminAsync(string sql) => await QueryAsync(await servers.PostgreSqlAsync() + ";Database=postgres;Pooling=False", sql);

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
        var connection = new NpgsqlConnection($"{await servers.PostgreSqlAsync()};Database={database};Pooling=False");
        await connection.OpenAsync(CancellationToken);
        return connection;
    }
}
