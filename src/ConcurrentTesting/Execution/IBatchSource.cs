using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Execution;

/// <summary>Where workers take their work from, and report what happened to it.</summary>
internal interface IBatchSource
{
    /// <summary>How long a batch that is there takes to arrive at most.</summary>
    TimeSpan Latency => TimeSpan.Zero;

    /// <summary>The next batch for a worker; waits while others hold work that may come back; null when all is done.</summary>
    ValueTask<Batch?> TakeAsync(int worker, CancellationToken cancellationToken);

    /// <summary>What follows from the end of a batch. Nothing of it runs before <see cref="CompleteAsync"/>.</summary>
    BatchVerdict Judge(BatchEnd end);

    /// <summary>Gives a batch back; what has to run again may be taken from now on.</summary>
    /// <param name="verdict">Null where it was never begun: it goes to another worker as it is.</param>
    ValueTask CompleteAsync(Batch batch, int worker, BatchVerdict? verdict);

    /// <summary>A worker's first test begins, so long after the worker had taken its first batch.</summary>
    void Started(int worker, TimeSpan took)
    {
    }

    /// <summary>Completes when the plan is known; until then, whoever waits will have something to do.</summary>
    Task Planned => Task.CompletedTask;

    /// <summary>Why a worker never took anything; null where there was nothing to take.</summary>
    string? ReasonNotToBegin(int worker) => null;

    /// <summary>Lets no further worker begin while another is at work.</summary>
    /// <param name="reason">The reason in words for people.</param>
    void BeginNoMore(string reason)
    {
    }

    /// <summary>A worker stops for good: the other workers may take the batches that were reserved for it.</summary>
    void Leave(int worker);

    /// <summary>Takes a worker out, unless nobody else would be left.</summary>
    /// <returns>Whether the worker is to stop.</returns>
    bool TryLeave(int worker);
}
