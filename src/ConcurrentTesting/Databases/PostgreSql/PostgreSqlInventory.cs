using ConcurrentTesting.Databases.Cleaning;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>What of ours is on a PostgreSQL server. A run's databases are in use while its lock is held, a template while it is used or built.</summary>
internal sealed class PostgreSqlInventory(PostgreSqlAdmin admin, Redactor secrets, ILogger logger, TimeProvider time) : ServerInventory
{
    private readonly PostgreSqlSessions _sessions = new(admin, secrets, logger);
    private PostgreSqlLock? _locks;
    private PostgreSqlServerFacts? _facts;

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

    protected override async Task<IReadOnlyList<string>> ListAccountNamesAsync(CancellationToken cancellationToken) =>
        (await FactsAsync(cancellationToken)).MayMakeRoles ? await PostgreSqlTemplateRole.ListAsync(admin, cancellationToken) : [];

    // What it owns is a half-built template, which another run may have begun to build anew.
    protected override async Task<bool> DropAccountAsync(string name, CancellationToken cancellationToken) =>
        await new PostgreSqlTemplateRole(admin, await FactsAsync(cancellationToken), _sessions, secrets, logger).DropAsync(
            name, cancellationToken, (database, drop) => WithLockAsync(database, OwnDatabaseName.Parse(database)!, drop, cancellationToken));

    private async Task<PostgreSqlServerFacts> FactsAsync(CancellationToken cancellationToken) => _facts ??= (await admin.QueryAsync(
        "SELECT current_setting('server_version_num')::int, current_user::text, rolsuper, rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user",
        row => new PostgreSqlServerFacts(row.GetInt32(0), row.GetString(1), row.GetBoolean(2), row.GetBoolean(3), Collation: ""),
        cancellationToken))[0];

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
