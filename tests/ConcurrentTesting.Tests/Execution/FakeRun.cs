using System.Collections.Concurrent;
using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Databases;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Hook;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Tests.Databases;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ConcurrentTesting.Tests.Execution;

/// <summary>A run whose hosts are fakes, without databases unless it is configured so.</summary>
internal sealed class FakeRun : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestHookServer _hook;
    private readonly TestDatabases _databases;

    /// <param name="beside">Hears what happens too.</param>
    public FakeRun(
        Func<ConcurrentTestSettings, ConcurrentTestSettings>? configure = null, TimeProvider? time = null, Quarantine? quarantine = null, IRunObserver? beside = null, ILogger? log = null, CancellationToken ending = default)
    {
        var settings = new ConcurrentTestSettings { ResultsDirectory = _folder.Path, RootDirectory = _folder.Path, MaxRetries = 0 };
        settings = configure?.Invoke(settings) ?? settings;
        time ??= TimeProvider.System;
        _hook = TestHookServer.Open(Guid.NewGuid().ToString("N")[..10], measure: false, NullLogger.Instance);
        _databases = TestDatabases.Create(settings, "run", NullLogger.Instance, time);
        var observer = RunObservers.Of(new IncidentList(Incidents), beside);
        Context = new RunContext
        {
            Settings = settings,
            RunId = "run",
            Seed = 1,
            Log = log ?? NullLogger.Instance,
            Secrets = new Redactor(),
            Recorder = new RunRecorder(time, observer, quarantine ?? Quarantine.None),
            Time = time,
            Stop = new RunStop(settings.FailFast, ending),
            Hook = _hook,
        };
    }

    public RunContext Context { get; }

    public TestDatabases Databases => _databases;

    public ConcurrentQueue<Incident> Incidents { get; } = [];

    /// <summary>The hosts that were made, with its worker.</summary>
    public ConcurrentQueue<(int Worker, FakeHosts Hosts)> Hosts { get; } = [];

    /// <summary>What each run of a host was asked for, in the order they began.</summary>
    public ConcurrentQueue<HostRun> Runs { get; } = [];

    public Task PrepareDatabasesAsync(CancellationToken cancellationToken) => _databases.PrepareAsync(cancellationToken);

    public WorkerPool Pool(Func<HostRun, IHostEvents, CancellationToken, Task<HostRunEnd>> run) => new(Context, _databases, HostsOf(run));

    public WorkerPool PoolOf(HostsOfWorker hostsOf) => new(Context, _databases, hostsOf);

    public Bisection Bisection(Func<HostRun, IHostEvents, CancellationToken, Task<HostRunEnd>> run) => new(Context, _databases, HostsOf(run));

    /// <summary>One batch a list, each worker beginning with its own.</summary>
    public static Plan Plan(params TestEntry[][] seeds) => new()
    {
        Seeds = [.. seeds.Select(seed => seed.Length == 0 ? ImmutableArray<Batch>.Empty : [Batch(seed)])],
        Tail = [],
        Seconds = seeds.Sum(seed => seed.Length),
        LowerBoundSeconds = 1,
        KnownTimings = 1,
        Predictions = seeds.SelectMany(seed => seed).ToDictionary(entry => entry, _ => 1.0),
    };

    public static Batch Batch(IReadOnlyCollection<TestEntry> entries) =>
        BatchOf.Entries(entries.First().Assembly, entries.Select(entry => (entry, 1.0)), BatchReasons.Plan, notOnWorker: null);

    public TestRecord ResultOf(TestEntry entry) => Context.Recorder.RowsSoFar(entry).Single();

    public async ValueTask DisposeAsync()
    {
        Context.Stop.Dispose();
        await _databases.DisposeAsync();
        await _hook.DisposeAsync();
        _folder.Dispose();
    }

    public HostsOfWorker HostsOf(Func<HostRun, IHostEvents, CancellationToken, Task<HostRunEnd>> run) => worker =>
    {
        var hosts = new FakeHosts((hostRun, events, cancellationToken) =>
        {
            Runs.Enqueue(hostRun);
            return run(hostRun, events, cancellationToken);
        });
        Hosts.Enqueue((worker, hosts));
        return hosts;
    };

    private sealed class IncidentList(ConcurrentQueue<Incident> incidents) : IRunObserver
    {
        public void IncidentHappened(Incident incident) => incidents.Enqueue(incident);
    }
}
