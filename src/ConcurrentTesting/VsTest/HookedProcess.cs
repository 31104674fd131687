using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.VsTest;

/// <summary>A test process that the hook was loaded in.</summary>
/// <param name="IsAlive">False from the moment the kernel closed its connection, which is when it died.</param>
/// <param name="EndedByItself">
/// It said that it ends. A test host that VSTest ends hard does not; xunit v3's test process does unless it crashed.
/// </param>
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
internal sealed record ProcessExit(bool IsKilled, int Status)
{
    // The runtime adds this to the number of a signal that ended a child, as shells do.
    private const int SignalBase = 128;

    // After these signals no program is left that could exit: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGSEGV, SIGSYS. OwnEnd
    // has fewer, because a SIGKILL comes from outside.
    private static readonly int[] SignalsThatEnd = [4, 5, 6, 7, 8, 9, 11, 31];

    /// <summary>Reads the exit code that the runtime tells of a child, in which a signal and an exit with a number above 128 are the
    /// same.</summary>
    public static ProcessExit OfCode(int code) =>
        SignalsThatEnd.Contains(code - SignalBase) ? new ProcessExit(true, code - SignalBase) : new ProcessExit(false, code);

    /// <summary>What it was where the process is known to have exited.</summary>
    public ProcessExit AsExit() => IsKilled ? new ProcessExit(false, SignalBase + Status) : this;
}
