using System.Data.Common;
using System.Globalization;
using ConcurrentTesting.Databases.MySql;
using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Databases.Throwaway;
using ConcurrentTesting.IntegrationTests.Databases;
using MySqlConnector;
using Npgsql;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>A server of a test's own that can be stopped and started again at the same address, with its data.</summary>
internal sealed class RestartingServer : IAsyncDisposable
{
    private static int _number;

    private readonly DatabaseEngine _engine;
    private readonly IServerProduct _product;
    private readonly ServerAccount _account;
    private readonly ThrowawayServers _servers;
    private ServerProcess _process;

    // By database: the server forgets what it counted in one that is dropped.
    private readonly Dictionary<string, long> _commits = [];

    private RestartingServer(DatabaseEngine engine, IServerProduct product, ServerAccount account, ThrowawayServers servers, ServerProcess process)
    {
        _engine = engine;
        _product = product;
        _account = account;
        _servers = servers;
        _process = process;
    }

    /// <summary>The administrator's.</summary>
    public string ConnectionString => _process.ConnectionString;

    public static async Task<RestartingServer> StartAsync(DatabaseServers shared, DatabaseEngine engine, CancellationToken cancellationToken, params string[] arguments)
    {
        IServerProduct found = engine == DatabaseEngine.MySql
            ? await MySqlProduct.FindAsync(DatabaseServers.MySqlBinaries, cancellationToken)
            : await PostgreSqlProduct.FindAsync(DatabaseServers.PostgreSqlBinaries, cancellationToken);
        var product = new ConfiguredProduct(found, [.. arguments]);
        var settings = new ConcurrentTestSettings { TemporaryDirectory = shared.TemporaryDirectory };
        var account = ServerAccount.Choose(settings, "postgres", "mysql", "nobody");
        var servers = new ThrowawayServers(product, account, settings, $"restarting-{Environment.ProcessId}-{Interlocked.Increment(ref _number)}", new LogLines(), TimeProvider.System);
        try
        {
            return new RestartingServer(engine, product, account, servers, await servers.StartEmptyAsync(cancellationToken));
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

    /// <summary>All of its processes say nothing for a while.</summary>
    public async Task FreezeAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var processes = ProcessList.Mentioning(_process.DataDirectory).Select(process => int.Parse(Path.GetFileName(process), CultureInfo.InvariantCulture))
            .SelectMany(process => ProcessTree.Below(process).Prepend(process)).Distinct().ToList();
        foreach (var process in processes)
            await SampleRun.SignalAsync(process, "STOP", cancellationToken);
        await Task.Delay(time, cancellationToken);
        foreach (var process in processes)
            await SampleRun.SignalAsync(process, "CONT", cancellationToken);
    }

    /// <summary>A fast shutdown, for good.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _process.StopAsync(cancellationToken);

    /// <summary>The databases of runs that are there.</summary>
    public Task<long> OwnDatabasesAsync(CancellationToken cancellationToken) => ScalarAsync(
        _engine == DatabaseEngine.MySql
            ? @"SELECT count(*) FROM information_schema.schemata WHERE schema_name LIKE 'ct\\_r\\_%'"
            : @"SELECT count(*) FROM pg_database WHERE datname LIKE 'ct\_r\_%'",
        cancellationToken);

    /// <summary>Until tests have left so many visits in the workers' databases since the server's start.</summary>
    public Task VisitsAsync(SampleRun run, int visits, CancellationToken cancellationToken) => run.UntilAsync(
        async () => visits <= (_engine == DatabaseEngine.MySql
            ? await ScalarAsync(
                "SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status WHERE variable_name = 'COM_INSERT'", cancellationToken)
            : await CommitsAsync(cancellationToken)),
        $"tests had left {visits} visits",
        cancellationToken);

    public async Task<long> ScalarAsync(string sql, CancellationToken cancellationToken)
    {
        await using DbConnection connection = _engine == DatabaseEngine.MySql
            ? new MySqlConnection(ConnectionString + ";Pooling=False")
            : PostgreSql();
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    private NpgsqlConnection PostgreSql() => new(ConnectionString + ";Database=postgres;Pooling=False");

    private async Task<long> CommitsAsync(CancellationToken cancellationToken)
    {
        await using var connection = PostgreSql();
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = @"SELECT datname::text, xact_commit FROM pg_stat_database WHERE datname LIKE 'ct\_r\_%'";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            _commits[reader.GetString(0)] = Math.Max(reader.GetInt64(1), _commits.GetValueOrDefault(reader.GetString(0)));
        return _commits.Values.Sum();
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _servers.DisposeAsync();
    }
}
