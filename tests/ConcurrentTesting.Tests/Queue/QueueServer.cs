using System.Globalization;
using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Databases.Throwaway;
using ConcurrentTesting.Tests.Databases;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace ConcurrentTesting.Tests.Queue;

/// <summary>A PostgreSQL server for the queue's tests, each of which has runs of its own on it.</summary>
public sealed class QueueServer : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ThrowawayServers? _servers;
    private ServerProcess? _process;

    public string ConnectionString => _process!.ConnectionString + ";Database=postgres;Pooling=False";

    public async ValueTask InitializeAsync()
    {
        var product = await PostgreSqlProduct.FindAsync(Environment.GetEnvironmentVariable("TEST_POSTGRESQL_BINARIES") is { Length: > 0 } folder ? folder : null, CancellationToken.None);
        var settings = new ConcurrentTestSettings { TemporaryDirectory = _folder.Path };
        _servers = new ThrowawayServers(product, ServerAccount.Choose(settings, "postgres", "nobody"), settings, $"queue-{Environment.ProcessId}", NullLogger.Instance, TimeProvider.System);
        _process = await _servers.StartEmptyAsync(CancellationToken.None);
    }

    public async Task<long> ScalarAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        if (_servers is not null)
            await _servers.DisposeAsync();
        _folder.Dispose();
    }
}
