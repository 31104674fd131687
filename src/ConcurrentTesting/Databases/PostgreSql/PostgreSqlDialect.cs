using System.Data.Common;
using System.Collections.Concurrent;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using Npgsql;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>PostgreSQL's words: templates are sealed databases whose comment says when they were used last, clones <c>CREATE DATABASE …
/// TEMPLATE</c>, locks advisory ones.</summary>
internal sealed class PostgreSqlDialect(PostgreSqlAdmin admin, ServerContext context) : IServerDialect
{
    // A drop that was interrupted leaves a database that may only be dropped again, with a limit of -2 (PostgreSQL 16).
    private const string IsSealed = "NOT datallowconn AND datistemplate AND datconnlimit <> -2";

    private const int FirstWithCollationVersions = 150000;

    private const string CommentBegin = "ConcurrentTest template, last used ";

    private readonly PostgreSqlSessions _sessions = new(admin);
    private readonly PostgreSqlObstacles _obstacles = new(admin, context.Logger);
    private readonly ConcurrentDictionary<string, PostgreSqlDatabaseProperties> _properties = new();

    /// <summary>The server's own id of each clone.</summary>
    private readonly ConcurrentDictionary<string, uint> _ids = new();
    private PostgreSqlServerFacts? _facts;

    public string Name => "postgresql";

    public string Host => admin.Host;

    public string Address => FormattableString.Invariant($"{admin.Host}:{admin.Port}");

    // A clone waits for checkpoints as long as it copies, so twice the cores are kept busy.
    public int MostClones => Math.Max(2, 2 * Environment.ProcessorCount);

    public async Task<ServerFacts> CheckAsync(CancellationToken cancellationToken)
    {
        _facts = await new PostgreSqlCheck(admin, context.Settings, context.Sources, context.Guards).RunAsync(cancellationToken);
        var version = _facts.Version.ToString(CultureInfo.InvariantCulture);
        return new ServerFacts(
            $"PostgreSQL {version}",
            FormattableString.Invariant($"PostgreSQL {_facts.Version / 10000}"),
            _facts.User,
            _facts.MayMakeRoles,
            [version, _facts.User, _facts.Collation, .. admin.SessionSettings, .. await ReadInfluencesAsync(cancellationToken)]);
    }

    /// <summary>What a template takes from the server: the settings of who builds it, and the versions of its extensions and of its
    /// collation.</summary>
    private async Task<IReadOnlyList<string>> ReadInfluencesAsync(CancellationToken cancellationToken)
    {
        var settings = await admin.QueryAsync(
            "SELECT unnest(rolconfig) FROM pg_roles WHERE rolname = current_user ORDER BY 1", row => row.GetString(0), cancellationToken);
        string[] names = [.. context.Settings.TemplateExtensions];
        var versions = names.Length == 0 ? [] : await admin.QueryAsync(
            "SELECT concat_ws(' ', name, default_version) FROM pg_available_extensions WHERE name = ANY($1) ORDER BY 1",
            row => row.GetString(0),
            cancellationToken,
            (object)names);
        return [.. settings, .. names, .. versions, .. await ReadCollationAsync(cancellationToken)];
    }

    /// <summary>A template whose collation was of another version, before an update of the system's libraries, cannot be cloned any
    /// more.</summary>
    private async Task<IReadOnlyList<string>> ReadCollationAsync(CancellationToken cancellationToken) =>
        _facts!.Version < FirstWithCollationVersions ? [] : await admin.QueryAsync(
            """
            SELECT concat_ws(' ', datlocprovider, to_jsonb(d)->>'daticulocale', to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticurules',
                             pg_database_collation_actual_version(oid))
            FROM pg_database d WHERE datname = 'template0'
            """,
            row => row.GetString(0),
            cancellationToken);

    public async Task<int> ReadConnectionLimitAsync(CancellationToken cancellationToken)
    {
        const string Question =
            """
            SELECT least(current_setting('max_connections')::int
                             - CASE WHEN r.rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::int END
                             - (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend'),
                         nullif(r.rolconnlimit, -1))
            FROM pg_roles r WHERE r.rolname = current_user
            """;
        return (await admin.QueryAsync(Question, row => row.GetInt32(0), cancellationToken))[0];
    }

    public async Task<TimeSpan> ReadUptimeAsync(CancellationToken cancellationToken) => (await admin.QueryAsync(
        "SELECT clock_timestamp() - pg_postmaster_start_time()", row => row.GetFieldValue<TimeSpan>(0), cancellationToken))[0];

