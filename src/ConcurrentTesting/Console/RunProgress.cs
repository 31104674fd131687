namespace ConcurrentTesting.Console;

/// <summary>What a worker does at a moment.</summary>
/// <param name="Test">The test that it started last; null where it has none.</param>
/// <param name="Since">How long ago that test started or gave its last result.</param>
/// <param name="HasResult">The test has given a result: the worker is between tests, or more rows of a theory follow.</param>
internal readonly record struct WorkerProgress(int Worker, TestStarted? Test, TimeSpan Since, bool HasResult);

/// <summary>A run at a moment.</summary>
/// <param name="Phases">The phases that go on now.</param>
/// <param name="Elapsed">The time since the run began.</param>
/// <param name="Planned">The cases that were discovered.</param>
/// <param name="Total">The results that are expected; more than the cases where one gives several.</param>
/// <param name="RunAgain">How often a test failed and ran again, or is to.</param>
/// <param name="Left">The expected time left; null where nothing can be said.</param>
internal sealed record ProgressSnapshot(
    ImmutableArray<string> Phases,
    TimeSpan Elapsed,
    int Planned,
    int Total,
    int Done,
    int Failed,
    int Flaky,
    int RunAgain,
    TimeSpan? Left,
    ImmutableArray<WorkerProgress> Workers)
{
    /// <summary>Takes secrets out of the names of tests.</summary>
    public Func<string, string> Redact { get; init; } = name => name;

    /// <summary>Tests are running now.</summary>
    public bool IsTesting => Phases.Contains(PhaseNames.Tests);

    /// <summary>0 to 100; 100 only where all is done.</summary>
    public int Percent => Total == 0 ? 0 : (int)(Done * 100L / Total);
}

/// <summary>Keeps count of a run while it goes on. Thread-safe; every method returns at once.</summary>
internal sealed class RunProgress(TimeProvider time)
{

    /// <summary>A test that runs this long is announced, and again each time that its duration has doubled.</summary>
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Dictionary<TestRef, Expectation> _expectations = [];
    private readonly HashSet<(TestRef Test, int Row)> _repeated = [];
    private readonly List<Slot> _slots = [];
    private ImmutableArray<string> _phases = [];
    private readonly long _startedAt = time.GetTimestamp();
    private long _phaseStartedAt = time.GetTimestamp();
    private TimeSpan _expected;
    private TimeSpan _predictedTotal;
    private TimeSpan _predictedDone;
    private int _planned;
    private int _total;
    private int _done;
    private int _failed;
    private int _flaky;
    private int _runAgain;

    // These tries will be followed by another one. A row that gets none is told once more, as final.
    private readonly Dictionary<(TestRef Test, int Row), int> _open = [];

    /// <summary>A phase begins; the template is prepared beside the build and the discovery, others end those before them.</summary>
    public void StartPhase(string phase)
    {
        lock (_gate)
        {
            var isBesideAnother = IsPreparation(phase) && _phases.All(IsPreparation);
            _phases = isBesideAnother && !_phases.IsEmpty ? [.. _phases.Where(other => !IsEndedBy(phase, other)), phase] : [phase];
            if (!isBesideAnother || _phases.Length == 1)
                _phaseStartedAt = time.GetTimestamp();
        }
    }

    private static bool IsPreparation(string phase) => phase is PhaseNames.Build or PhaseNames.Discovery or PhaseNames.Template;

    private static bool IsEndedBy(string phase, string other) =>
        other == phase || (phase == PhaseNames.Discovery && other == PhaseNames.Build);

    public void Plan(int tests, int workers, TimeSpan expected)
    {
        lock (_gate)
        {
            (_planned, _total, _expected) = (tests, tests, expected);
            EnsureSlots(workers);
        }
    }

    /// <summary>Tells what each test is expected to take, so that progress counts seconds and not tests.</summary>
    public void Expect(UnitPlanned unit)
    {
        lock (_gate)
        {
            foreach (var test in unit.Tests)
            {
                var expectation = new Expectation(test.Cases, TimeSpan.FromSeconds(test.Seconds));
                if (_expectations.TryAdd(new TestRef(unit.Assembly, test.Case), expectation))
                    _predictedTotal += expectation.Duration;
            }
        }
    }

    public void Start(TestStarted test)
    {
        lock (_gate)
        {
            var worker = test.Worker;
            EnsureSlots(worker + 1);
            // A host reports what it runs again and again; only the first time is the start.
            if (_slots[worker] is { Test: { } running, HasResult: false } && running.Test == test.Test)
                return;
            _slots[worker] = new Slot(test, time.GetTimestamp(), false, Slow);
        }
    }

    public void Finish(TestRecord test, bool isFinal)
    {
        lock (_gate)
        {
            MarkResult(test);
            var row = (new TestRef(test.Assembly, test.CaseId), test.Row);
            if (_open.Remove(row, out var number) && number < test.Final.Number)
                _runAgain++;
            if (!isFinal)
            {
                _open[row] = test.Final.Number;
                return;
            }

            _failed += test.Outcome is TestOutcome.Passed or TestOutcome.Skipped ? 0 : 1;
            if (WasDone(test))
                return;
            _done++;
            _flaky += test.IsFlaky ? 1 : 0;
            CountExpectation(test);
        }
    }

