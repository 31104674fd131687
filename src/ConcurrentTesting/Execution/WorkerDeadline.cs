namespace ConcurrentTesting.Execution;

/// <summary>The end of a worker's time, counted from its first batch.</summary>
/// <param name="limit">Null: it may work as long as it likes.</param>
internal sealed class WorkerDeadline(TimeProvider time, TimeSpan? limit)
{
    private readonly long _started = time.GetTimestamp();

    /// <summary>What is wrong once the time is up; null before.</summary>
    public string? Fault => limit is { } bound && time.GetElapsedTime(_started) > bound
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"the worker's {bound.TotalSeconds:0.###} s are over (--test-worker-timeout); it takes no more work.")
        : null;
}
