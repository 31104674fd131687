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

        var clones = await CloneAllAsync(_engine, FormattableString.Invariant($"w{worker}-{Interlocked.Increment(ref _clones)}"), cancellationToken);
        var connections = clones.Select(clone => KeyValuePair.Create(clone.Template.Source.Database, clone.Connection)).ToImmutableArray();
        return new DatabaseLease(worker, clones[0].Name, LeaseEnvironment.Of(_settings, _runId, worker, connections)) { Clones = clones };
    }

    /// <summary>Fresh clones under new names in place of the lease's, which are dropped.</summary>
    public async Task<DatabaseLease> RenewAsync(DatabaseLease lease, CancellationToken cancellationToken)
    {
        var renewed = await LeaseAsync(lease.Worker, cancellationToken);
        await ReleaseAsync(lease, cancellationToken);
        return renewed;
    }

    /// <summary>Drops the lease's clones. What resists is left for the next sweep and counted as leaked.</summary>
    public async Task ReleaseAsync(DatabaseLease lease, CancellationToken cancellationToken)
    {
        foreach (var clone in lease.Clones)
            await DropAsync(_engine!, clone, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _disposing.CancelAsync();
        await _health;
        if (_engine is not null)
            await _engine.DisposeAsync();
        _disposing.Dispose();
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
            foreach (var clone in clones)
                await DropAsync(engine, clone, CancellationToken.None);
            throw;
        }
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

    private async Task DropAsync(IDatabaseEngine engine, DatabaseClone clone, CancellationToken cancellationToken)
    {
        _live.TryRemove(clone.Name, out _);
        var started = Stopwatch.GetTimestamp();
        if (await engine.DropAsync(clone, cancellationToken))
            _counts.Dropped(Stopwatch.GetElapsedTime(started));
        else
            _counts.Add("leaked", 1);
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
            _logger.LogWarning("The database {Name} does not answer: {Reason}", clone.Name, _secrets.Redact(exception.Message));
        }
    }

    private async Task TryAsync(string what, Func<CancellationToken, Task> operation, CancellationToken cancellationToken)
    {
        try
        {
            await _retries.ExecuteAsync(async token => await operation(token), cancellationToken);
        }
        catch (Exception exception) when (exception is DbException || (_engine!.Classify(exception) != FaultCause.None))
        {
            var reasons = exception.InnerException is null ? exception.Message : $"{exception.Message}: {exception.InnerException.Message}";
            throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, _secrets.Redact($"{what} failed: {reasons}"), exception);
        }
    }
}
