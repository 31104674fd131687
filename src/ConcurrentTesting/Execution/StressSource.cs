using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Execution;

/// <summary>Runs the batches of a plan again and again: each that is done comes back at the end of the queue until its tests have run often
/// enough, or long enough. The other source decides what else follows from a batch's end.</summary>
internal sealed class StressSource : IBatchSource
{
    /// <summary>Every attempt is kept until the reports are written, so there is an end to them, whatever was asked for.</summary>
    internal const int MostCases = 1_000_000;

    private readonly IBatchSource _source;
    private readonly RunContext _run;
    private readonly StressGoal _goal;
    private readonly int _copies;
    private readonly long _started;
    private long _cases;
    private int _isFull;

    private StressSource(IBatchSource source, RunContext run, StressGoal goal, int copies)
    {
        (_source, _run, _goal, _copies) = (source, run, goal, copies);
        _started = run.Time.GetTimestamp();
    }

    /// <summary>The source itself where tests do not run again and again.</summary>
    public static IBatchSource Over(IBatchSource source, Plan plan, RunContext run) =>
        StressGoal.Read(run.Settings.Stress) is { } goal ? new StressSource(source, run, goal, Repeats.CopiesOf(plan)) : source;

    public ValueTask<Batch?> TakeAsync(int worker, CancellationToken cancellationToken) => _source.TakeAsync(worker, cancellationToken);

    public Task Planned => _source.Planned;

    public void Started(int worker, TimeSpan took) => _source.Started(worker, took);

    public string? ReasonNotToBegin(int worker) => _source.ReasonNotToBegin(worker);

    public void BeginNoMore(string reason) => _source.BeginNoMore(reason);

    public BatchVerdict Judge(BatchEnd end) => _source.Judge(end);

    public ValueTask CompleteAsync(Batch batch, int worker, BatchVerdict? verdict)
    {
        if (NextOf(batch) is { } next)
        {
            // A batch that never started is requeued, as it would be without a further time.
            verdict ??= new BatchVerdict([batch with { NotOnWorker = worker, Reason = BatchReasons.Requeue }], []);
            verdict = verdict with { Again = verdict.Again.Add(next) };
        }

        return _source.CompleteAsync(batch, worker, verdict);
    }

    public void Leave(int worker) => _source.Leave(worker);

    public bool TryLeave(int worker) => _source.TryLeave(worker);

    // Where several batches of the same tests run side by side, each has every second time, or every third, and so on.
    private Batch? NextOf(Batch batch)
    {
        if (!Repeats.IsWhole(batch))
            return null;
        var round = (batch.Round ?? 1) + _copies;
        var cases = Interlocked.Add(ref _cases, batch.CaseCount);
        var isOver = _run.Stop.Reason is not null || _goal.IsReached(round, _run.Time.GetElapsedTime(_started)) || IsFull(cases);
        return isOver ? null : Repeats.Again(batch, round);
    }

    private bool IsFull(long cases)
    {
        if (cases < MostCases)
            return false;
        if (Interlocked.Exchange(ref _isFull, 1) == 0)
        {
            _run.Recorder.Report(
                IncidentKinds.StressBound,
                FormattableString.Invariant($"The tests ran {cases:N0} times in all, and no more is held in memory: --test-stress {_run.Settings.Stress} ends here."));
        }

        return true;
    }
}
