namespace ConcurrentTesting;

/// <summary>In which order a worker's batches, and the classes in a batch, run.</summary>
public enum TestOrder
{
    /// <summary>What failed in its last run comes first, then the longest.</summary>
    FailedFirst,

    /// <summary>The longest comes first.</summary>
    LongestFirst,

    /// <summary>The seed decides the order.</summary>
    Random,
}
