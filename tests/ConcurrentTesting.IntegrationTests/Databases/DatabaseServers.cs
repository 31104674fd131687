using ConcurrentTesting.Databases.MySql;
using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Databases.Throwaway;
using ConcurrentTesting.IntegrationTests.Databases;
using Xunit;

[assembly: AssemblyFixture(typeof(DatabaseServers))]

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>
/// Real servers for all tests of the assembly, started when first asked for. A server whose programs are not installed fails the tests that need it, with the
/// words that a user would read.
/// </summary>
public sealed class DatabaseServers : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<IAsyncDisposable> _started = [];
    private readonly Lazy<Task<string>> _postgreSql;
    private readonly Lazy<Task<string>> _mySql;

    public DatabaseServers()
    {
        _postgreSql = new Lazy<Task<string>>(() => StartPostgreSqlAsync());
        _mySql = new Lazy<Task<string>>(() => StartMySqlAsync());
    }

    /// <summary>The administrator's connection string of a PostgreSQL server that is "somebody's": no engine of a test has started it.</summary>
    public Task<string> PostgreSqlAsync() => _postgreSql.Value;

    /// <summary>
    /// The folder of the PostgreSQL programs that the tests are for, from <c>TEST_POSTGRESQL_BINARIES</c>, so that the same tests run on several versions; null: what is
    /// installed.
    /// </summary>
    public static string? PostgreSqlBinaries => Environment.GetEnvironmentVariable("TEST_POSTGRESQL_BINARIES") is { Length: > 0 } folder ? folder : null;

    /// <summary>The administrator's connection string of a MariaDB or MySQL server that is "somebody's".</summary>
    public Task<string> MySqlAsync() => _mySql.Value;

    /// <summary>The folder of the MariaDB or MySQL programs that the tests are for, from <c>TEST_MYSQL_BINARIES</c>; null: what is installed.</summary>
    public static string? MySqlBinaries => Environment.GetEnvironmentVariable("TEST_MYSQL_BINARIES") is { Length: > 0 } folder ? folder : null;

    /// <summary>Where all tests together keep a server's ready data directory, which takes its time to make.</summary>
    public string TemporaryDirectory => _folder.Path;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var started in Enumerable.Reverse(_started))
            await started.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>A PostgreSQL server of a test's own, with arguments of its own; it ends with the result.</summary>
    internal async Task<OwnServer> StartPostgreSqlAsync(string[] arguments, params string[] files) =>
        await OwnServer.StartAsync(TemporaryDirectory, new ConfiguredProduct(await PostgreSqlProduct.FindAsync(PostgreSqlBinaries, CancellationToken.None), [.. arguments], files));

    /// <summary>A MariaDB or MySQL server of a test's own, with arguments of its own.</summary>
    internal async Task<OwnServer> StartMySqlAsync(string[] arguments) =>
        await OwnServer.StartAsync(TemporaryDirectory, new ConfiguredProduct(await MySqlProduct.FindAsync(MySqlBinaries, CancellationToken.None), [.. arguments]));

    private async Task<string> StartMySqlAsync()
    {
        // Databases of a server that nobody set up for tests are in whatever character set.
        var server = await StartMySqlAsync(["--character-set-server=latin1", "--event-scheduler=ON"]);
        lock (_started)
            _started.Add(server);
        return server.ConnectionString;
    }

    private async Task<string> StartPostgreSqlAsync()
    {
        var server = await StartPostgreSqlAsync(["-c", "max_prepared_transactions=10"]);
        lock (_started)
            _started.Add(server);
        return server.ConnectionString;
    }
}

/// <summary>A server, and the folder behind it.</summary>
internal sealed class OwnServer(ThrowawayServers servers, ServerProcess process) : IAsyncDisposable
{
    private static int _number;

    public string ConnectionString => process.ConnectionString;

    public static async Task<OwnServer> StartAsync(string temporaryDirectory, IServerProduct product)
    {
        var settings = new ConcurrentTestSettings { TemporaryDirectory = temporaryDirectory };
        var account = ServerAccount.Choose(settings, "postgres", "mysql", "nobody");
        var run = $"own-{Environment.ProcessId}-{Interlocked.Increment(ref _number)}";
        var servers = new ThrowawayServers(product, account, settings, run, new LogLines(), TimeProvider.System);
        try
        {
            return new OwnServer(servers, await servers.StartEmptyAsync(CancellationToken.None));
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        await servers.DisposeAsync();
    }
}
