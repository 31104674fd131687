using ConcurrentTesting.Databases.Cleaning;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>
/// What of ours is on a MySQL or MariaDB server. A run's databases are in use while its lock is held; a template while its lock is held or a run that lives uses it.
/// </summary>
internal sealed class MySqlInventory(MySqlAdmin admin, Redactor secrets, ILogger logger, TimeProvider time) : ServerInventory
{
    private readonly MySqlMark _mark = new(admin);
    private readonly MySqlSessions _sessions = new(admin, logger);
    private MySqlLock? _locks;

    public override async ValueTask DisposeAsync()
    {
        if (_locks is not null)
            await _locks.DisposeAsync();
        await admin.DisposeAsync();
    }

    protected override Task<IReadOnlyList<(string Name, long Bytes)>> ListAsync(CancellationToken cancellationToken) =>
        admin.QueryAsync(
            """
            SELECT s.schema_name, CAST(COALESCE(SUM(t.data_length + t.index_length), 0) AS SIGNED)
            FROM information_schema.schemata s LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name
            WHERE s.schema_name LIKE 'ct\\_%' GROUP BY s.schema_name ORDER BY s.schema_name
            """,
            row => (Name: row.GetString(0), Bytes: row.GetInt64(1)),
            cancellationToken);

    protected override async Task<bool> DropAsync(OwnDatabase database, CancellationToken cancellationToken)
    {
        if (database.Kind == OwnDatabaseKind.Template)
            await _mark.RemoveAsync(database.Name, cancellationToken);
        return await _sessions.DropAsync(database.Name, cancellationToken);
    }

    protected override Task<IReadOnlyList<string>> ListAccountNamesAsync(CancellationToken cancellationToken) => MySqlTemplateUser.ListAsync(admin, cancellationToken);

    protected override Task<bool> DropAccountAsync(string name, CancellationToken cancellationToken) =>
        new MySqlTemplateUser(admin, secrets, logger).DropAsync(name, cancellationToken);

    protected override async Task<bool> WithLockAsync(string name, OwnDatabaseName parsed, Func<Task<bool>> action, CancellationToken cancellationToken)
    {
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
