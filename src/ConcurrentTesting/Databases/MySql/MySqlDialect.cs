using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using MySqlConnector;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>MySQL's and MariaDB's words: templates are databases with a mark (<see cref="MySqlMark"/>), clones copies
/// (<see cref="MySqlClones"/>), locks named ones.</summary>
internal sealed class MySqlDialect(MySqlAdmin admin, ServerContext context) : IServerDialect
{
    private readonly MySqlSessions _sessions = new(admin);
    private readonly MySqlMark _mark = new(admin);
    private MySqlServerFacts? _facts;
    private MySqlClones? _clones;

    public string Name => "mysql";

    public string Host => admin.Host;

    public string Address => FormattableString.Invariant($"{admin.Host}:{admin.Port}");

    public int MostClones => Math.Max(2, Environment.ProcessorCount);

    public async Task<ServerFacts> CheckAsync(CancellationToken cancellationToken)
    {
        _facts = await new MySqlCheck(admin, context).RunAsync(cancellationToken);
        _clones ??= new MySqlClones(admin, _facts, context.Logger);
        var mode = await admin.QueryAsync("SELECT @@GLOBAL.sql_mode", row => row.GetString(0), cancellationToken);
        return new ServerFacts(
            $"{_facts.Product} {_facts.Version}",
            $"{_facts.Product} {_facts.Number.ToString(2)}",
            _facts.User,
            _facts.MayMakeAccounts,
            [_facts.Version, _facts.User, _facts.Collation, mode[0]]);
    }

    public async Task<int> ReadConnectionLimitAsync(CancellationToken cancellationToken)
    {
        var used = await admin.QueryAsync(
            "SHOW GLOBAL STATUS LIKE 'Threads_connected'",
            row => int.Parse(row.GetString(1), CultureInfo.InvariantCulture),
            cancellationToken);
        var most = await admin.QueryAsync("SELECT CAST(@@max_connections AS SIGNED)", row => (int)row.GetInt64(0), cancellationToken);
        return most[0] - used[0];
    }

    public Task<TimeSpan> ReadUptimeAsync(CancellationToken cancellationToken) => admin.ReadUptimeAsync(cancellationToken);

    public FaultCause Classify(Exception exception) => MySqlFaults.Classify(exception);

    public string Describe(Exception exception) => exception.Message;

    public ConnectionValues ConnectionTo(string database, TemplateAccount? account = null) => admin.ConnectionTo(database, account);

    public async Task<ILockSession> OpenLockSessionAsync(CancellationToken cancellationToken) =>
        await MySqlLockSession.OpenAsync(admin, OwnDatabaseName.RunToken(context.RunId), context.Time, cancellationToken);

