using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.Metrics.Measuring;

/// <summary>A test process that the hook was loaded in.</summary>
/// <param name="IsAlive">False from the moment the kernel closed its connection, which is when it died.</param>
/// <param name="EndedByItself">It said that it ends. A test host that VSTest ends hard does not; xunit v3's test process does unless it crashed.</param>
internal sealed record HookedProcess(int Id, HookedProcessRole Role, bool IsAlive, bool EndedByItself)
{
    /// <summary>The exception that nobody handled and that ended it; null where it told of none.</summary>
    public UnhandledException? Unhandled { get; init; }

    /// <summary>How it ended, as its parent was told; null where that is not known.</summary>
    public ProcessExit? Exit { get; init; }
}

/// <summary>An exception that ended a test process.</summary>
/// <param name="Message">Its type and message.</param>
internal sealed record UnhandledException(string Message, string StackTrace);

/// <summary>How a process ended.</summary>
/// <param name="IsKilled">A signal ended it.</param>
/// <param name="Status">The exit code, or the signal's number.</param>
internal sealed record ProcessExit(bool IsKilled, int Status);
