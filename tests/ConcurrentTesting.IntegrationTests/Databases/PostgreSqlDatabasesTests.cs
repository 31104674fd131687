using ConcurrentTesting.Databases;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

public sealed class PostgreSqlDatabasesTests(DatabaseServers servers) : IDisposable
{
    private static int _runs;

    private readonly TemporaryFolder _folder = new();
    private readonly LogLines _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_worker_has_a_copy_of_its_own()
    {
        Unique("CREATE TABLE book (id int); INSERT INTO book VALUES (1);");
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));

        var leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => databases.LeaseAsync(worker, CancellationToken)));

        leases.Select(lease => lease.Database).Distinct().Count().ShouldBe(8);
        await QueryAsync(leases[0], "INSERT INTO book VALUES (2) RETURNING id");
        (await QueryAsync(leases[0], "SELECT count(*) FROM book")).ShouldBe(2L);
        (await QueryAsync(leases[1], "SELECT count(*) FROM book")).ShouldBe(1L);
    }

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>A script that no other test's template has.</summary>
    private string Unique(string sql) => _folder.Write("schema.sql", $"-- {_folder.Path}\n{sql}");

    private async Task<ConcurrentTestSettings> SettingsAsync(params string[] template) => new()
    {
        Database = DatabaseEngine.PostgreSql,
        ConnectionString = await servers.PostgreSqlAsync(),
        Template = [.. template],
        RootDirectory = _folder.Path,
        WorkingDirectory = _folder.Path,
        TemporaryDirectory = Path.Combine(_folder.Path, "temp"),
        RetryDelay = TimeSpan.FromMilliseconds(50),
    };

    private async Task<TestDatabases> PreparedAsync(ConcurrentTestSettings settings)
    {
        var databases = TestDatabases.Create(settings, $"it{Environment.ProcessId}x{Interlocked.Increment(ref _runs)}", _log, TimeProvider.System);
        await databases.CheckAsync(CancellationToken);
        await databases.SweepAsync(CancellationToken);
        await databases.PrepareAsync(CancellationToken);
        return databases;
    }

    private static async Task<object?> QueryAsync(DatabaseLease lease, string sql)
    {
        await using var connection = new NpgsqlConnection(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"] + ";Pooling=False");
        await connection.OpenAsync(CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(CancellationToken);
    }
}
