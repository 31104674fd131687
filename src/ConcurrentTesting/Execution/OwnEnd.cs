using ConcurrentTesting.TestHook.Wire;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

/// <summary>Tells a test process that ended itself, which is red as in <c>dotnet test</c>, from one that was ended from outside, which is
/// healed: by the hook's last word in it, by the exit code or the signal that its parent was told, by what it wrote to its error
/// stream.</summary>
/// <param name="How">In a few words: <c>it exited with code 3</c>.</param>
internal sealed record OwnEnd(string How, string? StackTrace)
{
    // A .NET program that a signal tells to end exits with 128 and the signal's number.
    private const int SignalBase = 128;

    private static readonly int[] SignalsToEnd = [1, 2, 3, 15];

    // The kernel or the runtime raises these signals for a fault of the program itself; others come from outside.
    private static readonly Dictionary<int, string> SignalsOfCrashes = new()
    {
        [4] = "SIGILL",
        [5] = "SIGTRAP",
        [6] = "SIGABRT",
        [7] = "SIGBUS",
        [8] = "SIGFPE",
        [11] = "SIGSEGV",
        [31] = "SIGSYS",
    };

    /// <summary>The exception that ended it, with its type first; null where it was none.</summary>
    public string? Exception { get; init; }

    /// <summary>Null where nobody can say that the process ended itself.</summary>
    /// <param name="processes">Those of the batch, as they were when it died.</param>
    /// <param name="fault">What the host said.</param>
    public static OwnEnd? Of(ImmutableArray<HookedProcess> processes, string fault)
    {
        // The child of a test host that died (xunit v3) only followed it.
        var dead = processes.FirstOrDefault(process => process is { Role: HookedProcessRole.TestHost, IsAlive: false })
            ?? processes.LastOrDefault(process => process is { Role: HookedProcessRole.TestProcess, IsAlive: false });
        if (dead?.Unhandled is { } unhandled)
        {
            return new OwnEnd(
                $"an exception that nobody handled: {unhandled.Message}", unhandled.StackTrace)
            { Exception = unhandled.Message };
        }

        var written = LastWords.In(fault);
        if (HowOf(dead, written is not null) is not { } how)
            return null;
        return written is null ? new OwnEnd(how, null) : new OwnEnd($"{how}: {LastWords.Reason(written)}", written);
    }

    private static string? HowOf(HookedProcess? dead, bool hasWritten) =>
        dead?.Exit is { } exit ? HowOf(exit)
        : dead is { EndedByItself: true } ? "it exited"
        : hasWritten ? "it crashed"
        : null;

    private static string? HowOf(ProcessExit exit) =>
        exit.IsKilled ? SignalsOfCrashes.GetValueOrDefault(exit.Status)
        : SignalsToEnd.Contains(exit.Status - SignalBase) ? null
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"it exited with code {exit.Status}");
}
