namespace ConcurrentTesting.Record;

/// <summary>What a run's events come to, one after another. Not thread-safe.</summary>
internal sealed class RunFold
{
    private readonly TestRows _rows = new();
    private readonly List<UnitPlanned> _units = [];
    private readonly List<BatchRecord> _batches = [];
    private readonly List<WorkerRecord> _workers = [];
    private readonly List<Incident> _incidents = [];
    private readonly Dictionary<string, RetryCount> _retries = [];
    private readonly List<OutsideFailed> _outside = [];
    private readonly Dictionary<string, double> _phases = [];
    private readonly List<PhaseSpan> _phaseSpans = [];
    private readonly List<WorkSpan> _workSpans = [];
    private RunStarted? _started;
    private TestsDiscovered _discovered = new(0, 0) { At = default };
    private RunPlanned? _planned;
    private int _leftOut;
    private readonly Dictionary<string, ImmutableArray<PastResult>> _history = new(StringComparer.Ordinal);
    private ComparedRun? _compared;

    // A run asks for these several times at its end; null where their sources have changed since.
    private ImmutableArray<TestRecord>? _tests;
    private TimeSpan? _lowerBound;
    private (string? Cause, int Workers)? _idle;
    private ImmutableDictionary<string, ImmutableArray<PastResult>>? _past;
    private CoverageRecord? _coverage;
    private ShardRecord? _shard;
    private RunEnded? _ended;

    /// <summary>False for a part of a run: what says how well the run's machine was used is for the whole run to tell.</summary>
    public bool IsWhole { get; init; } = true;

    /// <summary>What had begun and not ended; where the run's process was killed, that is how it was left.</summary>
    public OpenWork OpenWork { get; } = new();

    public TestRows Rows => _rows;

    public DatabaseFold Databases { get; } = new();

    /// <summary>The first end counts: what follows is of the reports.</summary>
    public bool HasEnded => _ended is not null;

    public DateTimeOffset LastAt { get; private set; }

    public IReadOnlyList<UnitPlanned> Units => _units;

    public ImmutableArray<BatchRecord> Batches => [.. _batches.OrderBy(batch => batch.Number)];

    public ImmutableArray<WorkerRecord> Workers => [.. _workers.OrderBy(worker => worker.Number)];

    public ImmutableArray<TestRecord> Tests =>
        _tests ??= [.. WithKnownFlaky(_rows.All).OrderBy(test => test.Id, StringComparer.Ordinal)];

    /// <summary>The failures outside of tests, one for each that is the same on several workers.</summary>
    public ImmutableArray<OutsideFailure> Outside =>
    [
        .. OutsideFailure.Together(_outside.Where(outside => !outside.LeftOpen.Any(_rows.HasFailed)).Select(
            outside => outside.Failure with { IsFlaky = outside.Failure.IsFlaky && outside.LeftOpen.Any(_rows.HasPassed) })),
    ];

    /// <summary>All that these events come to. They begin with <see cref="RunStarted"/> and end with <see cref="RunEnded"/>.</summary>
    public static RunRecord RecordOf(IEnumerable<RunEvent> events)
    {
        var fold = new RunFold();
        foreach (var happened in events)
        {
            fold.Apply(happened);
            if (fold.HasEnded)
                break;
        }

        return fold.ToRecord();
    }

    public void Apply(RunEvent happened)
    {
        LastAt = happened.At;
        happened.ApplyTo(this);
    }

    public RowFold RowOf(TestRef test, int row) => _rows.Find(test, row)!;

    /// <summary>One more row of a planned test, which gave no result.</summary>
    public AttemptEnded ErrorOf(TestRef test, PlannedTest planned, int worker, int batch, string message) => new()
    {
        At = LastAt,
        Test = test,
        Row = Rows.NextNumber(test),
        Occurrence = Rows.Of(test).Count(row => row.Name == planned.Name),
        ClassName = planned.ClassName,
        MethodName = planned.MethodName,
        Name = planned.Name,
        SourceFile = planned.SourceFile,
        Line = planned.Line,
        Attempt = new TestAttempt
        {
            Outcome = TestOutcome.Error,
            Worker = worker,
            Batch = batch,
            Number = 1,
            StartedAt = LastAt,
            Message = message,
        },
    };

    /// <summary>The record of a run that has ended.</summary>
    public RunRecord ToRecord() => ToRecord(new RunEnd(_ended!.ExitCode, _ended.Reason), _ended.At);

    /// <summary>The record as it would be if the run ended so.</summary>
    public RunRecord ToRecord(RunEnd end, DateTimeOffset finishedAt)
    {
        var started = _started ?? throw new InvalidOperationException("The events do not begin with the run's start.");
        var (tests, outside, databases) = (Tests, Outside, Databases.ToRecord());
        var (exitCode, reason) = Verdict.Of(end, tests, outside, started.Settings);
        var lowerBound = _lowerBound ??= LowerBound(tests, started.Settings.Workers);
        var record = new RunRecord
        {
            RunId = started.Run,
            Machine = started.Machine,
            Settings = started.Settings,
            Seed = started.Seed,
            StartedAt = started.At,
            FinishedAt = finishedAt,
            ExitCode = exitCode,
            Reason = WithLeftOut(exitCode, reason),
            Discovered = _discovered.Cases - _leftOut,
            LeftOut = _leftOut,
            Explicit = _discovered.Explicit,
            Tests = tests,
            Outside = outside,
            Batches = Batches,
            Workers = Workers,
            Incidents = [.. _incidents],
            PreparationRetries = _retries.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Database = databases,
            Compared = _compared,
            History = _past ??= _history.ToImmutableDictionary(StringComparer.Ordinal),
            Coverage = _coverage,
            Shard = _shard,
            Overrides = databases is null ? started.Overrides : [.. started.Overrides, .. databases.Overrides],
            LowerBound = lowerBound,
            Idle = Idle(tests),
            KnownTimings = _planned?.KnownTimings ?? 0,
            Phases = _phases.ToImmutableSortedDictionary(StringComparer.Ordinal),
            PhaseSpans = [.. _phaseSpans],
            WorkSpans = [.. _workSpans],
            Efficiency = _phases.TryGetValue("tests", out var seconds) && seconds > 0
                && !tests.IsEmpty ? lowerBound.TotalSeconds / seconds : null,
        };
        return WithLost(record);
    }

