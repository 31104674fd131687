namespace ConcurrentTesting.Scheduling;

/// <summary>A batch that a machine has for a while, among several machines.</summary>
/// <param name="number">The later one for the same tests counts.</param>
/// <param name="time">What its time is measured by.</param>
/// <param name="limit">How long the batch may go on without the lease being renewed; null: nothing but its results is at stake.</param>
/// <param name="renewedAt">When the lease had begun at the latest.</param>
internal sealed class BatchLease(long number, TimeProvider? time = null, TimeSpan? limit = null, long renewedAt = 0)
{
    private long _renewedAt = renewedAt;
    private volatile bool _isTaken;
    private volatile bool _isDropped;
    private volatile bool _hasBegun;

    public long Number => number;

    /// <summary>Another machine may have the batch now: what this one says of it does not count.</summary>
    public bool IsTaken => _isTaken;

    /// <summary>It was not renewed in time, and nothing may run beside the batch, so this machine has ended it.</summary>
    public bool IsDropped => _isDropped;

    /// <summary>One of its tests runs, or ran: the time that they may take has begun.</summary>
    public bool HasBegun => _hasBegun;

    public void Take() => _isTaken = true;

    public void Begin() => _hasBegun = true;

    /// <param name="at">When the machine asked for it.</param>
    public void Renew(long at) => Volatile.Write(ref _renewedAt, at);

    /// <summary>Drops the batch where another machine may begin its tests soon.</summary>
    /// <returns>Whether it is dropped.</returns>
    public bool DropWhenLate()
    {
        if (time is not null && limit is not null && time.GetElapsedTime(Volatile.Read(ref _renewedAt)) > limit)
            _isDropped = true;
        return _isDropped;
    }
}
