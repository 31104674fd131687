using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ConcurrentTesting.Benchmarks.Overhead;

/// <summary>
/// What measuring costs a whole run of ConcurrentTest: the build's own process, vstest.consoles and test hosts from their start to their end, with and without measuring
/// in turn. On Linux.
/// </summary>
internal static partial class WholeRuns
{
    private const int Children = -1;
    private const int BecomeSubreaper = 36;
    private const int NoWaiting = 1;

    /// <summary>CPU seconds.</summary>
    /// <param name="Without">The median without measuring.</param>
    /// <param name="Difference">The median of what measuring added, round by round.</param>
    /// <param name="Error">The standard error of the differences' mean.</param>
    internal sealed record Cost(double Without, double Difference, double Error);

    /// <param name="build">The assembly of this repository's build.</param>
    public static async Task<Cost> RunAsync(string build, string assembly, string connectionString, int rounds)
    {
        _ = SetProcess(BecomeSubreaper, 1);
        var without = new List<double>();
        var differences = new List<double>();
        for (var round = 0; round <= rounds; round++)
        {
            var measuredFirst = round % 2 == 0;
            var first = await CpuAsync(build, assembly, connectionString, measuredFirst);
            var second = await CpuAsync(build, assembly, connectionString, !measuredFirst);

            // The first round warms the file cache and writes timings.
            if (round == 0)
                continue;
            var (on, off) = measuredFirst ? (first, second) : (second, first);
            without.Add(off);
            differences.Add(on - off);
        }

        var mean = differences.Average();
        var error = Math.Sqrt(differences.Sum(difference => (difference - mean) * (difference - mean))) / differences.Count;
        return new Cost(OverheadBenchmark.Median(without), OverheadBenchmark.Median(differences), error);
    }

    private static async Task<double> CpuAsync(string build, string assembly, string connectionString, bool measured)
    {
        var results = Path.Combine(Path.GetTempPath(), $"overhead-{Environment.ProcessId}");
        var before = ChildrenCpu();
        using var run = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                build, "ConcurrentTest", "--workers", "4", "--test-projects", assembly, "--test-filter", "FullyQualifiedName~BenchmarkTests.OneQuery",
                "--test-database", "postgresql", "--test-environment", "MEASURED_CONNECTION_STRING={ConnectionString}",
                "--test-measure", measured ? "true" : "false", "--test-max-operations", "1000000",
                "--test-results-directory", results, "--test-timings", Path.Combine(results, "kept-timings.json"),
            },
            Environment = { ["NUKE_TEST_CONNECTION_STRING"] = connectionString },
            RedirectStandardOutput = true,
        })!;
        var output = await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();

        // Test hosts whose vstest.console ended before them have become this process's, and count when they are waited for.
        while (WaitFor(-1, 0, NoWaiting) >= 0)
            await Task.Delay(1);
        return run.ExitCode == 0 ? ChildrenCpu() - before : throw new InvalidOperationException(output);
    }

    // Of ended processes that were waited for, and of theirs.
    private static double ChildrenCpu()
    {
        _ = GetUsage(Children, out var usage);
        return usage.UserSeconds + usage.SystemSeconds + ((usage.UserMicroseconds + usage.SystemMicroseconds) / 1e6);
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int who, out Usage usage);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int SetProcess(int option, nint value);

    [LibraryImport("libc", EntryPoint = "waitpid")]
    private static partial int WaitFor(int processId, nint status, int options);

    [StructLayout(LayoutKind.Sequential, Size = 144)]
    private struct Usage
    {
        public long UserSeconds;
        public long UserMicroseconds;
        public long SystemSeconds;
        public long SystemMicroseconds;
    }
}