    public FaultCause Classify(Exception exception) => PostgreSqlFaults.Classify(exception);

    public string Describe(Exception exception) => (exception as PostgresException)?.MessageText ?? exception.Message;

    public ConnectionValues ConnectionTo(string database, TemplateAccount? account = null) => admin.ConnectionTo(database, account);

    public async Task<ILockSession> OpenLockSessionAsync(CancellationToken cancellationToken) =>
        await PostgreSqlLockSession.OpenAsync(admin, cancellationToken);

    public Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken) =>
        admin.QueryAsync("SELECT datname::text FROM pg_database", row => row.GetString(0), cancellationToken);

    public Task<IReadOnlyList<string>> ListOwnAsync(string prefix, CancellationToken cancellationToken) =>
        admin.QueryAsync(
            "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, $1) AND pg_has_role(datdba, 'USAGE') ORDER BY datname",
            row => row.GetString(0),
            cancellationToken,
            prefix);

    public async Task<long> SizeOfAsync(string database, CancellationToken cancellationToken) =>
        await admin.QueryAsync(
            "SELECT coalesce(pg_database_size(oid), 0) FROM pg_database WHERE datname = $1",
            row => row.GetInt64(0),
            cancellationToken,
            database) is [var bytes] ? bytes : 0;

    public async Task<bool> TryDropAsync(string database, CancellationToken cancellationToken)
    {
        try
        {
            await admin.ExecuteAsync($"DROP DATABASE IF EXISTS {Quote(database)} WITH (FORCE)", cancellationToken);
            return true;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgreSqlFaults.ObjectInUse)
        {
            context.Logger.LogDebug("{Database} cannot be dropped yet: {Reason}", database, exception.MessageText);
            await _obstacles.RemoveAsync(database, cancellationToken);
            return false;
        }
    }

    public Task<int> EndSessionsAsync(string database, CancellationToken cancellationToken) =>
        _sessions.EndAsync(database, cancellationToken);

    public ITemplateWork Build(TemplateSource source, string name) =>
        new PostgreSqlTemplateWork(admin, _facts!, _sessions, context, source, name, Strategy());

    public async Task<CachedTemplate?> FindTemplateAsync(string name, CancellationToken cancellationToken) =>
        await admin.QueryAsync(
            $"SELECT datname::text, {IsSealed}, shobj_description(oid, 'pg_database'), 0::bigint FROM pg_database WHERE datname = $1",
            Template,
            cancellationToken,
            name) is [var found]
            ? found
            : null;

    public async Task<IReadOnlyList<CachedTemplate>> ListTemplatesAsync(CancellationToken cancellationToken) =>
    [
        .. (await admin.QueryAsync(
            $"""
            SELECT datname::text, {IsSealed}, shobj_description(oid, 'pg_database'), coalesce(pg_database_size(oid), 0)
            FROM pg_database WHERE datname LIKE 'ct\_t\_%' AND pg_has_role(datdba, 'USAGE')
            """,
            Template,
            cancellationToken))
        .Where(template => OwnDatabaseName.Parse(template.Name) is { Kind: OwnDatabaseKind.Template }),
    ];

    public Task TouchAsync(string template, DateTimeOffset now, CancellationToken cancellationToken) =>
        admin.ExecuteAsync(
            $"COMMENT ON DATABASE {Quote(template)} IS {Literal(CommentBegin + now.ToString("u", CultureInfo.InvariantCulture))}",
            cancellationToken);

    public async Task UnsealAsync(string template, CancellationToken cancellationToken)
    {
        var isInvalid = await admin.QueryAsync(
            "SELECT datconnlimit = -2 FROM pg_database WHERE datname = $1", row => row.GetBoolean(0), cancellationToken, template);
        // The server lets nobody alter what an interrupted drop has left, and drops it all the same.
        if (isInvalid is [false])
            await admin.ExecuteAsync($"ALTER DATABASE {Quote(template)} IS_TEMPLATE false", cancellationToken);
    }

    public async Task LearnAsync(string template, CancellationToken cancellationToken) =>
        _properties[template] = await PostgreSqlDatabaseProperties.ReadAsync(admin, template, cancellationToken);

    public async Task CloneAsync(string template, string clone, CancellationToken cancellationToken)
    {
        var properties = _properties[template];
        try
        {
            await admin.ExecuteAsync(
                $"CREATE DATABASE {Quote(clone)} TEMPLATE {Quote(template)} OWNER {Quote(properties.Owner)}{Strategy()}",
                cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgreSqlFaults.ObjectInUse)
        {
            var inside = await _sessions.DescribeAsync(template, cancellationToken);
            context.Logger.LogWarning(
                "The template {Template} cannot be copied while a session is inside it: {Sessions}", template, string.Join("; ", inside));
            throw;
        }

        var values = DatabaseSettingList.Parse(context.Settings.DatabaseSettings)
            .Select(setting => $"ALTER DATABASE {Quote(clone)} SET {Quote(setting.Name)} TO {PostgreSqlDatabaseProperties.Value(setting.Name, setting.Value)}");
        await admin.ExecuteAsync([.. properties.StatementsFor(clone), .. values], cancellationToken);
    }

    public async Task<DatabaseState> ProbeAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var found = await admin.QueryAsync(
            "SELECT oid, datallowconn, datconnlimit = -2 FROM pg_database WHERE datname = $1",
            row => (Id: row.GetFieldValue<uint>(0), IsUsable: row.GetBoolean(1), IsBeingDropped: row.GetBoolean(2)),
            cancellationToken,
            clone.Name);
        if (found is [] or [{ IsBeingDropped: true }])
            return DatabaseState.Dropped;
        if (!found[0].IsUsable)
            throw new InvalidOperationException($"the database {clone.Name} is not usable any more");
        return _ids.GetOrAdd(clone.Name, found[0].Id) == found[0].Id ? DatabaseState.Own : DatabaseState.Replaced;
    }

    public Task<DatabaseStatistics?> ReadStatisticsAsync(DatabaseClone clone, CancellationToken cancellationToken) =>
        PostgreSqlStatistics.ReadAsync(admin, _sessions, _facts!.Version, clone.Name, cancellationToken);

    public async Task<bool> MoveAsync(string clone, string name, CancellationToken cancellationToken)
    {
        // The server itself waits up to 5 s for sessions that are about to leave.
        await admin.ExecuteAsync($"ALTER DATABASE {Quote(clone)} RENAME TO {Quote(name)}", cancellationToken);
        return true;
    }

    public async Task<string> HowToOpenAsync(string database, CancellationToken cancellationToken)
    {
        // A kept server of our own is opened by its socket, wherever it listened before.
        var (host, port) = (admin.Host, admin.Port);
        if (context.IsOurs)
        {
            host = (await admin.QueryAsync("SHOW unix_socket_directories", row => row.GetString(0), cancellationToken))[0];
            port = PostgreSqlProduct.Port;
        }

        return FormattableString.Invariant($"psql -h {host} -p {port} -U {admin.Username} {database}");
    }

    public void Forget(string clone) => _ids.TryRemove(clone, out _);

    public async Task<IReadOnlyList<string>> ListAccountsAsync(CancellationToken cancellationToken) =>
        (await FactsAsync(cancellationToken)).MayMakeRoles ? await PostgreSqlTemplateRole.ListAsync(admin, cancellationToken) : [];

    public Task<IReadOnlyList<string>> ListOwnedAsync(string account, CancellationToken cancellationToken) =>
        admin.QueryAsync(
            "SELECT d.datname::text FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = $1",
            row => row.GetString(0),
            cancellationToken,
            account);

    public async Task DropAccountAsync(string account, CancellationToken cancellationToken) =>
        await new PostgreSqlTemplateRole(admin, await FactsAsync(cancellationToken), context.Secrets, context.Logger)
            .DropAsync(account, cancellationToken);

    public ValueTask DisposeAsync() => admin.DisposeAsync();

    private static CachedTemplate Template(DbDataReader row)
    {
        var comment = row.IsDBNull(2) ? "" : row.GetString(2);
        var isDated = DateTimeOffset.TryParseExact(
            comment.Replace(CommentBegin, "", StringComparison.Ordinal),
            "u",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var lastUsed);
        return new CachedTemplate(row.GetString(0), row.GetBoolean(1), isDated ? lastUsed : DateTimeOffset.MinValue, row.GetInt64(3));
    }

    /// <summary>Cleaning asks without an earlier check.</summary>
    private async Task<PostgreSqlServerFacts> FactsAsync(CancellationToken cancellationToken) =>
        _facts ??= await PostgreSqlServerFacts.ReadAsync(admin, cancellationToken);

    /// <summary>Copying files is fastest but checkpoints the whole server, so it is used only on a server of our own. Elsewhere the
    /// server's default applies, which writes the copy to its log.</summary>
    private string Strategy() => context.IsOurs && _facts!.Version >= 150000 ? " STRATEGY FILE_COPY" : "";
}
