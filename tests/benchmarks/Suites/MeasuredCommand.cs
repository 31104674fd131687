using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ConcurrentTesting.Benchmarks.Suites;

/// <summary>What a command took.</summary>
/// <param name="Seconds">Wall time.</param>
/// <param name="CpuSeconds">Of its process and all below it that were waited for.</param>
internal sealed record MeasuredCommand(double Seconds, double CpuSeconds, int ExitCode, string Output)
{
    // https://man7.org/linux/man-pages/man2/getrusage.2.html
    private const int OfChildren = -1;
    private const int LongsOfUsage = 18;
    private const double Microseconds = 1_000_000;

    public static Task<MeasuredCommand> RunAsync(string folder, params string[] arguments) => RunAsync(folder, [], arguments);

    /// <param name="environment">Of the command, beside what it inherits.</param>
    public static Task<MeasuredCommand> RunAsync(string folder, IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments) =>
        RunProgramAsync("dotnet", folder, environment, arguments);

    /// <inheritdoc cref="RunAsync(string, IEnumerable{KeyValuePair{string, string}}, string[])"/>
    public static async Task<MeasuredCommand> RunProgramAsync(
        string program, string folder, IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var before = CpuOfChildren();
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        var seconds = watch.Elapsed.TotalSeconds;
        return new MeasuredCommand(seconds, CpuOfChildren() - before, process.ExitCode, string.Join('\n', await output));
    }

    private static double CpuOfChildren()
    {
        var usage = new long[LongsOfUsage];
        return OperatingSystem.IsLinux() && GetUsage(OfChildren, usage) == 0
            ? usage[0] + usage[2] + ((usage[1] + usage[3]) / Microseconds)
            : 0;
    }

    [DllImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetUsage(int who, long[] usage);
}
