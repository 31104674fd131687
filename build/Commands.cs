using System.Diagnostics;

/// <summary>Commands whose output goes to the console as it comes.</summary>
internal static class Commands
{
    public static int Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
