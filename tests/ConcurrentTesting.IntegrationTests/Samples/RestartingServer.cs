using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Databases.Servers;
using ConcurrentTesting.IntegrationTests.Databases;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>A PostgreSQL server of a test's own that can be stopped and started again at the same address, with its data.</summary>
internal sealed class RestartingServer : IAsyncDisposable
{
    private static int _number;

    private readonly IServerProduct _product;
    private readonly ServerAccount _account;
    private readonly ThrowawayServers _servers;
    private ServerProcess _process;

    private RestartingServer(IServerProduct product, ServerAccount account, ThrowawayServers servers, ServerProcess process)
    {
        _product = product;
        _account = account;
        _servers = servers;
        _process = process;
    }

    /// <summary>The administrator's.</summary>
    public string ConnectionString => _process.ConnectionString;

    public static async Task<RestartingServer> StartAsync(DatabaseServers shared, CancellationToken cancellationToken, params string[] arguments)
    {
        var product = new ConfiguredProduct(await PostgreSqlProduct.FindAsync(DatabaseServers.PostgreSqlBinaries, cancellationToken), [.. arguments]);
        var account = ServerAccount.Choose("postgres", "nobody");
        var settings = new ConcurrentTestSettings { TemporaryDirectory = shared.TemporaryDirectory };
        var servers = new ThrowawayServers(product, account, settings, $"restarting-{Environment.ProcessId}-{Interlocked.Increment(ref _number)}", new LogLines(), TimeProvider.System);
        try
        {
            return new RestartingServer(product, account, servers, await servers.StartEmptyAsync(cancellationToken));
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>A fast shutdown, which ends every session, and a start.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        await StopAsync(cancellationToken);
        var data = _process.DataDirectory;
        await _process.DisposeAsync();
        File.Delete(data + ".exit");
        File.Delete(data + ".pid");
        _process = await ServerProcess.StartAsync(_product, _account, Path.GetDirectoryName(data)!, isInMemory: true, new LogLines(), cancellationToken);
    }

    /// <summary>A fast shutdown, for good.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _process.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _servers.DisposeAsync();
    }
}
