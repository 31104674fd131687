namespace ConcurrentTesting.Reports.Prometheus;

/// <summary>The tests of a run that goes on. A failure that may be taken back by a rerun is not counted yet, and neither is a test that has
/// passed some of several times: a counter must not decrease.</summary>
internal sealed class LiveTests : IRunObserver
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(TestRef Test, int Row), TestRecord> _settled = [];
    private readonly Dictionary<int, TestStarted> _running = [];

    /// <summary>Those whose results are final, as of now.</summary>
    public ImmutableArray<TestRecord> Settled
    {
        get
        {
            lock (_gate)
                return [.. _settled.Values];
        }
    }

    /// <summary>How many are running.</summary>
    public int Active
    {
        get
        {
            lock (_gate)
                return _running.Count;
        }
    }

    public void TestStarted(TestStarted started)
    {
        lock (_gate)
            _running[started.Worker] = started;
    }

    public void TestFinished(TestRecord test, bool isFinal)
    {
        lock (_gate)
        {
            if (isFinal && (test.Repeats is null || DecidingAttempt.IsFailure(test.Final)))
                _settled[(new TestRef(test.Assembly, test.CaseId), test.Row)] = test;

            // A test's result may come after the next test's begin, and must not end that one.
            if (_running.TryGetValue(test.Final.Worker, out var running) && running.Test.Case == test.CaseId)
                _running.Remove(test.Final.Worker);
        }
    }

    public void WorkerIdle(int worker)
    {
        lock (_gate)
            _running.Remove(worker);
    }
}
