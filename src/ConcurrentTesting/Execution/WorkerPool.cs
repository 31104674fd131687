using ConcurrentTesting.Databases;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Execution;

/// <summary>All workers of a run. Some batches may begin before the plan is known. In the end every entry of the plan has results: what no
/// worker could run is recorded as such.</summary>
/// <param name="timings">What earlier runs remember; null: nothing.</param>
internal sealed class WorkerPool(RunContext run, TestDatabases databases, HostsOfWorker hostsOf, TimingStore? timings = null)
{
    /// <summary>Share of the tests that may be rerun in all, and how many at least, so that a broken build does not run twice.</summary>
    private const double RerunShare = 0.05;

    private const int LeastReruns = 10;

    // A batch of another worker that is expected to take less than this many seconds stays where it is.
    private const double WorthStealing = 1;

    /// <summary>Ends the test host that was started ahead for a worker, if nobody took it.</summary>
    public Func<int, Task> EndAhead { private get; init; } = _ => Task.CompletedTask;

    private Working? _working;
    private ImmutableDictionary<TestEntry, double> _early = ImmutableDictionary<TestEntry, double>.Empty;

    /// <summary>Begins batches before the plan is known, on any workers. They need no shared set-ups.</summary>
    public void BeginEarly(ImmutableArray<Batch> batches)
    {
        _working ??= Begin(run.Settings.Workers, WorthStealing, StartsOf(known: 1), null);
        _early = _early.AddRange(
            batches.SelectMany(batch => batch.Entries.Select(entry => KeyValuePair.Create(entry, batch.Seconds / batch.Entries.Length))));
        _working.Accounting.Know(_early, LeastReruns);
        _working.Asked.Become([.. _early.Keys]);
        _working.Queue.AddEarly(batches);
    }

    /// <summary>Ends what has begun early, because no plan will follow.</summary>
    /// <param name="reason">The reason in words for people.</param>
    public async Task AbandonAsync(string reason)
    {
        if (_working is not { } working)
            return;
        if (!run.Stop.Token.IsCancellationRequested)
            run.Stop.Break(reason);
        working.Queue.Close();
        await working.Ended;
        foreach (var entry in _early.Keys.Where(entry => run.Recorder.RowCount(entry) == 0))
            RecordUnrun(entry, null, isRepeated: false);
    }

    /// <param name="plan">The plan of what has not begun early; its predictions are of all tests.</param>
    /// <param name="shared">Makes the source that several machines take from; null: the plan is for this machine alone.</param>
    public async Task RunAsync(Plan plan, Func<Accounting, IBatchSource>? shared = null)
    {
        if (_working is { } begun)
            Know(begun, plan);
        // A plan that repeats a run repeats its workers.
        var working = _working ?? (plan.IsFixed || shared is not null
            ? Begin(plan.Seeds.Length, double.PositiveInfinity, WorkerStarts.All(run.Time), plan, shared)
            : Begin(plan.Seeds.Length, WorthStealing, StartsOf(plan.KnownTimings), plan));
        await working.Ended;

        // The other machines run what is left.
        if (shared is not null)
            return;
        var left = working.Queue.Close().Where(batch => batch.Reason != BatchReasons.Rerun)
            .SelectMany(batch => batch.Entries.Select(
                // What comes behind a suspect had not begun when its process died.
                entry => (Entry: entry, Batch: entry.Equals(batch.Suspect) ? batch : batch with { Interrupted = null })))
            .Where(left => !HasItsResult(left.Entry, left.Batch, plan.Repeated))
            .DistinctBy(left => left.Entry).ToDictionary(left => left.Entry, left => left.Batch);
        foreach (var entry in plan.Predictions.Keys.Where(entry => run.Recorder.RowCount(entry) == 0).Union(left.Keys))
            RecordUnrun(entry, left.GetValueOrDefault(entry), plan.Repeated.Contains(entry));
    }

    private bool HasItsResult(TestEntry entry, Batch batch, IReadOnlySet<TestEntry> repeated) =>
        batch.Companions.Contains(entry) || IsLeftOutOnPurpose(entry, batch, repeated) || HasSkippedItself(entry, batch);

    // A test with all rows, whose further time a stop prevented, did run. A test that has begun a time and is to go on with it did not.
    private bool IsLeftOutOnPurpose(TestEntry entry, Batch batch, IReadOnlySet<TestEntry> repeated) =>
        batch.Reason is not (BatchReasons.Alone or BatchReasons.Retry) && repeated.Contains(entry)
        && run.Stop is { Reason: not null, Fault: null } && run.Recorder.RowCount(entry) >= entry.CaseCount;

    // It would have run again beside a failure only, and its own result stands.
    private bool HasSkippedItself(TestEntry entry, Batch batch) =>
        batch.Reason is BatchReasons.Retry or BatchReasons.Requeue && run.Recorder.RowCount(entry) >= entry.CaseCount
        && run.Recorder.RowsSoFar(entry).All(row => row.Outcome == TestOutcome.Skipped);

