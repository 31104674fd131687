namespace ConcurrentTesting.Scheduling;

/// <summary>A batch that a machine has for a while, among several machines.</summary>
/// <param name="number">The later one for the same tests counts.</param>
internal sealed class BatchLease(long number)
{
    private volatile bool _isTaken;
    private volatile bool _hasBegun;

    public long Number => number;

    /// <summary>Another machine may have the batch now: what this one says of it does not count.</summary>
    public bool IsTaken => _isTaken;

    /// <summary>One of its tests runs, or ran: the time that they may take has begun.</summary>
    public bool HasBegun => _hasBegun;

    public void Take() => _isTaken = true;

    public void Begin() => _hasBegun = true;
}
