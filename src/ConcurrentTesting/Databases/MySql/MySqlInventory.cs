using System.Collections.Immutable;
using ConcurrentTesting.Databases.Cleaning;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>
/// What of ours is on a MySQL or MariaDB server. A run's databases are in use while its lock is held; a template while its lock is held or a run that lives uses it.
/// </summary>
internal sealed class MySqlInventory(MySqlAdmin admin, ILogger logger, TimeProvider time) : IServerInventory
{
    private readonly MySqlMark _mark = new(admin);
    private readonly MySqlSessions _sessions = new(admin, logger);
    private MySqlLock? _locks;

    public async Task<ImmutableArray<OwnDatabase>> ListOwnAsync(CancellationToken cancellationToken)
    {
        var found = await admin.QueryAsync(
            """
            SELECT s.schema_name, CAST(COALESCE(SUM(t.data_length + t.index_length), 0) AS SIGNED)
            FROM information_schema.schemata s LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name
            WHERE s.schema_name LIKE 'ct\\_%' GROUP BY s.schema_name ORDER BY s.schema_name
            """,
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
            await _mark.RemoveAsync(database.Name, cancellationToken);
        return await _sessions.DropAsync(database.Name, cancellationToken);
    }

    /// <returns>False where a live run holds the lock or uses the template.</returns>
    private async Task<bool> WithLockAsync(string name, OwnDatabaseName parsed, Func<Task<bool>> action, CancellationToken cancellationToken)
    {
        if (parsed.Kind == OwnDatabaseKind.Kept)
            return await action();
        var lockName = parsed.Kind == OwnDatabaseKind.Run ? MySqlLock.OfRun(parsed.Owner) : name;
        _locks ??= await MySqlLock.OpenAsync(admin, time, cancellationToken);
        if (!await _locks.TryAsync(lockName, cancellationToken))
            return false;
        try
        {
            var isUsed = parsed.Kind == OwnDatabaseKind.Template && await _mark.IsInUseAsync(name, cancellationToken);
            return !isUsed && await action();
        }
        finally
        {
            await _locks.ReleaseAsync(lockName, CancellationToken.None);
        }
    }
}
