namespace ConcurrentTesting;

/// <summary>How a run ended, as the process's exit code. Where several apply, the first is taken in the order cancelled, refused, bad
/// settings, incomplete, failed.</summary>
public enum ConcurrentTestExitCode
{
    /// <summary>All tests that ran passed.</summary>
    Success = 0,

    /// <summary>Tests failed, crashed or timed out.</summary>
    TestsFailed = 1,

    /// <summary>The verdict is not complete: a build failed, infrastructure failed for good, tests never ran, or there were none.</summary>
    Incomplete = 2,

    /// <summary>A guard refused the run, or a right is missing.</summary>
    Refused = 3,

    /// <summary>A setting is wrong; nothing was started.</summary>
    BadSettings = 4,

    /// <summary>The run was cancelled.</summary>
    Cancelled = 130,
}