    private RunRecord WithLost(RunRecord record) => IsWhole ? record with { Lost = LostTime.Of(record) } : record;

    private TimeSpan LowerBound(ImmutableArray<TestRecord> tests, int workers) => tests.IsEmpty || !IsWhole
        ? TimeSpan.Zero
        : TimeSpan.FromSeconds(RecordedWork.LowerBoundOf(_units, tests).On(workers));

    private string? Idle(ImmutableArray<TestRecord> tests)
    {
        if (!IsWhole)
            return null;
        if (_idle is not { } known || known.Workers != _workers.Count)
            _idle = known = (IdleWorkers.Of(Workers, tests, _units), _workers.Count);
        return known.Cause;
    }

    // The values that are made of rows and units are made anew when they are next asked for.
    private void Forget()
    {
        _tests = null;
        _lowerBound = null;
        _idle = null;
    }

    // A green run must not seem to speak of all tests.
    private string WithLeftOut(ConcurrentTestExitCode exitCode, string reason) =>
        exitCode == ConcurrentTestExitCode.Success && _leftOut > 0
            ? $"{reason.TrimEnd('.')}; {Quantity.Of(_leftOut, "test")} did not fit the time and "
                + $"{(_leftOut == 1 ? "was" : "were")} left out (--test-budget)."
            : reason;

    internal void Start(RunStarted started) => _started = started;

    internal void Open(PhaseStarted phase) => OpenWork.Add(phase);

    internal void Open(BatchStarted batch) => OpenWork.Add(batch);

    internal void Open(TestStarted test) => OpenWork.Add(test);

    internal void Rest(int worker) => OpenWork.EndTest(worker);

    internal void Add(PartKnown known) => _shard = known.Shard;

    internal void Add(TestsDiscovered discovered) => _discovered = discovered;

    internal void Add(TestsLeftOut leftOut) => _leftOut = leftOut.Cases;

    internal void Add(UnitPlanned unit)
    {
        Forget();
        _units.Add(unit);
    }

    internal void Add(RunPlanned planned) => _planned = planned;

    internal void Add(RunCompared compared) => _compared = compared.Compared;

    internal void Add(TestRemembered past)
    {
        _past = null;
        _history[past.Test] = past.Results;
    }

    internal void Add(CoverageMerged merged) => _coverage = merged.Coverage;

    internal void Add(Incident incident) => _incidents.Add(incident);

    internal void Add(OutsideFailed failed) => _outside.Add(failed);

    internal void Supersede(RowsSuperseded superseded)
    {
        Forget();
        _rows.Supersede(superseded);
    }

    internal void Drop(BatchDropped dropped)
    {
        Forget();
        _rows.Drop(dropped.Batch);
    }

    internal void End(RunEnded ended) => _ended ??= ended;

    internal void Add(PhaseEnded phase)
    {
        OpenWork.End(phase);
        _phases[phase.Phase] = phase.Seconds;
        _phaseSpans.Add(phase.Span);
    }

    internal void Add(LeaseTaken lease) => _workSpans.AddRange(lease.Spans);

    internal void Add(AttemptEnded ended)
    {
        Forget();
        OpenWork.EndTest(ended.Attempt.Worker, ended.Test);
        _rows.Add(ended);
    }

    internal void Add(BatchMeasured measured)
    {
        Forget();
        foreach (var row in measured.Rows)
            _rows.Find(row.Test, row.Row)?.Measure(measured.Batch, row);
    }

    internal void Add(BatchEnded ended)
    {
        OpenWork.End(ended);
        _batches.Add(ended.Batch);
    }

    internal void Add(WorkerEnded ended) => _workers.Add(ended.Worker);

    internal void Add(PreparationRetried retried) =>
        _retries[retried.Cause] = (_retries.GetValueOrDefault(retried.Cause) ?? RetryCount.None).With(retried.Succeeded);

    // Timings remember all rows of a case as one.
    private IEnumerable<TestRecord> WithKnownFlaky(IEnumerable<TestRecord> tests)
    {
        var flaky = _units.SelectMany(
            unit => unit.Tests.Where(test => test.KnownFlaky is not null).Select(
                test => (Test: new TestRef(unit.Assembly, test.Case), test.KnownFlaky)))
            .DistinctBy(known => known.Test).ToDictionary(known => known.Test, known => known.KnownFlaky);
        return flaky.Count == 0
            ? tests
            : tests.Select(test => test with { KnownFlaky = flaky.GetValueOrDefault(new TestRef(test.Assembly, test.CaseId)) });
    }
}
