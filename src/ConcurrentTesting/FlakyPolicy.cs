namespace ConcurrentTesting;

/// <summary>What a test that failed at first and passed when it was rerun means for the verdict.</summary>
public enum FlakyPolicy
{
    /// <summary>It passed, and is reported as flaky.</summary>
    Pass,

    /// <summary>The run fails.</summary>
    Fail,
}