    public Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken) =>
        admin.QueryAsync("SELECT schema_name FROM information_schema.schemata", row => row.GetString(0), cancellationToken);

    public Task<IReadOnlyList<string>> ListOwnAsync(string prefix, CancellationToken cancellationToken) =>
        admin.QueryAsync(
            "SELECT schema_name FROM information_schema.schemata WHERE LEFT(schema_name, CHAR_LENGTH(?)) = ? ORDER BY schema_name",
            row => row.GetString(0),
            cancellationToken,
            prefix,
            prefix);

    public async Task<long> SizeOfAsync(string database, CancellationToken cancellationToken) => (await admin.QueryAsync(
        "SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED) FROM information_schema.tables WHERE table_schema = ?",
        row => row.GetInt64(0),
        cancellationToken,
        database))[0];

    public async Task<bool> TryDropAsync(string database, CancellationToken cancellationToken)
    {
        await _sessions.EndAsync(database, cancellationToken);
        try
        {
            await admin.ExecuteAsync($"DROP DATABASE IF EXISTS {Quote(database)}", cancellationToken);
            return true;
        }
        catch (MySqlException exception) when (exception.Number == MySqlFaults.LockWaitTimeout)
        {
            return false;
        }
    }

    public Task<int> EndSessionsAsync(string database, CancellationToken cancellationToken) =>
        _sessions.EndAsync(database, cancellationToken);

    public ITemplateWork Build(TemplateSource source, string name) =>
        new MySqlTemplateWork(admin, _facts!, _sessions, context, source, name);

    public async Task<CachedTemplate?> FindTemplateAsync(string name, CancellationToken cancellationToken) =>
        await admin.QueryAsync(
            "SELECT 1 FROM information_schema.schemata WHERE schema_name = ?", row => row.GetInt32(0), cancellationToken, name) is [_]
            ? await TemplateAsync(name, 0, cancellationToken)
            : null;

    public async Task<IReadOnlyList<CachedTemplate>> ListTemplatesAsync(CancellationToken cancellationToken)
    {
        var found = await admin.QueryAsync(
            """
            SELECT s.schema_name, CAST(COALESCE(SUM(t.data_length + t.index_length), 0) AS SIGNED)
            FROM information_schema.schemata s LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name
            WHERE s.schema_name LIKE 'ct\\_t\\_%' GROUP BY s.schema_name
            """,
            row => (Name: row.GetString(0), Bytes: row.GetInt64(1)),
            cancellationToken);
        var templates = new List<CachedTemplate>();
        foreach (var (name, bytes) in found.Where(template => OwnDatabaseName.Parse(template.Name) is { Kind: OwnDatabaseKind.Template }))
            templates.Add(await TemplateAsync(name, bytes, cancellationToken));
        return templates;
    }

    public Task TouchAsync(string template, DateTimeOffset now, CancellationToken cancellationToken) =>
        _mark.TouchAsync(template, now, cancellationToken);

    public Task UnsealAsync(string template, CancellationToken cancellationToken) => _mark.RemoveAsync(template, cancellationToken);

    public Task LearnAsync(string template, CancellationToken cancellationToken) => _clones!.LearnAsync(template, cancellationToken);

    public Task CloneAsync(string template, string clone, CancellationToken cancellationToken) =>
        _clones!.MakeAsync(template, clone, cancellationToken);

    public Task<DatabaseState> ProbeAsync(DatabaseClone clone, CancellationToken cancellationToken) =>
        _clones!.ProbeAsync(clone, cancellationToken);

    public Task<DatabaseStatistics?> ReadStatisticsAsync(DatabaseClone clone, CancellationToken cancellationToken) =>
        _clones!.ReadStatisticsAsync(clone.Name, cancellationToken);

    /// <summary>Copies the database, because it cannot be renamed here. Its events would go on in the copy, and are left out.</summary>
    public async Task<bool> MoveAsync(string clone, string name, CancellationToken cancellationToken)
    {
        var definition = await MySqlDefinitionReader.ReadAsync(admin, clone, cancellationToken);
        await new MySqlCopy(admin, _facts!, context.Logger).CopyAsync(definition, name, leavesOut: true, cancellationToken);
        return false;
    }

    public async Task<string> HowToOpenAsync(string database, CancellationToken cancellationToken)
    {
        var client = _facts!.IsMariaDb ? "mariadb" : "mysql";
        if (!context.IsOurs)
            return FormattableString.Invariant($"{client} -h {admin.Host} -P {admin.Port} -u {admin.Username} -p {database}");
        var data = await admin.QueryAsync("SELECT @@datadir", row => row.GetString(0), cancellationToken);
        return $"{client} --no-defaults -S {Path.Combine(data[0], MySqlProduct.Socket)} -u root {database}";
    }

    public void Forget(string clone) => _clones?.Forget(clone);

    /// <summary>Cleaning asks without an earlier check, and gets none where the user may not list accounts.</summary>
    public async Task<IReadOnlyList<string>> ListAccountsAsync(CancellationToken cancellationToken) =>
        _facts is { MayMakeAccounts: false }
            ? []
            : [.. (await MySqlTemplateUser.ListAsync(admin, cancellationToken)).Union(NotedAccounts.Of(context, Address))];

    public Task<IReadOnlyList<string>> ListOwnedAsync(string account, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([]);

    public async Task DropAccountAsync(string account, CancellationToken cancellationToken)
    {
        await new MySqlTemplateUser(admin, context.Secrets).DropAsync(account, cancellationToken);
        NotedAccounts.Forget(context, Address, account);
    }

    public ValueTask DisposeAsync() => admin.DisposeAsync();

    private async Task<CachedTemplate> TemplateAsync(string name, long bytes, CancellationToken cancellationToken)
    {
        var lastUsed = await _mark.LastUsedAsync(name, cancellationToken);
        return new CachedTemplate(name, lastUsed is not null, lastUsed ?? DateTimeOffset.MinValue, bytes);
    }
}
