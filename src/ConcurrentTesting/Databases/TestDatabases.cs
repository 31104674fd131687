using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Data.Common;
using System.Diagnostics;
using ConcurrentTesting.Results;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;
using Polly;

namespace ConcurrentTesting.Databases;

/// <summary>
/// The databases of a run: check, sweep, prepare, then lease, renew and release for each worker. Without an engine the leases only carry the worker's variables.
/// </summary>
internal sealed class TestDatabases : IAsyncDisposable
{
    /// <summary>Leases that are made ahead, at most.</summary>
    private const int MostSpares = 4;

    private readonly ConcurrentTestSettings _settings;
    private readonly string _runId;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Secrets _secrets;
    private readonly Guards _guards;
    private readonly ImmutableArray<TemplateSource> _sources;
    private readonly IDatabaseEngine? _engine;
    private readonly DatabaseCounts _counts = new();
    private readonly ResiliencePipeline _retries;
    private readonly ConcurrentDictionary<string, DatabaseClone> _live = new();
    private readonly ConcurrentDictionary<string, bool> _failing = new();
    private readonly ConcurrentDictionary<int, Task> _drops = new();
    private readonly ConcurrentQueue<DatabaseStatistics> _statistics = new();
    private readonly ConcurrentQueue<KeptRecord> _kept = new();
    private readonly SpareClones? _spares;
    private readonly CancellationTokenSource _disposing = new();
    private ImmutableArray<TemplateDatabase> _templates = [];
    private Task _health = Task.CompletedTask;
    private int _clones;

    private TestDatabases(ConcurrentTestSettings settings, string runId, ILogger logger, TimeProvider time)
    {
        _settings = settings;
        _runId = runId;
        _logger = logger;
        _time = time;
        _secrets = Secrets.Of(settings);
        _guards = new Guards(settings, logger);
        _sources = settings.Database == DatabaseEngine.None ? [] : new TemplateSourceParser(settings).ParseAll();
        _engine = DatabaseEngines.Create(settings, runId, _sources, _guards, _secrets, logger, time);
        _retries = DatabaseRetries.Create(settings, exception => _engine!.Classify(exception), _counts, _secrets, logger, time);
        if (_engine is { } engine && settings.Reset != DatabaseReset.Never)
            _spares = new SpareClones(SpareCapacity(settings), token => CloneAllAsync(engine, NewLabel("s"), token), spare => DropAllAsync(engine, spare, worker: -1), logger);
    }

    /// <summary>What the databases came to so far; null where there are none.</summary>
    public DatabaseRecord? Record => _engine is null ? null : new DatabaseRecord
    {
        Engine = _engine.Name,
        Template = _templates.Length == 0 ? null : string.Join(", ", _templates.Select(template => template.Name)),
        Fingerprint = _templates.Length == 0 ? null : string.Join(", ", _templates.Select(template => template.Fingerprint)),
        TemplateHit = _templates.Length == 0 ? null : _templates.All(template => template.Hit),
        TemplateTime = _templates.Length == 0 ? null : TimeSpan.FromTicks(_templates.Sum(template => template.Time.Ticks)),
        CloneTimes = _counts.CloneTimes,
        DropTimes = _counts.DropTimes,
        Counts = _counts.Counts,
        Statistics = [.. _statistics],
        Kept = [.. _kept],
        Overrides = _guards.Overridden,
    };

    /// <summary>Cancelled when the server is lost to the run for good: the run has to stop.</summary>
    public CancellationToken Lost => _engine?.Lost ?? CancellationToken.None;

    /// <exception cref="ConcurrentTestException">A setting is wrong: a template entry names nothing that is there, the connection string cannot be read.</exception>
    public static TestDatabases Create(ConcurrentTestSettings settings, string runId, ILogger logger, TimeProvider time) =>
        new(settings, runId, logger, time);

