using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Databases.Servers;
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
    private readonly LogLines _log = new();
    private readonly List<IAsyncDisposable> _started = [];
    private readonly Lazy<Task<string>> _postgreSql;

    public DatabaseServers() => _postgreSql = new Lazy<Task<string>>(StartPostgreSqlAsync);

    /// <summary>The administrator's connection string of a PostgreSQL server that is "somebody's": no engine of a test has started it.</summary>
    public Task<string> PostgreSqlAsync() => _postgreSql.Value;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var started in Enumerable.Reverse(_started))
            await started.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<string> StartPostgreSqlAsync() => await StartAsync(await PostgreSqlProduct.FindAsync(null, CancellationToken.None));

    private async Task<string> StartAsync(PostgreSqlProduct product)
    {
        var settings = new ConcurrentTestSettings { TemporaryDirectory = _folder.Path };
        var account = ServerAccount.Choose("postgres", "mysql", "nobody");
        var servers = new ThrowawayServers(product, account, settings, $"fixture-{Environment.ProcessId}-{product.Name}", _log, TimeProvider.System);
        _started.Add(servers);
        await servers.PrepareAsync("empty", isKept: true, (_, _) => Task.CompletedTask, CancellationToken.None);
        var server = await servers.StartAsync(workers: 1, CancellationToken.None);
        _started.Add(server);
        return server.ConnectionString;
    }
}
