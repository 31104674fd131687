using System.Collections.Immutable;
using ConcurrentTesting.Databases.Cleaning;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>What of ours is on a PostgreSQL server. A run's databases are in use while its lock is held, a template while it is used or built.</summary>
internal sealed class PostgreSqlInventory(PostgreSqlAdmin admin, TimeProvider time) : IServerInventory
{
    private PostgreSqlLock? _locks;

    public async Task<ImmutableArray<OwnDatabase>> ListOwnAsync(CancellationToken cancellationToken)
    {
        var found = await admin.QueryAsync(
            @"SELECT datname::text, pg_database_size(oid) FROM pg_database WHERE datname LIKE 'ct\_%' AND pg_has_role(datdba, 'USAGE') ORDER BY datname",
            row => (Name: row.GetString(0), Bytes: row.GetInt64(1)),
            cancellationToken);
        var own = ImmutableArray.CreateBuilder<OwnDatabase>();
        foreach (var (name, bytes) in found)
        {
            if (OwnDatabaseName.Parse(name) is { } parsed)
                own.Add(new OwnDatabase(name, parsed.Kind, !await WithLockAsync(name, parsed, () => Task.FromResult(true), cancellationToken), bytes));
        }

        return own.ToImmutable();
    }

    public async Task<bool> RemoveOwnAsync(OwnDatabase database, CancellationToken cancellationToken)
    {
        var parsed = OwnDatabaseName.Parse(database.Name) ?? throw new InvalidOperationException($"{database.Name} is not a database of ours");
        return await WithLockAsync(database.Name, parsed, () => DropAsync(database, cancellationToken), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_locks is not null)
            await _locks.DisposeAsync();
        await admin.DisposeAsync();
    }

    private async Task<bool> DropAsync(OwnDatabase database, CancellationToken cancellationToken)
    {
        if (database.Kind == OwnDatabaseKind.Template)
            await admin.ExecuteAsync($"ALTER DATABASE {Quote(database.Name)} IS_TEMPLATE false", cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(PostgreSqlEngine.DropLimit);
        await admin.ExecuteAsync($"DROP DATABASE IF EXISTS {Quote(database.Name)} WITH (FORCE)", limit.Token);
        return true;
    }

    /// <returns>False where a live run holds the lock.</returns>
    private async Task<bool> WithLockAsync(string name, OwnDatabaseName parsed, Func<Task<bool>> action, CancellationToken cancellationToken)
    {
        if (parsed.Kind == OwnDatabaseKind.Kept)
            return await action();
        var key = parsed.Kind == OwnDatabaseKind.Run ? PostgreSqlLock.Key.OfRun(parsed.Owner) : PostgreSqlLock.Key.OfTemplate(name);
        _locks ??= await PostgreSqlLock.OpenAsync(admin, time, cancellationToken);
        if (!await _locks.TryExclusiveAsync(key, cancellationToken))
            return false;
        try
        {
            return await action();
        }
        finally
        {
            await _locks.ReleaseExclusiveAsync(key, CancellationToken.None);
        }
    }
}