    // A stressed run repeats its batches until its goal, so the work that is left says nothing: all workers begin.
    private WorkerStarts StartsOf(double known) => run.Settings.Stress is not null
        ? WorkerStarts.All(run.Time)
        : new WorkerStarts(
            run.Time, Environment.ProcessorCount, known, timings?.Worker?.Seconds, assembly => timings?.ComputingShare(assembly) ?? 0,
            new FreeMemory(run.Time).Obstacle);

    /// <param name="plan">Null where some begin before it is known: none of them runs several times.</param>
    private Working Begin(
        int count, double worthStealing, WorkerStarts starts, Plan? plan, Func<Accounting, IBatchSource>? shared = null)
    {
        var queue = new BatchQueue(count, worthStealing, starts);
        var accounting = new Accounting(
            _early, run.Settings.Reruns, LeastReruns,
            new RetryBudget(run.Settings.MaxRetries, run.Settings.RetryDelay, new Random(run.Seed)), plan?.Repeated);
        var working = new Working(queue, accounting, new AskedTests([]));
        var local = new LocalBatchSource(queue, accounting, starts);
        var source = shared?.Invoke(accounting) ?? (plan is null ? local : StressSource.Over(local, plan, run));
        if (plan is not null)
            Know(working, plan);
        var runner = new BatchRunner(run, source, working.Asked);
        var workers = Enumerable.Range(0, count)
            .Select(number => new Worker(number, run, source, runner, databases, hostsOf)
            {
                SetUps = () => working.SetUps,
                EndAhead = EndAhead,
            }).ToArray();
        // The workers begin in their order, so that the first get the test hosts that may have been started ahead.
        working.Ended = Task.WhenAll([.. workers.Select(worker => worker.RunAsync(run.Stop.Token))]);
        return working;
    }

    // This comes before any worker has a batch of the plan.
    private static void Know(Working working, Plan plan)
    {
        working.SetUps = plan.SetUps;
        working.Accounting.Know(plan.Predictions, Math.Max(LeastReruns, (int)(plan.Predictions.Count * RerunShare)));
        working.Asked.Become([.. plan.Predictions.Keys], plan.Repeated);
        working.Queue.Seed(plan);
    }

    private void RecordUnrun(TestEntry entry, Batch? left, bool isRepeated)
    {
        var isStopped = run.Stop is { Reason: not null, Fault: null };
        var attempt = AttemptOf(left) with
        {
            Outcome = isStopped ? TestOutcome.Skipped : TestOutcome.Error,
            Round = left?.Round ?? (isRepeated ? 1 : null),
        };
        var first = isStopped ? RowsToKeep(entry) : 0;
        for (var index = first; index < entry.CaseCount; index++)
            run.Recorder.Settle(entry, index, attempt);
    }

    private TestAttempt AttemptOf(Batch? left)
    {
        var never = new TestAttempt
        {
            Outcome = TestOutcome.Error,
            Worker = -1,
            Batch = 0,
            Number = 1,
            StartedAt = run.Time.GetUtcNow(),
            Cause = run.Stop is { Reason: not null, Fault: null } ? AttemptCauses.NotRun : null,
            Message = run.Stop.Reason ?? $"{StoryOf(left)} The incidents of the run say why.",
        };
        return left?.Interrupted is not { } begun ? never : never with
        {
            Worker = begun.Worker,
            StartedAt = begun.Since ?? never.StartedAt,
            Cause = AttemptCauses.Unfinished,
            Message = run.Stop.ReasonOfBegun ?? never.Message,
        };
    }

    private static string StoryOf(Batch? left) => left switch
    {
        { Reason: BatchReasons.Retry } => "The infrastructure failed this test, and no worker was left to try it again.",
        { Reason: BatchReasons.Repeat } => "The test was to run once more, and no worker was left to run it.",
        { Interrupted: not null } => "The test was running when its test host was ended, and no worker was left to try it again.",
        _ => "The test was asked for and never ran: no worker was left to run it.",
    };

    // A failure counts even where it was to be tried again and was not.
    private int RowsToKeep(TestEntry entry)
    {
        var rows = run.Recorder.RowsSoFar(entry);
        return rows.Any(row => DecidingAttempt.IsFailure(row.Final)) ? rows.Length : 0;
    }

    /// <summary>Workers that have begun.</summary>
    private sealed class Working(BatchQueue queue, Accounting accounting, AskedTests asked)
    {
        private volatile IReadOnlyDictionary<TestEntry, ImmutableArray<NeededSetUp>> _setUps =
            ImmutableDictionary<TestEntry, ImmutableArray<NeededSetUp>>.Empty;

        public BatchQueue Queue => queue;

        public Accounting Accounting => accounting;

        public AskedTests Asked => asked;

        public IReadOnlyDictionary<TestEntry, ImmutableArray<NeededSetUp>> SetUps
        {
            get => _setUps;
            set => _setUps = value;
        }

        public Task Ended { get; set; } = Task.CompletedTask;
    }
}
