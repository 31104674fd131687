using System.Data.Common;

namespace ConcurrentTesting.Databases.Server;

/// <summary>Our own sessions on a server, of which a few are kept in a pool.</summary>
internal abstract class ServerAdmin(DbDataSource pool) : IAsyncDisposable
{
    protected DbDataSource Pool => pool;

    public async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = await pool.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(sql, cancellationToken);
    }

    /// <summary>All rows, read while the connection is held.</summary>
    /// <inheritdoc cref="ServerSessions.QueryAsync"/>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(
        string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var connection = await pool.OpenConnectionAsync(cancellationToken);
        return await connection.QueryAsync(sql, read, cancellationToken, parameters);
    }

    public ValueTask DisposeAsync() => pool.DisposeAsync();
}
