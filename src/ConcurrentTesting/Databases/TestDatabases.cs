using System.Collections.Concurrent;
using System.Data.Common;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Databases.Templates.Scripts;
using Polly;

namespace ConcurrentTesting.Databases;

/// <summary>The databases of a run: check, sweep, prepare, then lease, renew and release for each worker. Without an engine the leases only
/// carry the worker's variables.</summary>
internal sealed class TestDatabases : IAsyncDisposable
{
    private static readonly TimeSpan LongestLastSweep = TimeSpan.FromSeconds(2);

    /// <summary>Leases that are made ahead, at most.</summary>
    private const int MostSpares = 4;

    private readonly ConcurrentTestSettings _settings;
    private readonly string _runId;
    private readonly ILogger _logger;
    private readonly Redactor _secrets;
    private readonly Guards _guards;
    private readonly ImmutableArray<TemplateSource> _sources;
    private readonly IDatabaseEngine? _engine;
    private readonly DatabaseCounts _counts;
    private readonly ResiliencePipeline _retries;
    private readonly ConcurrentDictionary<int, Task> _drops = new();
    private readonly DatabaseHealth? _health;
    private readonly CloneSets? _sets;
    private readonly SpareClones? _spares;
    private readonly CancellationTokenSource _disposing = new();
    private ImmutableArray<TemplateDatabase> _templates = [];
    private Task _checking = Task.CompletedTask;
    private readonly ConcurrentDictionary<string, int> _made = new();

    private TestDatabases(
        ConcurrentTestSettings settings, string runId, ILogger logger, TimeProvider time, Redactor secrets, Action<RunEvent> tell)
    {
        _counts = new DatabaseCounts(tell, time);
        _settings = settings;
        _runId = runId;
        _logger = logger;
        _secrets = secrets;
        _guards = new Guards(settings, logger);
        _sources = settings.Database == DatabaseEngine.None ? [] : new TemplateSourceParser(settings).ParseAll();
        _engine = DatabaseEngines.Create(settings, runId, _sources, _guards, _secrets, logger, time);
        _retries = DatabaseRetries.Create(settings, exception => _engine!.Classify(exception), _counts, _secrets, logger, time);
        if (_engine is null)
            return;
        var dropped = new DroppedClones(_counts, logger);
        _health = new DatabaseHealth(_engine, dropped, _retries, _counts, settings.HealthCheckInterval, _secrets, logger, time);
        _sets = new CloneSets(_engine, _health, dropped, _counts, TryAsync, _secrets, logger);
        if (settings.Reset != DatabaseReset.Never)
        {
            _spares = new SpareClones(
                SpareCapacity(settings), token => MakeAsync("s", token),
                spare => _sets.DropAsync(spare, worker: null, CancellationToken.None), _secrets, logger);
        }
    }

    /// <summary>What the databases came to so far; null where there are none.</summary>
    public DatabaseRecord? Record => Facts is { } facts ? _counts.With(facts) : null;

    /// <inheritdoc cref="IDatabaseEngine.Server"/>
    public string? Server => _engine?.Server;

    private DatabaseRecord? Facts => _engine is null ? null : new DatabaseRecord
    {
        Engine = _engine.Name,
        Template = _templates.Length == 0 ? null : string.Join(", ", _templates.Select(template => template.Name)),
        Fingerprint = _templates.Length == 0 ? null : string.Join(", ", _templates.Select(template => template.Fingerprint)),
        TemplateHit = _templates.Length == 0 ? null : _templates.All(template => template.Hit),
        TemplateTime = _templates.Length == 0 ? null : TimeSpan.FromTicks(_templates.Sum(template => template.Time.Ticks)),
        Overrides = _guards.Overridden,
    };

    /// <summary>Cancelled when the server is lost to the run for good: the run has to stop.</summary>
    public CancellationToken Lost => _engine?.Lost ?? CancellationToken.None;

