namespace ConcurrentTesting;

/// <summary>How a test ended, its last attempt.</summary>
public enum ConcurrentTestOutcome
{
    /// <summary>It passed.</summary>
    Passed,

    /// <summary>It failed.</summary>
    Failed,

    /// <summary>It was skipped, or its failure is quarantined.</summary>
    Skipped,

    /// <summary>It was asked for and gave no result.</summary>
    Error,

    /// <summary>It ran longer than allowed and was ended.</summary>
    TimedOut,
}
