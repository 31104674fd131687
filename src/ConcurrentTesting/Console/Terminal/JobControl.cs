using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace ConcurrentTesting.Console.Terminal;

/// <summary>Ctrl-Z: the terminal goes back to the shell until <c>fg</c>.</summary>
[UnsupportedOSPlatform("windows")]
internal static class JobControl
{
    // SIGSTOP has this number on Linux, and another one on macOS and the BSDs (signal(7)).
    private const int StopSignalLinux = 19;
    private const int StopSignalBsd = 17;

    /// <summary>Makes Ctrl-Z stop this process inside <paramref name="leaveTerminal"/>, which is to hide the block first.</summary>
    public static IDisposable StopWithin(Action<Action> leaveTerminal) =>
        PosixSignalRegistration.Create(PosixSignal.SIGTSTP, _ => leaveTerminal(Stop));

    // With a handler registered, .NET does not stop by itself.
    private static void Stop() => _ = Kill(Environment.ProcessId, OperatingSystem.IsLinux() ? StopSignalLinux : StopSignalBsd);

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
