using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Execution;

/// <summary>The plan's queue and the accounting of this process.</summary>
internal sealed class LocalBatchSource(BatchQueue queue, Accounting accounting, WorkerStarts starts) : IBatchSource
{
    public ValueTask<Batch?> TakeAsync(int worker, CancellationToken cancellationToken) => queue.TakeAsync(worker, cancellationToken);

    public Task Planned => queue.Planned;

    public BatchVerdict Judge(BatchEnd end) => accounting.Judge(end);

    public ValueTask CompleteAsync(Batch batch, int worker, BatchVerdict? verdict)
    {
        queue.Complete(batch, verdict?.Again ?? [batch with { NotOnWorker = worker, Reason = BatchReasons.Requeue }]);
        return ValueTask.CompletedTask;
    }

    public void Started(int worker, TimeSpan took) => queue.Started(worker, took);

    public string? ReasonNotToBegin(int worker) => starts.ReasonOf(worker);

    public void BeginNoMore(string reason) => starts.NoMore(reason);

    public void Leave(int worker) => queue.Leave(worker);

    public bool TryLeave(int worker) => queue.TryLeave(worker);
}