    /// <exception cref="ConcurrentTestException">
    /// A setting is wrong: a template entry names nothing that is there, the connection string cannot be read.
    /// </exception>
    /// <param name="tell">Hears what happens to the databases; null: nobody.</param>
    public static TestDatabases Create(
        ConcurrentTestSettings settings, string runId, ILogger logger, TimeProvider time, Redactor? secrets = null,
        Action<RunEvent>? tell = null) =>
        new(settings, runId, logger, time, secrets ?? Redactor.Of(settings), tell ?? (_ => { }));

    /// <summary>Tells all that is known of them.</summary>
    public void Tell()
    {
        if (Facts is { } facts)
            _counts.TellAll(facts);
    }

    /// <summary>Asks before anything is created whether the run can and may use the server.</summary>
    /// <exception cref="ConcurrentTestException">It cannot, or a guard refuses.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (_engine is null)
            return;
        // A throwaway server holds nobody else's databases.
        if (_settings.Database == DatabaseEngine.Sqlite || _settings.ConnectionString is not null)
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
            _logger.LogInformation("Removed {Leftovers} of runs that no longer live", Quantity.Of(removed, "leftover"));
        _counts.Add("swept", removed);
    }

    /// <summary>Finds the templates or builds them.</summary>
    /// <param name="built">
    /// Ends with the run's own build. Commands that build wait for it: two builds of one project write the same files. Null: nothing is
    /// built.
    /// </param>
    public async Task PrepareAsync(CancellationToken cancellationToken, Task? built = null)
    {
        if (_engine is null)
            return;
        TellUncached();
        if (built is not null && _sources.Any(source => source.MayBuild))
            await built.WaitAsync(cancellationToken);
        await TryAsync(
            "preparing the template", async token => _templates = await _engine.EnsureTemplatesAsync(_sources, token), cancellationToken);
        foreach (var template in _templates)
        {
            _counts.Add(template.Hit ? CountNames.TemplateHits : CountNames.TemplateMisses, 1);
            _logger.LogInformation(
                "Template {Database}: {Found} {Fingerprint} in {Milliseconds:0} ms, as {Name}",
                template.Source.Database,
                template.Hit ? "hit" : "built",
                template.Fingerprint[..12],
                template.Time.TotalMilliseconds,
                template.Name);
        }

        TellChanged();
        await CompareConnectionsAsync(cancellationToken);
        _checking = _health!.CheckAsync(_disposing.Token);
    }

    private void TellUncached()
    {
        foreach (var source in _sources.Where(source => _settings.TemplateCache && !source.IsCopy))
        {
            var (unknown, remedy) = source.UnknownInput(_settings) is { } command
                ? ($"nothing tells what '{_secrets.Redact(command.CommandLine)}' reads", "its migrations")
                : source.ReadingScript(_settings) is { } script ? ($"{script.Name} has the server read other files", "these files")
                : (null, "");
            if (unknown is null)
                continue;
            _logger.LogInformation(
                "The template of {Database} is built anew in each run, because {Reason}: add watch: and the path of {Files}, and it is cached",
                source.Database, unknown, remedy);
        }
    }

    private void TellChanged()
    {
        var changed = _templates.Where(template => template.HasChanged).Select(template => template.Source.Database).ToArray();
        if (changed.Length == 0)
            return;
        _counts.Report(
            IncidentKinds.TemplateChanged,
            $"What the template of {string.Join(" and ", changed)} is made of changed while it was built: it serves this run only, and may have something of both. "
            + "Where the command that builds it writes into a folder that counts, have it write elsewhere.");
    }

    private async Task CompareConnectionsAsync(CancellationToken cancellationToken)
    {
        int? limit = null;
        await TryAsync(
            "asking for max_connections", async token => limit = await _engine!.ReadConnectionLimitAsync(token), cancellationToken);
        if (limit is not { } connections)
            return;
        var databases = _templates.Select(template => template.Source.Database)
            .Select(name => KeyValuePair.Create(name, new ConnectionValues($"{_settings.ConnectionString};Database={name}", name)));
        var environment = LeaseEnvironment.Of(_settings, _runId, 0, [.. databases]);
        var sharing = _settings.Isolation == DatabaseIsolation.Server ? 1 : _settings.Workers;
        ConnectionNeed.Tell(
            connections, sharing, [.. _settings.Environment.Select(pattern => (pattern, environment[pattern.Name]))], _logger);
    }

    /// <summary>The variables that a worker's next lease will have if all goes well; null where nobody knows yet. Databases of these names
    /// need not exist, and may never do: whoever was told of them has to be told of the lease's own in the end.</summary>
    public ImmutableDictionary<string, string>? Foresee(int worker)
    {
        if (_engine is null)
            return LeaseEnvironment.Of(_settings, _runId, worker, []);
        try
        {
            var label = LabelOf(OwnerOf(worker), _made.GetValueOrDefault(OwnerOf(worker)) + 1);
            var connections = _sources.Select(source => KeyValuePair.Create(source.Database, _engine.Foresee(source, label))).ToList();
            return connections.Exists(connection => connection.Value is null)
                ? null
                : LeaseEnvironment.Of(
                    _settings, _runId, worker, [.. connections.Select(known => KeyValuePair.Create(known.Key, known.Value!))]);
        }
        catch (ConcurrentTestException)
        {
            // The run reports a setting that cannot be used at the moment when it needs it.
            return null;
        }
    }

    /// <summary>Fresh clones for a worker, checked. Called in parallel. What it made before it failed is gone.</summary>
    /// <exception cref="ConcurrentTestException">It failed for good; other workers may fare better.</exception>
    public async Task<DatabaseLease> LeaseAsync(int worker, CancellationToken cancellationToken)
    {
        if (_engine is null)
            return new DatabaseLease(worker, null, LeaseEnvironment.Of(_settings, _runId, worker, []));
        var clones = await MakeAsync(OwnerOf(worker), cancellationToken);
        _spares?.Begin();
        return LeaseOf(worker, clones);
    }

    /// <summary>Fresh clones under new names in place of the lease's, which are dropped while the worker goes on.</summary>
    /// <exception cref="ConcurrentTestException">None could be made; the lease stays as it was.</exception>
    public async Task<DatabaseLease> RenewAsync(DatabaseLease lease, CancellationToken cancellationToken)
    {
        if (_engine is null)
            return lease;
        var renewed = await FreshAsync(lease.Worker, cancellationToken);
        // Each worker drops one lease at a time, so that drops cannot fall behind.
        await _drops.GetValueOrDefault(lease.Worker, Task.CompletedTask);
        _drops[lease.Worker] = Task.Run(() => ReleaseAsync(lease, CancellationToken.None), CancellationToken.None);
        return renewed;
    }

    /// <summary>Keeps the lease's databases, because a test failed in them, and leases fresh ones. Beyond a limit nothing more is
    /// kept.</summary>
    /// <param name="test">The failed test.</param>
    public async Task<DatabaseLease> KeepAsync(DatabaseLease lease, string test, CancellationToken cancellationToken)
    {
        if (_engine is null)
            return lease;
        if (_counts.KeptClones.Length >= KeptDatabases.Limit)
        {
            _logger.LogWarning("The databases of {Test} are not kept: the run has kept {Count}, which is the limit", test, KeptDatabases.Limit);
            return await RenewAsync(lease, cancellationToken);
        }

        var renewed = await FreshAsync(lease.Worker, cancellationToken);
        await _sets!.KeepAsync(lease.Clones, lease.Worker, test, cancellationToken);
        return renewed;
    }

    /// <summary>False once a health check of one of the lease's databases has failed: the worker should have another.</summary>
    public bool IsHealthy(DatabaseLease lease) => _health is null || !lease.Clones.Any(_health.IsFailing);

    /// <summary>Whether tests have dropped one of the lease's databases and not made it again: the next tests may need it.</summary>
    public bool IsDroppedByTests(DatabaseLease lease) => _health is not null && lease.Clones.Any(_health.IsDropped);

    /// <summary>Looks whether tests have dropped one of the lease's databases, or made another one in its place.</summary>
    public async Task<bool> IsChangedByTestsAsync(DatabaseLease lease, CancellationToken cancellationToken)
    {
        foreach (var clone in lease.Clones)
        {
            if (_health is not null && !await _health.IsOwnAsync(clone, cancellationToken))
                return true;
        }

        return false;
    }

    /// <summary>Drops the lease's clones. What resists is left for the next sweep and counted as leaked.</summary>
    public Task ReleaseAsync(DatabaseLease lease, CancellationToken cancellationToken) =>
        _sets?.DropAsync(lease.Clones, lease.Worker, cancellationToken) ?? Task.CompletedTask;

    /// <summary>Drops what is left and lets go of the server. What cannot be ended is named in the log and left to the next run's
    /// sweep.</summary>
    public async Task EndAsync()
    {
        if (_disposing.IsCancellationRequested)
            return;
        await _disposing.CancelAsync();
        // A step that fails does not keep the next from running; the last one removes what the others left.
        await TryToTidyAsync(() => _checking);
        await TryToTidyAsync(() => Task.WhenAll(_drops.Values));
        await TryToTidyAsync(() => _spares?.DisposeAsync().AsTask() ?? Task.CompletedTask);
        await TryToTidyAsync(SweepOnceMoreAsync);
        await TryToTidyAsync(() => _engine?.DisposeAsync().AsTask() ?? Task.CompletedTask);
    }

    private async Task TryToTidyAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception)
        {
            _logger.LogWarning(
                "Not all of the run's databases could be removed; the next run removes the rest: {Reason}", _secrets.Redact(exception.Message));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _disposing.Dispose();
    }

    /// <summary>A server may finish what a run that was killed had asked for only after the sweep at the start.</summary>
    private async Task SweepOnceMoreAsync()
    {
        if (_templates.IsEmpty || Lost.IsCancellationRequested)
            return;
        using var limit = new CancellationTokenSource(LongestLastSweep);
        try
        {
            _counts.Add("swept", await _engine!.SweepAsync(limit.Token));
        }
        catch (Exception exception)
        {
            _logger.LogDebug("The sweep at the end failed: {Reason}", _secrets.Redact(exception.Message));
        }
    }

    private static int SpareCapacity(ConcurrentTestSettings settings) =>
        settings.Isolation == DatabaseIsolation.Server ? 1 : Math.Clamp(settings.Workers / 2, 1, MostSpares);

    private Task<ImmutableArray<DatabaseClone>> MakeAsync(string owner, CancellationToken cancellationToken) =>
        _sets!.MakeAsync(_templates, LabelOf(owner, _made.AddOrUpdate(owner, 1, (_, made) => made + 1)), cancellationToken);

    private static string OwnerOf(int worker) => FormattableString.Invariant($"w{worker}");

    private static string LabelOf(string owner, int number) => FormattableString.Invariant($"{owner}-{number}");

    private DatabaseLease LeaseOf(int worker, ImmutableArray<DatabaseClone> clones)
    {
        var connections = clones.Select(clone => KeyValuePair.Create(clone.Template.Source.Database, clone.Connection)).ToImmutableArray();
        return new DatabaseLease(worker, clones[0].Name, LeaseEnvironment.Of(_settings, _runId, worker, connections)) { Clones = clones };
    }

    private async Task<DatabaseLease> FreshAsync(int worker, CancellationToken cancellationToken) =>
        await SpareAsync(worker, cancellationToken) ?? await LeaseAsync(worker, cancellationToken);

    /// <summary>A lease of databases that were cloned ahead; null where none is ready and well.</summary>
    private async Task<DatabaseLease?> SpareAsync(int worker, CancellationToken cancellationToken)
    {
        if (_spares?.TryTake() is not { } spare)
            return null;
        try
        {
            foreach (var clone in spare)
                await _sets!.RequireAsync(clone, cancellationToken);
            _counts.Add("spares_used", 1);
            return LeaseOf(worker, spare);
        }
        catch (Exception exception)
        {
            _logger.LogDebug("A spare database cannot be used: {Reason}", _secrets.Redact(exception.Message));
            await _sets!.DropAsync(spare, worker: null, CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            return null;
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
