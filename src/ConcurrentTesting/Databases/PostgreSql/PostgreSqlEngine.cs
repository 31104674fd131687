using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;
using Npgsql;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>
/// Databases on a PostgreSQL server: templates are sealed databases, clones <c>CREATE DATABASE … TEMPLATE</c>. What is ours is told by its name
/// (<see cref="OwnDatabaseName"/>), whether its run lives by an advisory lock (<see cref="PostgreSqlLock"/>).
/// </summary>
/// <param name="isOurs">The server is a throwaway one of this run's: nobody else's data is on it, and durability is nobody's concern.</param>
internal sealed class PostgreSqlEngine(
    PostgreSqlAdmin admin, bool isOurs, ConcurrentTestSettings settings, string runId, ImmutableArray<TemplateSource> sources,
    Guards guards, Redactor secrets, ILogger logger, TimeProvider time) : IDatabaseEngine
{
    private readonly string _runToken = OwnDatabaseName.RunToken(runId);
    // Twice the cores: a clone waits for checkpoints as much as it copies.
    private readonly SemaphoreSlim _cloning = new(Math.Max(2, 2 * Environment.ProcessorCount));

    private readonly PostgreSqlHold _hold = new(admin, runId, isOurs ? ServerRestart.LongestOfOurs : ServerRestart.Longest, secrets, logger, time);
    private readonly PostgreSqlSessions _sessions = new(admin, secrets, logger);
    private readonly ConcurrentDictionary<string, PostgreSqlDatabaseProperties> _properties = new();
    private readonly TemplateConfinement _confinement = new(isOurs, DatabaseEngine.PostgreSql, sources, guards, logger);

    /// <summary>Of each clone, what the server calls it.</summary>
    private readonly ConcurrentDictionary<string, uint> _ids = new();
    private PostgreSqlServerFacts? _facts;
    private PostgreSqlKeptTemplates? _kept;

    public string Name => "postgresql";

    public CancellationToken Lost => _hold.Lost;

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        _facts = await new PostgreSqlCheck(admin, settings, sources, guards).RunAsync(cancellationToken);
        logger.LogDebug(
            "PostgreSQL {Version} at {Host}:{Port}, as {User}", _facts.Version, admin.Host, admin.Port, _facts.User);
        await _confinement.CheckAsync(_facts.MayMakeRoles, _facts.User, cancellationToken);
    }

    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        await LiveAsync(cancellationToken);
        var found = await admin.QueryAsync(
            @"SELECT datname::text FROM pg_database WHERE datname LIKE 'ct\_r\_%' AND pg_has_role(datdba, 'USAGE')",
            row => row.GetString(0),
            cancellationToken);
        var roles = _facts!.MayMakeRoles ? await PostgreSqlTemplateRole.ListAsync(admin, cancellationToken) : [];
        var removed = 0;
        foreach (var run in OwnDatabaseName.ByOtherRun(found.Concat(roles), _runToken))
            removed += await SweepAsync(run.Key, run.Except(roles), run.Intersect(roles), cancellationToken);
        return removed;
    }

    public async Task<ImmutableArray<TemplateDatabase>> EnsureTemplatesAsync(
        ImmutableArray<TemplateSource> templates, CancellationToken cancellationToken)
    {
        await LiveAsync(cancellationToken);
        var ensured = ImmutableArray.CreateBuilder<TemplateDatabase>(templates.Length);
        foreach (var source in templates)
            ensured.Add(await EnsureTemplateAsync(source, cancellationToken));
        return ensured.ToImmutable();
    }

    public async Task<DatabaseClone> CloneAsync(TemplateDatabase template, string label, CancellationToken cancellationToken)
    {
        var name = OwnDatabaseName.OfClone(runId, template.Source.Database, label).ToString();
        var properties = _properties[template.Name];
        await _cloning.WaitAsync(cancellationToken);
        try
        {
            if (!_hold.Begin(name))
                await _sessions.DropAsync(name, cancellationToken);
            await CreateAsync(template, name, properties, cancellationToken);
            var values = DatabaseSettingList.Parse(settings.DatabaseSettings)
                .Select(setting => $"ALTER DATABASE {Quote(name)} SET {Quote(setting.Name)} TO {Literal(setting.Value)}");
            await admin.ExecuteAsync([.. properties.StatementsFor(name), .. values], cancellationToken);
            _hold.Finish(name);
            return new DatabaseClone(template, name, admin.ConnectionTo(name));
        }
        catch
        {
            await DropAsync(name, CancellationToken.None);
            throw;
        }
        finally
        {
            _cloning.Release();
        }
    }

    /// <summary>Asks from outside, so that a test's database counts no session but the tests' own.</summary>
    public async Task<DatabaseState> ProbeAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var found = await admin.QueryAsync(
            "SELECT oid, datallowconn, datconnlimit = -2 FROM pg_database WHERE datname = $1",
            row => (Id: row.GetFieldValue<uint>(0), IsUsable: row.GetBoolean(1), IsBeingDropped: row.GetBoolean(2)),
            cancellationToken,
            clone.Name);
        if (found is [] or [{ IsBeingDropped: true }])
        {
            // No sweep was it, which would need the run's lock: nobody is to look for it.
            _hold.Abandon(clone.Name);
            return DatabaseState.Dropped;
        }

        if (!found[0].IsUsable)
            throw new InvalidOperationException($"the database {clone.Name} is not usable any more");
        return _ids.GetOrAdd(clone.Name, found[0].Id) == found[0].Id ? DatabaseState.Own : DatabaseState.Replaced;
    }

    public async Task<int?> ReadConnectionLimitAsync(CancellationToken cancellationToken)
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

    public Task<bool> DropAsync(DatabaseClone clone, CancellationToken cancellationToken) => DropAsync(clone.Name, cancellationToken);

    public Task<DatabaseStatistics?> ReadStatisticsAsync(DatabaseClone clone, CancellationToken cancellationToken) =>
        PostgreSqlStatistics.ReadAsync(admin, _sessions, _facts!.Version, clone.Name, cancellationToken);

    /// <summary>By another name, which no sweep takes for a dead run's.</summary>
    public async Task<KeptDatabase> KeepAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var name = (OwnDatabaseName.Parse(clone.Name)! with { Kind = OwnDatabaseKind.Kept }).ToString();
        await _sessions.EndAsync(clone.Name, cancellationToken);
        // The server itself waits up to 5 s for sessions that are about to leave.
        await admin.ExecuteAsync($"ALTER DATABASE {Quote(clone.Name)} RENAME TO {Quote(name)}", cancellationToken);
        _hold.Forget(clone.Name);
        // Kept data of our own is opened by its socket, wherever the server listened.
        var (host, port) = isOurs
            ? ((await admin.QueryAsync("SHOW unix_socket_directories", row => row.GetString(0), cancellationToken))[0], PostgreSqlProduct.Port)
            : (admin.Host, admin.Port);
        return new KeptDatabase(name, FormattableString.Invariant($"psql -h {host} -p {port} -U {admin.Username} {name}"));
    }

    public FaultCause Classify(Exception exception) => PostgreSqlFaults.Classify(exception);

    public async ValueTask DisposeAsync()
    {
        await _hold.StopWatchingAsync();
        if (!isOurs)
            await Parallel.ForEachAsync(_hold.Databases, async (name, _) => await DropAsync(name, CancellationToken.None));
        await _hold.DisposeAsync();
        await admin.DisposeAsync();
        _cloning.Dispose();
    }

    /// <summary>Shows the world that this run lives, before anything of it exists.</summary>
    private async Task LiveAsync(CancellationToken cancellationToken)
    {
        if (_facts is null)
            await CheckAsync(cancellationToken);
        await _hold.TakeAsync(cancellationToken);
    }

    private async Task<int> SweepAsync(string run, IEnumerable<string> names, IEnumerable<string> roles, CancellationToken cancellationToken)
    {
        var key = PostgreSqlLock.Key.OfRun(run);
        var locks = _hold.Templates;
        if (!await locks.TryExclusiveAsync(key, cancellationToken))
            return 0;
        var removed = 0;
        foreach (var name in names)
        {
            if (await DropAsync(name, cancellationToken))
                removed++;
        }

        foreach (var role in roles)
        {
            if (await new PostgreSqlTemplateRole(admin, _facts!, _sessions, secrets, logger).DropAsync(role, cancellationToken, (name, drop) => DropHalfBuiltAsync(role, name, drop)))
                removed++;
        }

        await locks.ReleaseExclusiveAsync(key, cancellationToken);
        return removed;
    }

    /// <summary>A dead run's role owns what it had not finished, unless another run builds that anew.</summary>
    private async Task<bool> DropHalfBuiltAsync(string role, string name, Func<Task<bool>> drop)
    {
        var key = PostgreSqlLock.Key.OfTemplate(name);
        if (!await _hold.Templates.TryExclusiveAsync(key, CancellationToken.None))
            return false;
        try
        {
            var owner = await admin.QueryAsync("SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = $1", row => row.GetString(0), CancellationToken.None, name);
            return owner is not [var its] || its != role || await drop();
        }
        finally
        {
            await _hold.Templates.ReleaseExclusiveAsync(key, CancellationToken.None);
        }
    }

    private async Task<TemplateDatabase> EnsureTemplateAsync(TemplateSource source, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        string[] facts = [Name, _facts!.Version.ToString(CultureInfo.InvariantCulture), _facts.User, _facts.Collation, .. settings.TemplateExtensions];
        var fingerprint = await TemplateFingerprint.ComputeAsync(source, facts, settings.WorkingDirectory, cancellationToken);
        var isKept = source.IsKept(settings);
        var name = (isKept ? OwnDatabaseName.OfTemplate(fingerprint, source.Database) : OwnDatabaseName.OfRun(runId, $"{source.Database}_template")).ToString();
        var builder = new PostgreSqlTemplateBuilder(admin, _facts, _sessions, _confinement, settings, runId, secrets, logger);
        var hit = false;
        if (isKept)
        {
            _kept ??= new PostgreSqlKeptTemplates(admin, () => _hold.Templates, DropAsync, time, logger);
            hit = await _kept.EnsureAsync(
                name, fingerprint, token => builder.BuildAsync(source, name, Strategy(), isShared: true, token), cancellationToken);
        }
        else
        {
            _hold.Begin(name);
            await builder.BuildAsync(source, name, Strategy(), isShared: false, cancellationToken);
        }

        _hold.Share(name);
        _properties[name] = await PostgreSqlDatabaseProperties.ReadAsync(admin, name, cancellationToken);
        return new TemplateDatabase(source, name, fingerprint, hit, Stopwatch.GetElapsedTime(started));
    }

    private async Task CreateAsync(TemplateDatabase template, string name, PostgreSqlDatabaseProperties properties, CancellationToken cancellationToken)
    {
        try
        {
            await admin.ExecuteAsync(
                $"CREATE DATABASE {Quote(name)} TEMPLATE {Quote(template.Name)} OWNER {Quote(properties.Owner)}{Strategy()}", cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgreSqlFaults.ObjectInUse)
        {
            var inside = await _sessions.DescribeAsync(template.Name, cancellationToken);
            logger.LogWarning("The template {Template} cannot be copied while a session is inside it: {Sessions}", template.Name, string.Join("; ", inside));
            throw;
        }
    }

    /// <summary>
    /// Copying files is the fastest, but checkpoints the whole server: only on one of our own. Elsewhere the server's default, which writes the copy to its log.
    /// </summary>
    private string Strategy() => isOurs && _facts!.Version >= 150000 ? " STRATEGY FILE_COPY" : "";

    private async Task<bool> DropAsync(string name, CancellationToken cancellationToken)
    {
        _hold.Abandon(name);
        var isGone = await _sessions.DropAsync(name, cancellationToken);
        if (isGone)
            _hold.Forget(name);
        _ids.TryRemove(name, out _);
        return isGone;
    }
}
