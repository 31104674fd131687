using System.Collections.Frozen;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using MySqlConnector;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Asks a server, in one round trip, whether a run can and may use it.</summary>
internal sealed class MySqlCheck(MySqlAdmin admin, ServerContext context)
{
    private readonly ConcurrentTestSettings _settings = context.Settings;
    private readonly Guards _guards = context.Guards;

    private static readonly Version OldestMariaDb = new(10, 6);
    private static readonly Version OldestMySql = new(8, 0);

    /// <summary>The rights that building templates and using clones takes. <c>GRANT ALL</c> gives all of them.</summary>
    private static readonly string[] RightsOnOurs =
    [
        "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES", "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE VIEW", "SHOW VIEW",
        "CREATE ROUTINE", "ALTER ROUTINE",
        "EXECUTE", "TRIGGER", "EVENT",
    ];

    private static readonly string[] RightsOnSource = ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT"];

    private static readonly string[] RightsToDefine = ["SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER"];

    private sealed record Answers(
        MySqlServerFacts Facts,
        int Session,
        FrozenDictionary<string, string> Variables,
        MySqlRights Rights,
        int Replicas,
        bool Replicates,
        int Others,
        string[] Databases)
    {
        public bool IsOn(string variable) => MySqlCheck.IsOn(Variables, variable);
    }

    /// <exception cref="ConcurrentTestException">
    /// The server is not reachable, too old or refused by a guard, or a right is missing.
    /// </exception>
    public async Task<MySqlServerFacts> RunAsync(CancellationToken cancellationToken)
    {
        await using var session = await ConnectAsync(cancellationToken);
        var answers = await AskAsync(session, cancellationToken);
        ServerChecks.RequireDirectConnection(session.ServerThread, answers.Session, Server, "the server");
        RequireVersion(answers.Facts);
        RequireRights(answers);
        RequireSources(answers);
        Guard(answers);
        await ApplySettingsAsync(session, cancellationToken);
        return answers.Facts;
    }

    private string Server =>
        admin.Host.StartsWith('/') ? admin.Host : string.Create(CultureInfo.InvariantCulture, $"{admin.Host}:{admin.Port}");

