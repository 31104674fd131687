using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace ConcurrentTesting.Console.Terminal;

/// <summary>Windows obeys control sequences only when asked to (https://learn.microsoft.com/windows/console/setconsolemode,
/// ENABLE_VIRTUAL_TERMINAL_PROCESSING).</summary>
[SupportedOSPlatform("windows")]
internal static class WindowsConsole
{
    private const int StandardOutput = -11;
    private const uint VirtualTerminalProcessing = 0x0004;

    /// <summary>Asks for control sequences; false where this console cannot.</summary>
    public static bool EnableControlSequences()
    {
        var output = GetStdHandle(StandardOutput);
        return GetConsoleMode(output, out var mode)
            && ((mode & VirtualTerminalProcessing) != 0 || SetConsoleMode(output, mode | VirtualTerminalProcessing));
    }

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern nint GetStdHandle(int handle);

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetConsoleMode(nint handle, out uint mode);

    [DllImport("kernel32.dll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetConsoleMode(nint handle, uint mode);
}
