using System.Diagnostics;

/// <summary>The .NET command line, whose output goes to the console as it comes.</summary>
internal static class DotNet
{
    public static int Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { UseShellExecute = false })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