    private async Task<MySqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await admin.OpenPlainSessionAsync("", cancellationToken);
        }
        catch (MySqlException exception) when (exception.Number is MySqlFaults.AccessDenied or MySqlFaults.AccessDeniedNoPassword)
        {
            throw ServerChecks.RefusedLogin($"MySQL at {Server}", admin.Username, exception.Message, exception);
        }
    }

    private static async Task<Answers> AskAsync(MySqlConnection session, CancellationToken cancellationToken)
    {
        const string Question =
            """
            SELECT VERSION(), CURRENT_USER(), CONNECTION_ID(), COALESCE(CURRENT_ROLE(), 'NONE');
            SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', 'wsrep_on', 'group_replication_group_name', 'collation_server', 'userstat',
                'performance_schema');
            SHOW GLOBAL STATUS WHERE Variable_name IN ('Slaves_connected', 'Slaves_running', 'wsrep_cluster_size');
            SELECT schema_name, '' FROM information_schema.schemata;
            SHOW GRANTS;
            SHOW PROCESSLIST
            """;
        var results = await session.QueryAllAsync(
            Question, (_, row) =>
                Enumerable.Range(0, row.FieldCount).Select(column => row.GetValue(column).ToString() ?? "").ToArray(), cancellationToken);
        var (version, user, id, roles) =
            (results[0][0][0], results[0][0][1], int.Parse(results[0][0][2], CultureInfo.InvariantCulture), results[0][0][3]);
        var variables = results[1].Concat(results[2]).ToFrozenDictionary(row => row[0], row => row[1], StringComparer.OrdinalIgnoreCase);
        var isMariaDb = version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);
        var grants = isMariaDb || roles == "NONE" ? results[4] : await WithRolesAsync(session, roles, cancellationToken);
        var rights = MySqlRights.Parse(grants.Select(row => row[0]));
        // The columns are Id, User, Host, db, Command …
        var sessions = results[5].Where(row => row[0] != results[0][0][2] && row[1] is not ("system user" or "event_scheduler")).ToArray();
        var replicas = sessions.Count(row => row[4].StartsWith("Binlog Dump", StringComparison.OrdinalIgnoreCase));
        return new Answers(
            new MySqlServerFacts(
                version,
                user,
                variables.GetValueOrDefault("collation_server", ""),
                RightsToDefine.Any(rights.Has),
                rights.Has("CREATE USER"),
                StatisticsOf(variables, rights)),
            id,
            variables,
            rights,
            Math.Max(replicas, int.Parse(variables.GetValueOrDefault("Slaves_connected", "0"), CultureInfo.InvariantCulture)),
            IsOn(variables, "Slaves_running") || !isMariaDb && await ReplicatesAsync(session, cancellationToken),
            sessions.Count(row => row[1] != user.Split('@')[0] && !row[3].StartsWith(OwnDatabaseName.Prefix, StringComparison.Ordinal)),
            [.. results[3].Select(row => row[0])]);
    }

    /// <summary>MySQL 8 has no status variable for it. Not every user may read the table that says so.</summary>
    private static async Task<bool> ReplicatesAsync(MySqlConnection session, CancellationToken cancellationToken)
    {
        const string Question = "SELECT COUNT(*) FROM performance_schema.replication_connection_status WHERE service_state = 'ON'";
        try
        {
            return await session.QueryAsync(Question, row => row.GetInt64(0), cancellationToken) is not [0];
        }
        catch (MySqlException exception) when (MySqlFaults.IsDenied(exception) || MySqlFaults.IsNotThere(exception))
        {
            return false;
        }
    }

    private static bool IsOn(FrozenDictionary<string, string> variables, string name) =>
        variables.GetValueOrDefault(name, "OFF") is not ("OFF" or "0" or "" or "NO");

    private static MySqlStatisticsSource? StatisticsOf(FrozenDictionary<string, string> variables, MySqlRights rights)
    {
        if (IsOn(variables, "userstat"))
            return MySqlStatisticsSource.UserStatistics;
        var isReadable = IsOn(variables, "performance_schema")
            && rights.Has("SELECT", "performance_schema", "table_io_waits_summary_by_table");
        return isReadable ? MySqlStatisticsSource.PerformanceSchema : null;
    }

    /// <summary>MySQL shows what a role gives only when it is asked for the role.</summary>
    private static async Task<IReadOnlyList<string[]>> WithRolesAsync(
        MySqlConnection session, string roles, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            $"SHOW GRANTS FOR CURRENT_USER() USING {roles}", row => new[] { row.GetString(0) }, cancellationToken);

    private void RequireVersion(MySqlServerFacts facts)
    {
        var oldest = facts.IsMariaDb ? OldestMariaDb : OldestMySql;
        if (facts.Number >= oldest)
            return;
        throw new ConcurrentTestException(
            ConcurrentTestExitCode.Refused, $"{facts.Product} at {Server} is version {facts.Version}; use {oldest} or later");
    }

    private void RequireRights(Answers answers)
    {
        string[] names = _settings.TemplateCache
            ? [OwnDatabaseName.OfRun(context.RunId, "w").ToString(), OwnDatabaseName.OfTemplate("0123456789abcdef", "t").ToString()]
            : [OwnDatabaseName.OfRun(context.RunId, "w").ToString()];
        Require(answers, RightsOnOurs.Where(
            right => !names.All(name => answers.Rights.Has(right, name))), @"`ct\_%`.*", "on our own databases");
    }

    private void RequireSources(Answers answers)
    {
        foreach (var existing in context.Sources.SelectMany(source => source.Steps).OfType<ExistingDatabaseStep>())
        {
            var name = MySqlAdmin.Quote(existing.Name);
            Require(answers, RightsOnSource.Where(
                right => !answers.Rights.Has(right, existing.Name)), $"{name}.*", $"on the database '{existing.Name}'");
            if (!answers.Databases.Contains(existing.Name, StringComparer.Ordinal))
                throw ServerChecks.NoSuchSource(existing, Server);
            RequireRoutines(answers, existing.Name);
        }
    }

    /// <summary>Without this right the server silently shows no routines, or routines without their text.</summary>
    private static void RequireRoutines(Answers answers, string database)
    {
        if (answers.Facts.IsMariaDb)
        {
            if (!answers.Rights.Has("SELECT", "mysql", "proc") && !answers.Rights.Has("SHOW CREATE ROUTINE", database))
                Require(answers, ["SELECT"], "`mysql`.`proc`", "to read routines");
        }
        else if (!answers.Rights.Has("SHOW_ROUTINE") && !answers.Rights.Has("SELECT"))
        {
            Require(answers, ["SHOW_ROUTINE"], "*.*", "to read routines");
        }
    }

    private static void Require(Answers answers, IEnumerable<string> missing, string on, string where)
    {
        if (missing.ToArray() is not { Length: > 0 } rights)
            return;
        var user = MySqlText.QuotedDefiner(answers.Facts.User);
        throw new ConcurrentTestException(
            ConcurrentTestExitCode.Refused,
            $"the right{(rights.Length > 1 ? "s" : "")} {string.Join(", ", rights)} {where} {(rights.Length > 1 ? "are" : "is")} missing: "
            + $"GRANT {(rights.Length == RightsOnOurs.Length ? "ALL" : string.Join(", ", rights))} ON {on} TO {user}");
    }

    private void Guard(Answers answers)
    {
        var product = $"{answers.Facts.Product} at {Server}";
        if (answers.IsOn("read_only") || answers.IsOn("super_read_only"))
            _guards.Refuse(GuardName.StandbyServer, $"{product} is read only", "use a server for tests");
        if (answers.Replicates)
            _guards.Refuse(GuardName.StandbyServer, $"{product} replicates from another server", "use a server for tests");
        if (answers.Replicas > 0)
        {
            _guards.Refuse(
                GuardName.ReplicatedServer, $"{product} has {Quantity.Of(answers.Replicas, "replica")}", "use a server for tests");
        }

        if (answers.IsOn("wsrep_on") || answers.IsOn("group_replication_group_name"))
        {
            _guards.Refuse(
                GuardName.ReplicatedServer, $"{product} is part of a cluster, whose servers do not share locks", "use a server for tests");
        }

        if (answers.Others > 0)
            _guards.Warn($"Others work on {product} (sessions: {answers.Others}): is it a server for tests?");
        ServerChecks.WarnOfNames(answers.Databases, product, _guards);
    }

    /// <summary>MySQL has no settings of one database, so only a server of our own can be given any: for everybody.</summary>
    private async Task ApplySettingsAsync(MySqlConnection session, CancellationToken cancellationToken)
    {
        foreach (var (name, value) in DatabaseSettingList.Parse(_settings.DatabaseSettings))
        {
            if (!context.IsOurs)
            {
                throw new ConcurrentTestException(
                    ConcurrentTestExitCode.BadSettings,
                    $"--test-database-settings '{name}={value}': MySQL has no settings of single databases, and a server that is not the run's own stays as it is; leave "
                    + "--test-connection-string out for a throwaway server, or set it in the application's sessions");
            }

            try
            {
                var literal = decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
                    ? value
                    : MySqlAdmin.Literal(value);
                await session.ExecuteAsync($"SET GLOBAL {MySqlAdmin.Quote(name)} = {literal}", cancellationToken);
            }
            catch (MySqlException exception)
            {
                throw new ConcurrentTestException(
                    ConcurrentTestExitCode.BadSettings, $"--test-database-settings '{name}={value}': {exception.Message}", exception);
            }
        }
    }
}
