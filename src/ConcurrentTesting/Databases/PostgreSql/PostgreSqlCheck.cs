using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using Npgsql;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Asks a server, in one round trip, whether a run can and may use it.</summary>
/// <param name="suspectBytes">A server whose foreign databases have this size in all looks like more than a server for tests.</param>
internal sealed class PostgreSqlCheck(
    PostgreSqlAdmin admin, ConcurrentTestSettings settings, ImmutableArray<TemplateSource> sources, Guards guards,
    long suspectBytes = PostgreSqlCheck.SuspectBytes)
{
    public const long SuspectBytes = 50L << 30;

    private const int OldestVersion = 130000;

    private sealed record Answers(
        PostgreSqlServerFacts Facts,
        bool MayCreate,
        bool IsStandby,
        bool IsReadOnly,
        long Replicas,
        bool Archives,
        long Others,
        int Backend,
        string[] Databases,
        long Bytes);

    /// <exception cref="ConcurrentTestException">
    /// The server is not reachable, too old or refused by a guard, or a right is missing.
    /// </exception>
    public async Task<PostgreSqlServerFacts> RunAsync(CancellationToken cancellationToken)
    {
        await using var session = await ConnectAsync(cancellationToken);
        var answers = await AskAsync(session, cancellationToken);
        ServerChecks.RequireDirectConnection(session.ProcessID, answers.Backend, Address, "the PostgreSQL server");
        RequireVersionAndRights(answers);
        await RequireSourcesAsync(session, answers.Facts, cancellationToken);
        await RequireSettingsAsync(session, cancellationToken);
        await WarnOfOverriddenSettingsAsync(session, answers.Facts.User, cancellationToken);
        Guard(answers);
        return answers.Facts;
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await admin.OpenSessionAsync(PostgreSqlAdmin.AdminDatabase, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgreSqlFaults.InvalidPassword
            or PostgreSqlFaults.InvalidAuthorization)
        {
            throw ServerChecks.RefusedLogin(Server, admin.Username, exception.MessageText, exception);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgreSqlFaults.InvalidCatalogName)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Refused,
                $"{Server} has no database '{PostgreSqlAdmin.AdminDatabase}', in which runs take their locks: CREATE DATABASE postgres",
                exception);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgreSqlFaults.InsufficientPrivilege)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Refused,
                $"the right CONNECT is missing: GRANT CONNECT ON DATABASE {PostgreSqlAdmin.AdminDatabase} TO {PostgreSqlAdmin.Quote(admin.Username ?? "")}",
                exception);
        }
    }

    private static async Task<Answers> AskAsync(NpgsqlConnection session, CancellationToken cancellationToken)
    {
        const string Question =
            $"""
            SELECT {PostgreSqlServerFacts.Columns}, r.rolsuper OR r.rolcreatedb,
                   pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on' AND NOT r.rolsuper,
                   (SELECT count(*) FROM pg_stat_replication), current_setting('archive_mode') <> 'off',
                   (SELECT count(*) FROM pg_stat_activity WHERE datname NOT LIKE 'ct\_%' AND datname <> 'postgres'
                                                            AND pid <> pg_backend_pid() AND usename <> current_user),
                   pg_backend_pid(),
                   (SELECT array_agg(datname::text) FROM pg_database),
                   (SELECT coalesce(sum(pg_database_size(oid)), 0)::bigint FROM pg_database WHERE datname NOT LIKE 'ct\_%' AND has_database_privilege(oid, 'CONNECT'))
            FROM pg_roles r WHERE r.rolname = current_user
            """;
        const int First = PostgreSqlServerFacts.ColumnCount;
        var rows = await session.QueryAsync(
            Question,
            row => new Answers(
                PostgreSqlServerFacts.Read(row),
                row.GetBoolean(First),
                row.GetBoolean(First + 1),
                row.GetBoolean(First + 2),
                row.GetInt64(First + 3),
                row.GetBoolean(First + 4),
                row.GetInt64(First + 5),
                row.GetInt32(First + 6),
                row.GetFieldValue<string[]>(First + 7),
                row.GetInt64(First + 8)),
            cancellationToken);
        return rows[0];
    }

    private string Address => FormattableString.Invariant($"{admin.Host}:{admin.Port}");

    private string Server => $"PostgreSQL at {Address}";

    private void RequireVersionAndRights(Answers answers)
    {
        if (answers.Facts.Version < OldestVersion)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Refused,
                FormattableString.Invariant($"{Server} is version {answers.Facts.Version / 10000}; use 13 or later"));
        }

        if (!answers.MayCreate)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Refused,
                $"the right to create (and drop) databases is missing: ALTER ROLE {PostgreSqlAdmin.Quote(answers.Facts.User)} CREATEDB");
        }
    }

    private async Task RequireSourcesAsync(NpgsqlConnection session, PostgreSqlServerFacts facts, CancellationToken cancellationToken)
    {
        const string Question =
            """
            SELECT datistemplate OR $2 OR pg_has_role(datdba, 'USAGE'), pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = $1
            """;
        foreach (var existing in sources.SelectMany(source => source.Steps).OfType<ExistingDatabaseStep>())
        {
            var rows = await session.QueryAsync(
                Question, row => (MayCopy: row.GetBoolean(0), Owner: row.GetString(1)), cancellationToken, existing.Name,
                facts.IsSuperuser);
            if (rows.Count == 0)
                throw ServerChecks.NoSuchSource(existing, Address);
            if (!rows[0].MayCopy)
            {
                throw new ConcurrentTestException(
                    ConcurrentTestExitCode.Refused,
                    $"the right to copy the database '{existing.Name}' is missing: ALTER DATABASE {PostgreSqlAdmin.Quote(existing.Name)} IS_TEMPLATE true, "
                    + $"or GRANT {PostgreSqlAdmin.Quote(rows[0].Owner)} TO {PostgreSqlAdmin.Quote(facts.User)}");
            }
        }
    }

    private async Task RequireSettingsAsync(NpgsqlConnection session, CancellationToken cancellationToken)
    {
        foreach (var (name, value) in DatabaseSettingList.Parse(settings.DatabaseSettings))
        {
            try
            {
                await session.QueryAsync(
                    "SELECT set_config($1, $2, false)", row => row.GetString(0), cancellationToken, name, value);
            }
            catch (PostgresException exception)
            {
                var code = exception.SqlState == PostgreSqlFaults.InsufficientPrivilege
                    ? ConcurrentTestExitCode.Refused
                    : ConcurrentTestExitCode.BadSettings;
                throw new ConcurrentTestException(code, $"--test-database-settings '{name}={value}': {exception.MessageText}", exception);
            }
        }
    }

    /// <summary>A role's settings come before a database's.</summary>
    private async Task WarnOfOverriddenSettingsAsync(NpgsqlConnection session, string user, CancellationToken cancellationToken)
    {
        var names = DatabaseSettingList.Parse(settings.DatabaseSettings).Select(setting => setting.Name.ToLowerInvariant()).ToArray();
        var overridden = names.Length == 0 ? [] : await session.QueryAsync(
            """
            SELECT name FROM (SELECT split_part(unnest(rolconfig), '=', 1) AS name FROM pg_roles WHERE rolname = current_user) s
            WHERE lower(name) = ANY($1)
            """,
            row => row.GetString(0), cancellationToken, (object)names);
        foreach (var name in overridden)
        {
            guards.Warn(
                $"--test-database-settings {name} does not hold for '{user}', whose own setting comes first: ALTER ROLE {PostgreSqlAdmin.Quote(user)} RESET {name}");
        }
    }

    private void Guard(Answers answers)
    {
        if (answers.IsStandby || answers.IsReadOnly)
        {
            guards.Refuse(
                GuardName.StandbyServer, $"{Server} is {(answers.IsStandby ? "in recovery (a standby)" : "read only")}",
                "use a server for tests");
        }

        if (answers.Replicas > 0)
            guards.Refuse(GuardName.ReplicatedServer, $"{Server} has {Quantity.Of(answers.Replicas, "replica")}", "use a server for tests");
        if (answers.Archives)
            guards.Refuse(GuardName.ArchivingServer, $"{Server} archives its log (archive_mode)", "use a server for tests");
        if (answers.Others > 0)
            guards.Warn($"Others work on {Server} (sessions: {answers.Others}): is it a server for tests?");
        if (answers.Bytes > suspectBytes)
            guards.Warn($"{Server} holds {answers.Bytes >> 20} MiB in databases of others: is it a server for tests?");
        ServerChecks.WarnOfNames(answers.Databases, Server, guards);
    }
}
