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

namespace ConcurrentTesting.Databases.MySql;

/// <summary>
/// Databases on a MySQL or MariaDB server: templates are databases with a mark (<see cref="MySqlMark"/>), clones are copies over a few connections
/// (<see cref="MySqlCopy"/>). What is ours is told by its name (<see cref="OwnDatabaseName"/>), whether its run lives by a named lock (<see cref="MySqlLock"/>).
/// </summary>
/// <param name="isOurs">The server is a throwaway one of this run's: nobody else's data is on it.</param>
internal sealed class MySqlEngine(
    MySqlAdmin admin, bool isOurs, ConcurrentTestSettings settings, string runId, ImmutableArray<TemplateSource> sources,
    Guards guards, Redactor secrets, ILogger logger, TimeProvider time) : IDatabaseEngine
{
    private readonly string _runToken = OwnDatabaseName.RunToken(runId);
    private readonly SemaphoreSlim _cloning = new(Math.Max(2, Environment.ProcessorCount));
    private readonly MySqlHold _hold = new(admin, runId, isOurs ? ServerRestart.LongestOfOurs : ServerRestart.Longest, secrets, logger, time);
    private readonly ConcurrentDictionary<string, Template> _templates = new();
    private readonly ConcurrentDictionary<string, DatabaseStatistics> _counted = new();

    /// <summary>When each clone was finished, by the server's clock.</summary>
    private readonly ConcurrentDictionary<string, DateTime> _made = new();
    private readonly ConcurrentDictionary<string, bool> _replaced = new();
    private readonly MySqlSessions _sessions = new(admin, logger);
    private readonly TemplateConfinement _confinement = new(isOurs, DatabaseEngine.MySql, sources, guards, logger);
    private MySqlServerFacts? _facts;
    private MySqlKeptTemplates? _kept;

    public string Name => "mysql";

    public CancellationToken Lost => _hold.Lost;

    /// <summary>What clones are made from.</summary>
    private sealed class Template(MySqlDefinition definition)
    {
        /// <summary>After the first clone, its views in the order in which they can be made.</summary>
        public MySqlDefinition Definition { get; set; } = definition;

        /// <summary>The first clone is compared with the template; the others are made the same way.</summary>
        public bool IsProven { get; set; }
    }

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        _facts = await new MySqlCheck(admin, isOurs, settings, runId, sources, guards).RunAsync(cancellationToken);
        logger.LogDebug("{Product} {Version} at {Host}:{Port}, as {User}", _facts.Product, _facts.Version, admin.Host, admin.Port, _facts.User);
        await _confinement.CheckAsync(_facts.MayMakeAccounts, _facts.User, cancellationToken);
    }

    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        await LiveAsync(cancellationToken);
        var found = await admin.QueryAsync(
            @"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'ct\\_r\\_%'", row => row.GetString(0), cancellationToken);
        var accounts = _facts!.MayMakeAccounts ? await MySqlTemplateUser.ListAsync(admin, cancellationToken) : [];
        var removed = 0;
        foreach (var run in OwnDatabaseName.ByOtherRun(found.Concat(accounts), _runToken))
            removed += await SweepAsync(run.Key, run.Except(accounts), run.Intersect(accounts), cancellationToken);
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
        var source = _templates[template.Name];
        await _cloning.WaitAsync(cancellationToken);
        try
        {
            if (!_hold.Begin(name))
                await _sessions.DropAsync(name, cancellationToken);
            var definition = await CopyAsync(source, name, cancellationToken);
            source.Definition = definition;
            source.IsProven = true;
            if (await MySqlStatistics.ReadAsync(admin, _facts!.Statistics, name, cancellationToken) is { } copying)
                _counted[name] = copying;
            _made[name] = (await admin.QueryAsync("SELECT NOW()", row => row.GetDateTime(0), cancellationToken))[0];
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
            "SELECT 1 FROM information_schema.schemata WHERE schema_name = @p0", row => row.GetInt32(0), cancellationToken, clone.Name);
        if (found.Count == 0)
        {
            // No sweep was it, which would need the run's lock: nobody is to look for it.
            _hold.Abandon(clone.Name);
            return DatabaseState.Dropped;
        }

        return await IsReplacedAsync(clone, cancellationToken) ? DatabaseState.Replaced : DatabaseState.Own;
    }

    public async Task<int?> ReadConnectionLimitAsync(CancellationToken cancellationToken)
    {
        var used = await admin.QueryAsync(
            "SHOW GLOBAL STATUS LIKE 'Threads_connected'",
            row => int.Parse(row.GetString(1), CultureInfo.InvariantCulture),
            cancellationToken);
        var most = await admin.QueryAsync("SELECT CAST(@@max_connections AS SIGNED)", row => (int)row.GetInt64(0), cancellationToken);
        return most[0] - used[0];
    }

    public Task<bool> DropAsync(DatabaseClone clone, CancellationToken cancellationToken) => DropAsync(clone.Name, cancellationToken);

    /// <summary>Without what copying the template counted.</summary>
    public async Task<DatabaseStatistics?> ReadStatisticsAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var counted = await MySqlStatistics.ReadAsync(admin, _facts!.Statistics, clone.Name, cancellationToken);
        if (_replaced.ContainsKey(clone.Name))
            return counted;
        return counted is not null && _counted.TryGetValue(clone.Name, out var copying) ? MySqlStatistics.Since(copying, counted) : counted;
    }

    /// <summary>As a copy by another name, which no sweep takes for a dead run's: a database cannot be renamed here. Its events would go on in it and are left out.</summary>
    public async Task<KeptDatabase> KeepAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var name = (OwnDatabaseName.Parse(clone.Name)! with { Kind = OwnDatabaseKind.Kept }).ToString();
        await _sessions.EndAsync(clone.Name, cancellationToken);
        try
        {
            var definition = await MySqlDefinitionReader.ReadAsync(admin, clone.Name, cancellationToken);
            await new MySqlCopy(admin, _facts!, logger).CopyAsync(definition, name, leavesOut: true, cancellationToken);
        }
        catch
        {
            await _sessions.DropAsync(name, CancellationToken.None);
            throw;
        }

        await DropAsync(clone.Name, cancellationToken);
        return new KeptDatabase(name, await HowToOpenAsync(name, cancellationToken));
    }

    public FaultCause Classify(Exception exception) => MySqlFaults.Classify(exception);

    public async ValueTask DisposeAsync()
    {
        await _hold.StopWatchingAsync();
        if (!isOurs)
            await Parallel.ForEachAsync(_hold.Databases, async (name, _) => await DropAsync(name, CancellationToken.None));
        await _hold.DisposeAsync();
        await admin.DisposeAsync();
        _cloning.Dispose();
    }

    private async Task<MySqlDefinition> CopyAsync(Template source, string name, CancellationToken cancellationToken)
    {
        var copy = new MySqlCopy(admin, _facts!, logger);
        var comparison = new MySqlComparison(admin, _facts!, copy);
        var definition = await copy.CopyAsync(source.Definition, name, leavesOut: false, cancellationToken);
        if (!source.IsProven)
            await comparison.RequireSameAsync(definition with { Events = [] }, name, isQuiet: true, cancellationToken);
        await copy.MakeEventsAsync(definition, name, cancellationToken);
        if (!source.IsProven)
            await comparison.RequireSameEventsAsync(definition, name, cancellationToken);
        return definition;
    }

    /// <summary>No table of the template's is as old as the clone. A table may be made anew in it, but hardly all.</summary>
    private async Task<bool> IsReplacedAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        if (_replaced.ContainsKey(clone.Name))
            return true;
        var tables = _templates[clone.Template.Name].Definition.Tables;
        if (!_made.TryGetValue(clone.Name, out var made) || tables.IsEmpty || await HasAsync("=", tables[0].Name, made))
            return false;
        return !await HasAsync("LIKE", "%", made) && _replaced.TryAdd(clone.Name, true);

        // One table first: the server opens each that it is asked for.
        async Task<bool> HasAsync(string compares, string table, DateTime before) => (await admin.QueryAsync(
            $"""
             SELECT EXISTS (SELECT 1 FROM information_schema.tables
                            WHERE table_schema = @p0 AND table_name {compares} @p1 AND table_type <> 'VIEW' AND create_time <= @p2)
             """,
            row => row.GetInt64(0) == 1,
            cancellationToken,
            clone.Name,
            table,
            before))[0];
    }

    /// <summary>Shows the world that this run lives, before anything of it exists.</summary>
    private async Task LiveAsync(CancellationToken cancellationToken)
    {
        if (_facts is null)
            await CheckAsync(cancellationToken);
        await _hold.TakeAsync(cancellationToken);
    }

    private async Task<int> SweepAsync(string run, IEnumerable<string> names, IEnumerable<string> accounts, CancellationToken cancellationToken)
    {
        var name = MySqlLock.OfRun(run);
        var locks = _hold.Templates;
        if (!await locks.TryAsync(name, cancellationToken))
            return 0;
        var removed = 0;
        foreach (var left in names)
        {
            if (await DropAsync(left, cancellationToken))
                removed++;
        }

        foreach (var account in accounts)
        {
            if (await new MySqlTemplateUser(admin, secrets, logger).DropAsync(account, cancellationToken))
                removed++;
        }

        await locks.ReleaseAsync(name, cancellationToken);
        return removed;
    }

    private async Task<TemplateDatabase> EnsureTemplateAsync(TemplateSource source, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        string[] facts = [Name, _facts!.Version, _facts.User, _facts.Collation];
        var fingerprint = await TemplateFingerprint.ComputeAsync(source, facts, settings.WorkingDirectory, cancellationToken);
        var isKept = source.IsKept(settings);
        var name = (isKept ? OwnDatabaseName.OfTemplate(fingerprint, source.Database) : OwnDatabaseName.OfRun(runId, $"{source.Database}_template")).ToString();
        var builder = new MySqlTemplateBuilder(admin, _facts, _sessions, _confinement, settings, runId, secrets, logger, time);
        MySqlDefinition? definition = null;
        var hit = false;
        if (isKept)
        {
            _kept ??= new MySqlKeptTemplates(admin, _hold.Templates, DropAsync, _runToken, time, logger);
            hit = await _kept.EnsureAsync(name, fingerprint, async token => definition = await builder.BuildAsync(source, name, token), cancellationToken);
        }
        else
        {
            _hold.Begin(name);
            definition = await builder.BuildAsync(source, name, cancellationToken);
        }

        definition ??= await MySqlDefinitionReader.ReadAsync(admin, name, cancellationToken);
        new MySqlCopyWarnings(logger, _facts).Warn(definition);
        _templates[name] = new Template(definition);
        return new TemplateDatabase(source, name, fingerprint, hit, Stopwatch.GetElapsedTime(started));
    }

    private async Task<string> HowToOpenAsync(string name, CancellationToken cancellationToken)
    {
        var client = _facts!.IsMariaDb ? "mariadb" : "mysql";
        if (!isOurs)
            return FormattableString.Invariant($"{client} -h {admin.Host} -P {admin.Port} -u {admin.Username} -p {name}");
        var data = await admin.QueryAsync("SELECT @@datadir", row => row.GetString(0), cancellationToken);
        return $"{client} --no-defaults -S {Path.Combine(data[0], MySqlProduct.Socket)} -u root {name}";
    }

    private async Task<bool> DropAsync(string name, CancellationToken cancellationToken)
    {
        _hold.Abandon(name);
        var isGone = await _sessions.DropAsync(name, cancellationToken);
        if (isGone)
            _hold.Forget(name);
        _counted.TryRemove(name, out _);
        _made.TryRemove(name, out _);
        return isGone;
    }
}
