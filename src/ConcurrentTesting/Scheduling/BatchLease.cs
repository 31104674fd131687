namespace ConcurrentTesting.Scheduling;

/// <summary>A batch that a machine has for a while, among several machines.</summary>
/// <param name="number">The later one for the same tests counts.</param>
internal sealed class BatchLease(long number)
{
    private volatile bool _isTaken;

    public long Number => number;

    /// <summary>Another machine may have the batch now: what this one says of it does not count.</summary>
    public bool IsTaken => _isTaken;

    public void Take() => _isTaken = true;
}