    public void Idle(int worker)
    {
        lock (_gate)
        {
            EnsureSlots(worker + 1);
            _slots[worker] = default;
        }
    }

    public ProgressSnapshot Snapshot()
    {
        lock (_gate)
        {
            var workers = ImmutableArray.CreateBuilder<WorkerProgress>(_slots.Count);
            for (var worker = 0; worker < _slots.Count; worker++)
                workers.Add(WorkerAt(worker));
            return new ProgressSnapshot(
                _phases, time.GetElapsedTime(_startedAt), _planned, _total, _done, _failed, _flaky, _runAgain + _open.Count, TimeLeft(),
                workers.MoveToImmutable());
        }
    }

    /// <summary>The workers whose test has become slow, or slow twice over, since this was asked last.</summary>
    public ImmutableArray<WorkerProgress> NewlySlow()
    {
        lock (_gate)
        {
            var slow = ImmutableArray<WorkerProgress>.Empty;
            for (var worker = 0; worker < _slots.Count; worker++)
            {
                var slot = _slots[worker];
                if (slot.Test is null || time.GetElapsedTime(slot.StartedAt) < slot.AnnounceAt)
                    continue;
                slow = slow.Add(WorkerAt(worker));
                _slots[worker] = slot with { AnnounceAt = slot.AnnounceAt * 2 };
            }

            return slow;
        }
    }

    private WorkerProgress WorkerAt(int worker)
    {
        var slot = _slots[worker];
        return slot.Test is null ? new WorkerProgress(worker, null, default, false)
            : new WorkerProgress(worker, slot.Test, time.GetElapsedTime(slot.StartedAt), slot.HasResult);
    }

    private void EnsureSlots(int workers)
    {
        while (_slots.Count < workers)
            _slots.Add(default);
    }

    private void MarkResult(TestRecord test)
    {
        var worker = test.Final.Worker;
        if (worker >= 0 && worker < _slots.Count && _slots[worker].Test is { } running && running.Test.Case == test.CaseId)
            _slots[worker] = new Slot(running, time.GetTimestamp(), true, Slow);
    }

    // A test that was done runs again because another row of it has to, or because it is to run several times.
    private bool WasDone(TestRecord test) => test.Repeats is null
        ? test.Attempts is [.., { Outcome: TestOutcome.Passed or TestOutcome.Skipped }, _]
        : !_repeated.Add((new TestRef(test.Assembly, test.CaseId), test.Row));

    private void CountExpectation(TestRecord test)
    {
        if (!_expectations.TryGetValue(new TestRef(test.Assembly, test.CaseId), out var expectation))
        {
            _total = Math.Max(_total, _done);
            return;
        }

        expectation.Results++;
        if (expectation.Results == 1)
            _predictedDone += expectation.Duration;
        // The test gave more rows than discovery could tell apart.
        if (expectation.Results > expectation.Cases)
            _total++;
    }

    // The estimate begins as the plan's and turns into what the run shows; it is never less than what one running test has left.
    private TimeSpan? TimeLeft()
    {
        var elapsed = time.GetElapsedTime(_phaseStartedAt);
        if (!_phases.Contains(PhaseNames.Tests) || _done >= _total)
            return null;
        var running = Running();
        var done = _predictedTotal > TimeSpan.Zero
            ? Math.Min(1, (_predictedDone + running.Spent) / _predictedTotal)
            : (double)_done / _total;
        if (_expected <= TimeSpan.Zero && done <= 0)
            return null;
        var left = _expected > TimeSpan.Zero ? (1 - done) * ((_expected * (1 - done)) + elapsed) : elapsed * ((1 - done) / done);
        return left > running.Longest ? left : running.Longest;
    }

    private (TimeSpan Spent, TimeSpan Longest) Running()
    {
        var (spent, longest) = (TimeSpan.Zero, TimeSpan.Zero);
        foreach (var slot in _slots)
        {
            if (slot.Test is null || slot.HasResult || !_expectations.TryGetValue(slot.Test.Test, out var expectation)
                || expectation.Results > 0)
                continue;
            var elapsed = time.GetElapsedTime(slot.StartedAt);
            var left = expectation.Duration - elapsed;
            spent += left > TimeSpan.Zero ? elapsed : expectation.Duration;
            longest = left > longest ? left : longest;
        }

        return (spent, longest);
    }

    private readonly record struct Slot(TestStarted? Test, long StartedAt, bool HasResult, TimeSpan AnnounceAt);

    private sealed class Expectation(int cases, TimeSpan duration)
    {
        public int Cases { get; } = cases;
        public TimeSpan Duration { get; } = duration;
        public int Results { get; set; }
    }
}
