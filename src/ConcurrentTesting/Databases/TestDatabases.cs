using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using ConcurrentTesting.Databases.Sqlite;
using ConcurrentTesting.Results;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Databases;

/// <summary>
/// The databases of a run: check, sweep, prepare, then lease and release for each worker. Without an engine the leases only carry the worker's variables.
/// </summary>
internal sealed class TestDatabases : IAsyncDisposable
{
    private readonly ConcurrentTestSettings _settings;
    private readonly string _runId;
    private readonly ILogger _logger;
    private readonly IDatabaseEngine? _engine;
    private readonly ImmutableArray<TemplateSource> _sources;
    private readonly ConcurrentQueue<TimeSpan> _cloneTimes = new();
    private readonly ConcurrentQueue<TimeSpan> _dropTimes = new();
    private ImmutableArray<TemplateDatabase> _templates = [];
    private int _clones;

    private TestDatabases(ConcurrentTestSettings settings, string runId, ILogger logger, IDatabaseEngine? engine, ImmutableArray<TemplateSource> sources)
    {
        _settings = settings;
        _runId = runId;
        _logger = logger;
        _engine = engine;
        _sources = sources;
    }

    /// <summary>What the databases came to so far; null where there are none.</summary>
    public DatabaseRecord? Record => _engine is null ? null : new DatabaseRecord
    {
        Engine = _engine.Name,
        Template = _templates.Length == 0 ? null : string.Join(", ", _templates.Select(template => template.Name)),
        Fingerprint = _templates.Length == 0 ? null : string.Join(", ", _templates.Select(template => template.Fingerprint)),
        TemplateHit = _templates.Length == 0 ? null : _templates.All(template => template.Hit),
        TemplateTime = _templates.Length == 0 ? null : TimeSpan.FromTicks(_templates.Sum(template => template.Time.Ticks)),
        CloneTimes = [.. _cloneTimes],
        DropTimes = [.. _dropTimes],
    };

    /// <exception cref="ConcurrentTestException">A template entry names nothing that is there.</exception>
    public static TestDatabases Create(ConcurrentTestSettings settings, string runId, ILogger logger, TimeProvider time)
    {
        var secrets = new Secrets();
        secrets.Add(settings.ConnectionString);
        IDatabaseEngine? engine = settings.Database switch
        {
            DatabaseEngine.None => null,
            DatabaseEngine.Sqlite => new SqliteEngine(settings, runId, secrets, logger, time),
            _ => throw new ConcurrentTestException(ConcurrentTestExitCode.BadSettings, $"--test-database {settings.Database}: not known here"),
        };
        ImmutableArray<TemplateSource> sources = engine is null ? [] : [new TemplateSourceParser(settings).Parse("main", settings.Template)];
        return new TestDatabases(settings, runId, logger, engine, sources);
    }

    /// <summary>Asks before anything is created whether the run can and may use the server.</summary>
    /// <exception cref="ConcurrentTestException">It cannot, or a guard refuses.</exception>
    public Task CheckAsync(CancellationToken cancellationToken) => _engine?.CheckAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Removes what dead runs left: only what is provably ours.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        if (_engine is null)
            return;
        var removed = await _engine.SweepAsync(cancellationToken);
        if (removed > 0)
            _logger.LogInformation("Removed {Count} leftovers of runs that no longer live", removed);
    }

    /// <summary>Finds the templates or builds them.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (_engine is null)
            return;
        foreach (var source in _sources)
        {
            var template = await _engine.EnsureTemplateAsync(source, cancellationToken);
            _templates = _templates.Add(template);
            _logger.LogInformation(
                "Template {Database}: {Found} {Fingerprint} in {Milliseconds:0} ms, kept as {Name}",
                source.Database, template.Hit ? "hit" : "built", template.Fingerprint[..12], template.Time.TotalMilliseconds, template.Name);
        }
    }

    /// <summary>Fresh clones for a worker. Called in parallel.</summary>
    public async Task<DatabaseLease> LeaseAsync(int worker, CancellationToken cancellationToken)
    {
        if (_engine is null)
            return new DatabaseLease(worker, null, LeaseEnvironment.Of(_settings, _runId, worker, []));

        var number = Interlocked.Increment(ref _clones);
        var clones = ImmutableArray.CreateBuilder<DatabaseClone>(_templates.Length);
        foreach (var template in _templates)
            clones.Add(await CloneAsync(_engine, template, FormattableString.Invariant($"w{worker}-{number}"), cancellationToken));
        var connections = clones.Select(clone => KeyValuePair.Create(clone.Template.Source.Database, clone.Connection)).ToImmutableArray();
        return new DatabaseLease(worker, clones[0].Name, LeaseEnvironment.Of(_settings, _runId, worker, connections)) { Clones = clones.ToImmutable() };
    }

    /// <summary>A fresh clone under a new name in place of the lease's, which is dropped.</summary>
    public async Task<DatabaseLease> RenewAsync(DatabaseLease lease, CancellationToken cancellationToken)
    {
        var renewed = await LeaseAsync(lease.Worker, cancellationToken);
        await ReleaseAsync(lease, cancellationToken);
        return renewed;
    }

    /// <summary>Drops the lease's clones.</summary>
    public async Task ReleaseAsync(DatabaseLease lease, CancellationToken cancellationToken)
    {
        foreach (var clone in lease.Clones)
        {
            var started = Stopwatch.GetTimestamp();
            await _engine!.DropAsync(clone, cancellationToken);
            _dropTimes.Enqueue(Stopwatch.GetElapsedTime(started));
        }
    }

    public ValueTask DisposeAsync() => _engine?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<DatabaseClone> CloneAsync(IDatabaseEngine engine, TemplateDatabase template, string label, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var clone = await engine.CloneAsync(template, label, cancellationToken);
        await engine.ProbeAsync(clone, cancellationToken);
        _cloneTimes.Enqueue(Stopwatch.GetElapsedTime(started));
        return clone;
    }
}
