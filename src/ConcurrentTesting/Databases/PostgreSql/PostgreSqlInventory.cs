using ConcurrentTesting.Databases.Cleaning;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>What of ours is on a PostgreSQL server. A run's databases are in use while its lock is held, a template while it is used or built.</summary>
internal sealed class PostgreSqlInventory(PostgreSqlAdmin admin, Redactor secrets, ILogger logger, TimeProvider time) : ServerInventory
{
    private readonly PostgreSqlSessions _sessions = new(admin, secrets, logger);
    private PostgreSqlLock? _locks;

    public override async ValueTask DisposeAsync()
    {
        if (_locks is not null)
            await _locks.DisposeAsync();
        await admin.DisposeAsync();
    }

    protected override Task<IReadOnlyList<(string Name, long Bytes)>> ListAsync(CancellationToken cancellationToken) =>
        admin.QueryAsync(
            @"SELECT datname::text, pg_database_size(oid) FROM pg_database WHERE datname LIKE 'ct\_%' AND pg_has_role(datdba, 'USAGE') ORDER BY datname",
            row => (Name: row.GetString(0), Bytes: row.GetInt64(1)),
            cancellationToken);

    protected override async Task<bool> DropAsync(OwnDatabase database, CancellationToken cancellationToken)
    {
        if (database.Kind == OwnDatabaseKind.Template)
            await admin.ExecuteAsync($"ALTER DATABASE {Quote(database.Name)} IS_TEMPLATE false", cancellationToken);
        return await _sessions.DropAsync(database.Name, cancellationToken);
    }

    protected override async Task<bool> WithLockAsync(string name, OwnDatabaseName parsed, Func<Task<bool>> action, CancellationToken cancellationToken)
    {
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
