using ConcurrentTesting.Databases.Server;
using Npgsql;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>The role that builds a template: the owner of that database, with only the rights of every user elsewhere. What it has made is
/// given to the given account before the template is sealed, and the role is dropped.</summary>
internal sealed class PostgreSqlTemplateRole(PostgreSqlAdmin admin, PostgreSqlServerFacts facts, Redactor secrets, ILogger logger)
{
    private const int FirstWithGrantsOnSettings = 150000;
    private const int FirstWithOwnPublicSchema = 150000;

    private (long Id, string Owner)? _public;

    /// <summary>The caller finds out which of them have our names and belong to dead runs.</summary>
    public static Task<IReadOnlyList<string>> ListAsync(PostgreSqlAdmin admin, CancellationToken cancellationToken) =>
        admin.QueryAsync(
            @"SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'ct\_r\_%' AND pg_has_role(oid, 'USAGE')", row => row.GetString(0),
            cancellationToken);

    public async Task CreateAsync(TemplateAccount account, CancellationToken cancellationToken)
    {
        // A sweep sees only roles that were granted to us, so role and grant are made in one transaction.
        string[] grants = facts.IsSuperuser ? [] : [$"GRANT {Quote(account.Name)} TO {Quote(facts.User)}"];
        await admin.ExecuteAsync(
            [$"CREATE ROLE {Quote(account.Name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {Literal(account.Password)}", .. grants],
            cancellationToken);
        if (facts.IsSuperuser && facts.Version >= FirstWithGrantsOnSettings)
        {
            // Seed scripts turn constraints off with this setting, which reaches no other database.
            await ChangeSettingsRightsAsync($"GRANT SET ON PARAMETER session_replication_role TO {Quote(account.Name)}", cancellationToken);
        }

        await TakeSettingsAsync(account, cancellationToken);
    }

    /// <returns>Why the role cannot be used here; null where it can.</returns>
    public async Task<string?> TryLogInAsync(TemplateAccount account, string database, CancellationToken cancellationToken)
    {
        try
        {
            await using var session = await admin.OpenSessionAsync(database, cancellationToken, account);
            await using var own = await admin.OpenSessionAsync(database, cancellationToken);
            await TakePublicSchemaAsync(own, account, cancellationToken);
            return null;
        }
        catch (NpgsqlException exception) when (PostgreSqlFaults.Classify(exception) == FaultCause.None)
        {
            return secrets.Redact((exception as PostgresException)?.MessageText ?? exception.Message);
        }
    }

    /// <summary>Gives everything in the database to the given account, then executes the statements that were held back.</summary>
    public async Task HandOverAsync(
        TemplateAccount account, string database, IEnumerable<PostgreSqlHeldStatements.Held> held, CancellationToken cancellationToken)
    {
        await admin.ExecuteAsync($"ALTER ROLE {Quote(account.Name)} NOLOGIN", cancellationToken);
        await RevokeAsync(account.Name, cancellationToken);
        await using var session = await admin.OpenSessionAsync(database, cancellationToken);
        await session.ExecuteAsync(
            $"SET search_path = pg_catalog; SET client_min_messages = error; REASSIGN OWNED BY {Quote(account.Name)} TO {Quote(facts.User)}; DROP OWNED BY {Quote(account.Name)}",
            cancellationToken);
        if (_public is { } schema)
        {
            var isTheSame = await session.QueryAsync(
                "SELECT count(*) FROM pg_namespace WHERE oid::bigint = $1", row => row.GetInt64(0), cancellationToken, schema.Id);
            if (isTheSame is [1])
                await session.ExecuteAsync($"ALTER SCHEMA public OWNER TO {Quote(schema.Owner)}", cancellationToken);
        }

        foreach (var statement in held)
        {
            if (!await statement.ApplyAsync(session, cancellationToken))
            {
                logger.LogWarning(
                    "{Statement} has no effect: its object was renamed or dropped later in the script", statement.Where);
            }
        }
    }

    public async Task DropAsync(string role, CancellationToken cancellationToken)
    {
        await RevokeAsync(role, cancellationToken);
        await admin.ExecuteAsync($"DROP ROLE IF EXISTS {Quote(role)}", cancellationToken);
    }

    private async Task RevokeAsync(string role, CancellationToken cancellationToken)
    {
        if (facts.Version < FirstWithGrantsOnSettings || !facts.IsSuperuser)
            return;
        var exists = await admin.QueryAsync(
            "SELECT count(*) FROM pg_roles WHERE rolname = $1", row => row.GetInt64(0), cancellationToken, role);
        if (exists is [1])
            await ChangeSettingsRightsAsync($"REVOKE SET ON PARAMETER session_replication_role FROM {Quote(role)}", cancellationToken);
    }

    /// <summary>All roles' rights on a setting are in one row, which other runs change too.</summary>
    private async Task ChangeSettingsRightsAsync(string sql, CancellationToken cancellationToken)
    {
        const int MostTries = 10;
        for (var tries = 1; ; tries++)
        {
            try
            {
                await admin.ExecuteAsync(sql, cancellationToken);
                return;
            }
            catch (PostgresException exception) when (tries < MostTries && PostgreSqlFaults.Classify(exception) == FaultCause.Conflict)
            {
                logger.LogDebug("Another run changes rights on the same setting: {Reason}", exception.MessageText);
            }
        }
    }

    /// <summary>The settings of the given account apply to its scripts too.</summary>
    private async Task TakeSettingsAsync(TemplateAccount account, CancellationToken cancellationToken)
    {
        var settings = await admin.QueryAsync(
            "SELECT unnest(rolconfig) FROM pg_roles WHERE rolname = $1", row => row.GetString(0).Split('=', 2), cancellationToken,
            facts.User);
        foreach (var setting in settings)
        {
            try
            {
                await admin.ExecuteAsync(
                    $"ALTER ROLE {Quote(account.Name)} SET {Quote(setting[0])} TO {PostgreSqlDatabaseProperties.Value(setting[0], setting[1])}", cancellationToken);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgreSqlFaults.InsufficientPrivilege)
            {
                logger.LogDebug(
                    "The setting {Setting} of {User} does not apply while templates are built: {Reason}", setting[0], facts.User,
                    exception.MessageText);
            }
        }
    }

    /// <summary>Takes over the schema public, which before PostgreSQL 15 does not belong to its database's owner, whose grants on it would
    /// have no effect.</summary>
    private async Task TakePublicSchemaAsync(NpgsqlConnection session, TemplateAccount account, CancellationToken cancellationToken)
    {
        if (!facts.IsSuperuser || facts.Version >= FirstWithOwnPublicSchema)
            return;
        var found = await session.QueryAsync(
            "SELECT oid::bigint, pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = 'public'",
            row => (row.GetInt64(0), row.GetString(1)),
            cancellationToken);
        if (found is not [var schema])
            return;
        _public = schema;
        await session.ExecuteAsync($"ALTER SCHEMA public OWNER TO {Quote(account.Name)}", cancellationToken);
    }
}
