namespace ConcurrentTesting.Record;

/// <summary>What has begun and not ended at a moment of a run.</summary>
internal sealed class OpenWork
{
    private readonly Dictionary<string, PhaseStarted> _phases = [];
    private readonly Dictionary<int, BatchStarted> _batches = [];
    private readonly Dictionary<int, TestStarted> _tests = [];
    private readonly Dictionary<int, TestStarted> _latest = [];

    public ImmutableArray<PhaseStarted> Phases => [.. _phases.Values];

    public ImmutableArray<BatchStarted> Batches => [.. _batches.Values.OrderBy(batch => batch.Number)];

    /// <summary>The test that each worker runs.</summary>
    public ImmutableArray<TestStarted> Tests => [.. _tests.Values];

    /// <summary>The test that each worker ran last in its batch, whether or not a result came: it may have more rows to give.</summary>
    public ImmutableArray<TestStarted> Latest => [.. _latest.Values];

    public void Add(PhaseStarted phase) => _phases[phase.Phase] = phase;

    public void Add(BatchStarted batch) => _batches[batch.Number] = batch;

    public void Add(TestStarted test) => _tests[test.Worker] = _latest[test.Worker] = test;

    public void End(PhaseEnded phase) => _phases.Remove(phase.Phase);

    public void End(BatchEnded ended)
    {
        _batches.Remove(ended.Batch.Number);
        _tests.Remove(ended.Batch.Worker);
        _latest.Remove(ended.Batch.Worker);
    }

    public void EndTest(int worker) => _tests.Remove(worker);

    // A test's result may come after the next test's begin, and must not end that one.
    public void EndTest(int worker, TestRef test)
    {
        if (_tests.TryGetValue(worker, out var running) && running.Test == test)
            _tests.Remove(worker);
    }
}
