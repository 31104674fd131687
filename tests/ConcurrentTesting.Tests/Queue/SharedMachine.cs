using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Tests.Databases;
using ConcurrentTesting.Tests.Execution;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Tests.Queue;

/// <summary>One machine of several that share a run, with workers of its own whose hosts are fakes.</summary>
internal sealed class SharedMachine : IAsyncDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private readonly JournalWriter _file = new(new Redactor(), TimeProvider.System);
    private readonly ConcurrentTestSettings _settings;

    /// <param name="variable">What the host says; null: nothing.</param>
    /// <param name="log">Null: <see cref="Log"/>.</param>
    public SharedMachine(
        string connectionString, string run, string name, Func<ConcurrentTestSettings, ConcurrentTestSettings>? configure = null, Func<string, string?>? variable = null, ILogger? log = null)
    {
        _settings = new ConcurrentTestSettings { Queue = connectionString, QueueRun = run, QueueMachine = name, QueueLease = TimeSpan.FromSeconds(20), Workers = 2, MaxRetries = 0, Leaving = _leaving.Token };
        _settings = configure?.Invoke(_settings) ?? _settings;
        Queue = QueuedRun.Open(_settings, variable ?? (_ => null), TimeProvider.System)!;
        Fake = new FakeRun(given => _settings with { ResultsDirectory = given.ResultsDirectory, RootDirectory = given.RootDirectory }, beside: new Events(this), ending: _leaving.Token, log: log ?? Log);
    }

    public QueuedRun Queue { get; }

    public FakeRun Fake { get; }

    public LogLines Log { get; } = new();

    /// <summary>Happens before the machine leaves the run; null: nothing does.</summary>
    public Action? WorkerEnds { get; set; }

    /// <summary>What the tests' databases are on.</summary>
    public string? Server { get; init; }

    /// <summary>It is asked to leave; what follows from it happens elsewhere.</summary>
    public void Leave() => _ = _leaving.CancelAsync();

    public Task<RunEnd> RunAsync(TestCatalog catalog, Func<HostRun, IHostEvents, CancellationToken, Task<HostRunEnd>> host) => RunAsync(catalog, Fake.HostsOf(host));

    public async Task<RunEnd> RunAsync(TestCatalog catalog, ConcurrentTesting.Execution.HostsOfWorker hosts)
    {
        var journal = new RunJournal(Fake.Context, _file, []) { Timings = TimingStore.Empty };
        var plan = Planner.Plan(catalog, TimingStore.Empty, _settings.Workers, 1, 2);
        journal.Discovered(catalog);
        journal.Planned(catalog, plan);
        return await Queue.WorkAsync(journal, Fake.PoolOf(hosts), Server, CancellationToken.None);
    }

    private sealed class Events(SharedMachine machine) : IRunObserver
    {
        public void Happened(RunEvent happened)
        {
            // A fake host is there at once, and a real one takes its time.
            machine.Queue.Events.Happened(happened is LeaseTaken lease ? lease with { Seconds = 2, HostSeconds = 2 } : happened);
            if (happened is WorkerEnded)
                machine.WorkerEnds?.Invoke();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Queue.DisposeAsync();
        await Fake.DisposeAsync();
        _file.Dispose();
        _leaving.Dispose();
    }
}
