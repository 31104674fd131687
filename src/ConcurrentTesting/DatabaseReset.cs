namespace ConcurrentTesting;

/// <summary>When a worker's databases are replaced by fresh clones.</summary>
public enum DatabaseReset
{
    /// <summary>A worker keeps its databases.</summary>
    Never,

    /// <summary>Before each batch of tests.</summary>
    Batch,

    /// <summary>Before each test class.</summary>
    Class,
}
