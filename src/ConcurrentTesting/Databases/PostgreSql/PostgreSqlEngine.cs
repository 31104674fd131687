using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
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
    /// <summary>How long a drop may take before the database is left for the next sweep.</summary>
    public static readonly TimeSpan DropLimit = TimeSpan.FromSeconds(5);

    /// <summary>How long a server that is somebody else's may take to restart, and one of ours to recover, until the run gives it up.</summary>
    private static readonly TimeSpan LongestRestart = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LongestRecovery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HoldInterval = TimeSpan.FromMilliseconds(250);

    private readonly string _runToken = OwnDatabaseName.RunToken(runId);
    // Twice the cores: a clone waits for checkpoints as much as it copies.
    private readonly SemaphoreSlim _cloning = new(Math.Max(2, 2 * Environment.ProcessorCount));

    /// <summary>What this run has to drop; true for clones that are finished and in use.</summary>
    private readonly ConcurrentDictionary<string, bool> _ours = new();

    private readonly ConcurrentDictionary<string, bool> _undropped = new();
    private readonly ConcurrentDictionary<string, PostgreSqlDatabaseProperties> _properties = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _disposing = new();
    private PostgreSqlServerFacts? _facts;
    private PostgreSqlLock? _runLock;
    private PostgreSqlLock? _templateLock;
    private PostgreSqlKeptTemplates? _kept;
    private Task _watch = Task.CompletedTask;

    public string Name => "postgresql";

    public CancellationToken Lost => _lost.Token;

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        _facts = await new PostgreSqlCheck(admin, settings, sources, guards).RunAsync(cancellationToken);
        logger.LogDebug(
            "PostgreSQL {Version} at {Host}:{Port}, as {User}", _facts.Version, admin.Host, admin.Port, _facts.User);
    }

    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        await LiveAsync(cancellationToken);
        var found = await admin.QueryAsync(
            @"SELECT datname::text FROM pg_database WHERE datname LIKE 'ct\_r\_%' AND pg_has_role(datdba, 'USAGE')",
            row => row.GetString(0),
            cancellationToken);
        var removed = 0;
        foreach (var run in OwnDatabaseName.ByOtherRun(found, _runToken))
            removed += await SweepAsync(run.Key, run, cancellationToken);
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
            _ours[name] = false;
            await CreateAsync(template, name, properties, cancellationToken);
            var values = DatabaseSettingList.Parse(settings.DatabaseSettings)
                .Select(setting => $"ALTER DATABASE {Quote(name)} SET {Quote(setting.Name)} TO {Literal(setting.Value)}");
            await admin.ExecuteAsync([.. properties.StatementsFor(name), .. values], cancellationToken);
            _ours[name] = true;
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
    public async Task ProbeAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var found = await admin.QueryAsync(
            "SELECT datallowconn AND datconnlimit <> -2 FROM pg_database WHERE datname = $1", row => row.GetBoolean(0), cancellationToken, clone.Name);
        if (found is not [true])
            throw new InvalidOperationException($"the database {clone.Name} is gone or not usable any more");
    }

    public Task<bool> DropAsync(DatabaseClone clone, CancellationToken cancellationToken) => DropAsync(clone.Name, cancellationToken);

    public Task<DatabaseStatistics?> ReadStatisticsAsync(DatabaseClone clone, CancellationToken cancellationToken) =>
        PostgreSqlStatistics.ReadAsync(admin, _facts!.Version, clone.Name, cancellationToken);

    /// <summary>By another name, which no sweep takes for a dead run's.</summary>
    public async Task<KeptDatabase> KeepAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var name = (OwnDatabaseName.Parse(clone.Name)! with { Kind = OwnDatabaseKind.Kept }).ToString();
        const string Farewell = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        await admin.QueryAsync(Farewell, row => row.GetBoolean(0), cancellationToken, clone.Name);
        // The server itself waits up to 5 s for sessions that are about to leave.
        await admin.ExecuteAsync($"ALTER DATABASE {Quote(clone.Name)} RENAME TO {Quote(name)}", cancellationToken);
        _ours.TryRemove(clone.Name, out _);
        return new KeptDatabase(name, FormattableString.Invariant($"psql -h {admin.Host} -p {admin.Port} -U {admin.Username} {name}"));
    }

    public FaultCause Classify(Exception exception) => PostgreSqlFaults.Classify(exception);

    public async ValueTask DisposeAsync()
    {
        await _disposing.CancelAsync();
        await _watch;
        if (!isOurs)
            await Parallel.ForEachAsync(_ours.Keys, async (name, _) => await DropAsync(name, CancellationToken.None));
        if (_templateLock is not null)
            await _templateLock.DisposeAsync();
        if (_runLock is not null)
            await _runLock.DisposeAsync();
        await admin.DisposeAsync();
        _cloning.Dispose();
        _disposing.Dispose();
        _lost.Dispose();
    }

    /// <summary>Shows the world that this run lives, before anything of it exists.</summary>
    private async Task LiveAsync(CancellationToken cancellationToken)
    {
        if (_runLock is not null)
            return;
        _facts ??= await new PostgreSqlCheck(admin, settings, sources, guards).RunAsync(cancellationToken);
        _runLock = await PostgreSqlLock.OpenAsync(admin, time, cancellationToken);
        if (!await _runLock.TryExclusiveAsync(PostgreSqlLock.Key.OfRun(_runToken), cancellationToken))
            throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, $"a run with the id {runId} is under way at {admin.Host} already");
        _templateLock = await PostgreSqlLock.OpenAsync(admin, time, cancellationToken);
        _watch = WatchAsync();
    }

    private async Task WatchAsync()
    {
        try
        {
            do
            {
                await _runLock!.WatchAsync(_disposing.Token);
                logger.LogWarning("The connection that protects this run's databases at {Host}:{Port} is lost: taking hold of them again", admin.Host, admin.Port);
            }
            while (await TakeHoldAgainAsync(_disposing.Token));
            logger.LogError("This run's databases at {Host}:{Port} are no longer protected: the run has to stop", admin.Host, admin.Port);
            await _lost.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The run is at its end.
        }
    }

    // Meanwhile another run may have taken this one for dead and swept its databases.
    private async Task<bool> TakeHoldAgainAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var holds = false;
        while (time.GetElapsedTime(started) < (isOurs ? LongestRecovery : LongestRestart))
        {
            try
            {
                // Once taken it is ours: asking again would find our own session in the way.
                holds = holds || await TryTakeHoldAsync(cancellationToken);
                if (holds)
                    return await HasAllOfOursAsync(cancellationToken);
            }
            catch (Exception exception) when (PostgreSqlFaults.Classify(exception) != FaultCause.None)
            {
                logger.LogDebug("No hold yet: {Reason}", secrets.Redact(exception.Message));
            }

            await Task.Delay(HoldInterval, time, cancellationToken);
        }

        return false;
    }

    private async Task<bool> TryTakeHoldAsync(CancellationToken cancellationToken)
    {
        var opened = new List<PostgreSqlLock>();
        try
        {
            opened.Add(await PostgreSqlLock.OpenAsync(admin, time, cancellationToken));
            opened.Add(await PostgreSqlLock.OpenAsync(admin, time, cancellationToken));
            foreach (var template in _properties.Keys)
                await opened[1].TrySharedAsync(PostgreSqlLock.Key.OfTemplate(template), cancellationToken);
            if (!await opened[0].TryExclusiveAsync(PostgreSqlLock.Key.OfRun(_runToken), cancellationToken))
                return false;

            // The broken ones are disposed of below.
            (_runLock, opened[0]) = (opened[0], _runLock!);
            (_templateLock, opened[1]) = (opened[1], _templateLock!);
            return true;
        }
        finally
        {
            foreach (var unused in opened)
                await unused.DisposeAsync();
        }
    }

    private async Task<bool> HasAllOfOursAsync(CancellationToken cancellationToken)
    {
        var there = await admin.QueryAsync("SELECT datname::text FROM pg_database", row => row.GetString(0), cancellationToken);
        return !_ours.Where(own => own.Value).Select(own => own.Key).Except(there).Any();
    }

    private async Task<int> SweepAsync(string run, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var key = PostgreSqlLock.Key.OfRun(run);
        if (!await _templateLock!.TryExclusiveAsync(key, cancellationToken))
            return 0;
        var removed = 0;
        foreach (var name in names)
        {
            if (await DropAsync(name, cancellationToken))
                removed++;
        }

        await _templateLock.ReleaseExclusiveAsync(key, cancellationToken);
        return removed;
    }

    private async Task<TemplateDatabase> EnsureTemplateAsync(TemplateSource source, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var facts = new[] { Name, _facts!.Version.ToString(CultureInfo.InvariantCulture), _facts.User, _facts.Collation };
        var fingerprint = await TemplateFingerprint.ComputeAsync(source, facts, settings.WorkingDirectory, cancellationToken);
        var isKept = source.IsKept(settings);
        var name = (isKept ? OwnDatabaseName.OfTemplate(fingerprint, source.Database) : OwnDatabaseName.OfRun(runId, $"{source.Database}_template")).ToString();
        var builder = new PostgreSqlTemplateBuilder(admin, settings, runId, secrets, logger);
        var hit = false;
        if (isKept)
        {
            _kept ??= new PostgreSqlKeptTemplates(admin, _templateLock!, DropAsync, time, logger);
            hit = await _kept.EnsureAsync(
                name, fingerprint, token => builder.BuildAsync(source, name, Strategy(), isShared: true, token), cancellationToken);
        }
        else
        {
            _ours[name] = false;
            await builder.BuildAsync(source, name, Strategy(), isShared: false, cancellationToken);
        }

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
            var inside = await admin.QueryAsync(
                "SELECT concat_ws(' ', pid, usename, application_name, client_addr) FROM pg_stat_activity WHERE datname = $1",
                row => row.GetString(0),
                cancellationToken,
                template.Name);
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
        if (OwnDatabaseName.Parse(name) is null)
            throw new InvalidOperationException($"{name} is not a database of ours");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DropLimit);
        _ours.TryUpdate(name, false, true);
        try
        {
            await admin.ExecuteAsync($"DROP DATABASE IF EXISTS {Quote(name)} WITH (FORCE)", limit.Token);
            _ours.TryRemove(name, out _);
            return true;
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            var why = exception is OperationCanceledException ? $"no answer within {DropLimit.TotalSeconds:0} s" : secrets.Redact((exception as PostgresException)?.MessageText ?? exception.Message);
            // It is tried again at the run's end, but told once.
            logger.Log(_undropped.TryAdd(name, true) ? LogLevel.Warning : LogLevel.Debug, "The database {Name} could not be dropped and is left for the next run's sweep: {Reason}", name, why);
            return false;
        }
    }
}
