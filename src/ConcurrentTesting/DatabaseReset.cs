namespace ConcurrentTesting;

/// <summary>When a worker's databases are replaced by fresh clones.</summary>
public enum DatabaseReset
{
    /// <summary>A worker keeps its databases.</summary>
    Never,

    /// <summary>Fresh clones come before each batch of tests.</summary>
    Batch,

    /// <summary>Fresh clones come before each test class.</summary>
    Class,
}