    /// <summary>Asks before anything is created whether the run can and may use the server.</summary>
    /// <exception cref="ConcurrentTestException">It cannot, or a guard refuses.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (_engine is null)
            return;
        await TemplateScripts.CheckAsync(_sources, _settings.Database, _guards, cancellationToken);
        await TryAsync("checking the database server", _engine.CheckAsync, cancellationToken);
    }

    /// <summary>Removes what dead runs left: only what is provably ours.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        if (_engine is null)
            return;
        var removed = 0;
        await TryAsync("sweeping leftovers", async token => removed += await _engine.SweepAsync(token), cancellationToken);
        if (removed > 0)
            _logger.LogInformation("Removed {Count} leftovers of runs that no longer live", removed);
        _counts.Add("swept", removed);
    }

    /// <summary>Finds the templates or builds them.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (_engine is null)
            return;
        await TryAsync("preparing the template", async token => _templates = await _engine.EnsureTemplatesAsync(_sources, token), cancellationToken);
        foreach (var template in _templates)
        {
            _counts.Add(template.Hit ? "template_hits" : "template_misses", 1);
            _logger.LogInformation(
                "Template {Database}: {Found} {Fingerprint} in {Milliseconds:0} ms, kept as {Name}",
                template.Source.Database,
                template.Hit ? "hit" : "built",
                template.Fingerprint[..12],
                template.Time.TotalMilliseconds,
                template.Name);
        }

        _health = CheckHealthAsync(_engine, _disposing.Token);
    }

    /// <summary>Fresh clones for a worker, checked. Called in parallel. What it made before it failed is gone.</summary>
    /// <exception cref="ConcurrentTestException">It failed for good; other workers may fare better.</exception>
    public async Task<DatabaseLease> LeaseAsync(int worker, CancellationToken cancellationToken)
    {
        if (_engine is null)
            return new DatabaseLease(worker, null, LeaseEnvironment.Of(_settings, _runId, worker, []));
        var clones = await CloneAllAsync(_engine, NewLabel(FormattableString.Invariant($"w{worker}")), cancellationToken);
        _spares?.Begin();
        return LeaseOf(worker, clones);
    }

    /// <summary>Fresh clones under new names in place of the lease's, which are dropped while the worker goes on.</summary>
    /// <exception cref="ConcurrentTestException">There are none to be had; the lease stays as it was.</exception>
    public async Task<DatabaseLease> RenewAsync(DatabaseLease lease, CancellationToken cancellationToken)
    {
        if (_engine is null)
            return lease;
        var renewed = await SpareAsync(_engine, lease.Worker, cancellationToken) ?? await LeaseAsync(lease.Worker, cancellationToken);
        // One at a time for each worker, so that drops cannot fall behind.
        await _drops.GetValueOrDefault(lease.Worker, Task.CompletedTask);
        _drops[lease.Worker] = Task.Run(() => ReleaseAsync(lease, CancellationToken.None), CancellationToken.None);
        return renewed;
    }

    /// <summary>Keeps the lease's databases, because a test failed in them, and leases fresh ones. Beyond a limit nothing more is kept.</summary>
    /// <param name="test">The failed test.</param>
    public async Task<DatabaseLease> KeepAsync(DatabaseLease lease, string test, CancellationToken cancellationToken)
    {
        if (_engine is null)
            return lease;
        if (_kept.Count >= KeptDatabases.Limit)
        {
            _logger.LogWarning("The databases of {Test} are not kept: {Count} are already, which is the limit", test, _kept.Count);
            return await RenewAsync(lease, cancellationToken);
        }

        var renewed = await SpareAsync(_engine, lease.Worker, cancellationToken) ?? await LeaseAsync(lease.Worker, cancellationToken);
        foreach (var clone in lease.Clones)
            await KeepAsync(_engine, clone, lease.Worker, test, cancellationToken);
        return renewed;
    }

    /// <summary>False once a health check of one of the lease's databases has failed: the worker should have another.</summary>
    public bool IsHealthy(DatabaseLease lease) => !lease.Clones.Any(clone => _failing.ContainsKey(clone.Name));

    /// <summary>Drops the lease's clones. What resists is left for the next sweep and counted as leaked.</summary>
    public async Task ReleaseAsync(DatabaseLease lease, CancellationToken cancellationToken)
    {
        foreach (var clone in lease.Clones)
            await DropAsync(_engine!, clone, lease.Worker, cancellationToken);
    }

    /// <summary>Drops what is left and lets go of the server. What cannot be ended is named in the log and left to the next run's sweep.</summary>
    public async Task EndAsync()
    {
        if (_disposing.IsCancellationRequested)
            return;
        await _disposing.CancelAsync();
        try
        {
            await _health;
            await Task.WhenAll(_drops.Values);
            if (_spares is not null)
                await _spares.DisposeAsync();
            if (_engine is not null)
                await _engine.DisposeAsync();
        }
        catch (Exception exception)
        {
            _logger.LogWarning("The run's databases could not all be removed, the next run does it: {Reason}", _secrets.Redact(exception.Message));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _disposing.Dispose();
    }

    private static int SpareCapacity(ConcurrentTestSettings settings) =>
        settings.Isolation == DatabaseIsolation.Server ? 1 : Math.Clamp(settings.Workers / 2, 1, MostSpares);

    private string NewLabel(string owner) => FormattableString.Invariant($"{owner}-{Interlocked.Increment(ref _clones)}");

    private DatabaseLease LeaseOf(int worker, ImmutableArray<DatabaseClone> clones)
    {
        var connections = clones.Select(clone => KeyValuePair.Create(clone.Template.Source.Database, clone.Connection)).ToImmutableArray();
        return new DatabaseLease(worker, clones[0].Name, LeaseEnvironment.Of(_settings, _runId, worker, connections)) { Clones = clones };
    }

    /// <summary>A lease of databases that were cloned ahead; null where none is ready and well.</summary>
    private async Task<DatabaseLease?> SpareAsync(IDatabaseEngine engine, int worker, CancellationToken cancellationToken)
    {
        if (_spares?.TryTake() is not { } spare)
            return null;
        try
        {
            foreach (var clone in spare)
                await engine.ProbeAsync(clone, cancellationToken);
            _counts.Add("spares_used", 1);
            return LeaseOf(worker, spare);
        }
        catch (Exception exception)
        {
            _logger.LogDebug("A spare database is of no use: {Reason}", _secrets.Redact(exception.Message));
            await DropAllAsync(engine, spare, worker);
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    private async Task KeepAsync(IDatabaseEngine engine, DatabaseClone clone, int worker, string test, CancellationToken cancellationToken)
    {
        try
        {
            var kept = await engine.KeepAsync(clone, cancellationToken);
            Forget(clone);
            _kept.Enqueue(new KeptRecord(kept.Name, test, kept.How));
            _logger.LogInformation("Kept the database in which {Test} failed: {How}", test, kept.How);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            _logger.LogWarning("The database {Name}, in which {Test} failed, could not be kept: {Reason}", clone.Name, test, _secrets.Redact(exception.Message));
            await DropAsync(engine, clone, worker, CancellationToken.None);
        }
    }

    private async Task<ImmutableArray<DatabaseClone>> CloneAllAsync(IDatabaseEngine engine, string label, CancellationToken cancellationToken)
    {
        var clones = ImmutableArray.CreateBuilder<DatabaseClone>(_templates.Length);
        try
        {
            foreach (var template in _templates)
                clones.Add(await CloneAsync(engine, template, label, cancellationToken));
            return clones.ToImmutable();
        }
        catch
        {
            await DropAllAsync(engine, clones.ToImmutable(), worker: -1);
            throw;
        }
    }

    private async Task DropAllAsync(IDatabaseEngine engine, ImmutableArray<DatabaseClone> clones, int worker)
    {
        foreach (var clone in clones)
            await DropAsync(engine, clone, worker, CancellationToken.None);
    }

    private async Task<DatabaseClone> CloneAsync(
        IDatabaseEngine engine, TemplateDatabase template, string label, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        DatabaseClone clone = null!;
        await TryAsync($"cloning {template.Name}", async token => clone = await engine.CloneAsync(template, label, token), cancellationToken);
        _live[clone.Name] = clone;
        await TryAsync($"checking {clone.Name}", token => engine.ProbeAsync(clone, token), cancellationToken);
        _counts.Add("health_checks_ok", 1);
        _counts.Cloned(Stopwatch.GetElapsedTime(started));
        return clone;
    }

    private async Task DropAsync(IDatabaseEngine engine, DatabaseClone clone, int worker, CancellationToken cancellationToken)
    {
        Forget(clone);
        if (worker >= 0)
            await ReadStatisticsAsync(engine, clone, worker, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        if (await engine.DropAsync(clone, cancellationToken))
            _counts.Dropped(Stopwatch.GetElapsedTime(started));
        else
            _counts.Add("leaked", 1);
    }

    private void Forget(DatabaseClone clone)
    {
        _live.TryRemove(clone.Name, out _);
        _failing.TryRemove(clone.Name, out _);
    }

    private async Task ReadStatisticsAsync(IDatabaseEngine engine, DatabaseClone clone, int worker, CancellationToken cancellationToken)
    {
        try
        {
            if (await engine.ReadStatisticsAsync(clone, cancellationToken) is { } statistics)
                _statistics.Enqueue(statistics with { Worker = worker });
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            _logger.LogDebug("The server's counts of {Name} are not known: {Reason}", clone.Name, _secrets.Redact(exception.Message));
        }
    }

    /// <summary>Looks at every leased database once in an interval, until the end.</summary>
    private async Task CheckHealthAsync(IDatabaseEngine engine, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_settings.HealthCheckInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                foreach (var clone in _live.Values)
                    await CheckHealthAsync(engine, clone, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is at its end.
        }
    }

    private async Task CheckHealthAsync(IDatabaseEngine engine, DatabaseClone clone, CancellationToken cancellationToken)
    {
        try
        {
            await _retries.ExecuteAsync(async token => await engine.ProbeAsync(clone, token), cancellationToken);
            _counts.Add("health_checks_ok", 1);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Dropped while we looked at it.
            if (!_live.ContainsKey(clone.Name))
                return;
            _counts.Add("health_checks_failed", 1);
            _failing[clone.Name] = true;
            _logger.LogWarning("The database {Name} does not answer: {Reason}", clone.Name, _secrets.Redact(exception.Message));
        }
    }

    private async Task TryAsync(string what, Func<CancellationToken, Task> operation, CancellationToken cancellationToken)
    {
        try
        {
            await _retries.ExecuteAsync(async token => await operation(token), cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or IOException || _engine!.Classify(exception) != FaultCause.None)
        {
            var reasons = exception.InnerException is null ? exception.Message : $"{exception.Message}: {exception.InnerException.Message}";
            throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, _secrets.Redact($"{what} failed: {reasons}"), exception);
        }
    }
}
