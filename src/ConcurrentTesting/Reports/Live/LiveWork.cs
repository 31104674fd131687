namespace ConcurrentTesting.Reports.Live;

/// <summary>What a run that goes on does besides its results: phases, batches, the tests that run now. Not thread-safe.</summary>
internal sealed class LiveWork
{
    private readonly OpenWork _open = new();
    private readonly List<PhaseSpan> _phases = [];
    private readonly List<BatchRecord> _batches = [];
    private readonly List<WorkSpan> _spans = [];

    public ImmutableArray<TestStarted> Running => _open.Tests;

    /// <summary>Those that are over.</summary>
    public ImmutableArray<PhaseSpan> Phases => [.. _phases];

    public ImmutableArray<PhaseStarted> OpenPhases => _open.Phases;

    /// <summary>The batches that are over, from the one that <paramref name="first"/> counts.</summary>
    public ImmutableArray<BatchRecord> BatchesFrom(int first) => [.. _batches.Skip(first)];

    /// <summary>What the workers did beside their tests, from the one that <paramref name="first"/> counts.</summary>
    public ImmutableArray<WorkSpan> SpansFrom(int first) => [.. _spans.Skip(first)];

    public void Apply(RunEvent happened)
    {
        switch (happened)
        {
            case PhaseStarted phase:
                _open.Add(phase);
                break;
            case PhaseEnded phase:
                _open.End(phase);
                _phases.Add(phase.Span);
                break;
            case LeaseTaken lease:
                _spans.AddRange(lease.Spans);
                break;
            case TestStarted test:
                _open.Add(test);
                break;
            case AttemptEnded ended:
                _open.EndTest(ended.Attempt.Worker, ended.Test);
                break;
            case WorkerIdle idle:
                _open.EndTest(idle.Worker);
                break;
            case BatchEnded ended:
                _open.End(ended);
                _batches.Add(ended.Batch);
                break;
        }
    }
}
