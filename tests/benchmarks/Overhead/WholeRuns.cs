using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ConcurrentTesting.Benchmarks.Overhead;

/// <summary>
/// What measuring costs a whole run of ConcurrentTest: the build's own process, vstest.consoles and test hosts from their start to their end, with and without measuring
/// in turn. On Linux.
/// </summary>
/// <param name="build">The assembly of this repository's build.</param>
/// <param name="connectionString">The server's.</param>
internal sealed partial class WholeRuns(string build, string connectionString)
{
    private const int Children = -1;
    private const int BecomeSubreaper = 36;
    private const int NoWaiting = 1;

    /// <summary>In CPU seconds.</summary>
    public async Task<InterleavedRounds> CompareAsync(string assembly, int rounds)
    {
        _ = SetProcess(BecomeSubreaper, 1);
        return await InFolderAsync(results => InterleavedRounds.RunAsync(rounds, measured => CpuAsync(Command(assembly, results, measured))));
    }

    /// <summary>The shares of <see cref="SampledRun"/> in one run.</summary>
    public Task<IReadOnlyList<double>> SampleAsync(string assembly) =>
        InFolderAsync(results => SampledRun.RunAsync(Command(assembly, results, measured: true)));

    private static async Task<T> InFolderAsync<T>(Func<string, Task<T>> run)
    {
        var folder = Directory.CreateTempSubdirectory("overhead-");
        try
        {
            return await run(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<double> CpuAsync(ProcessStartInfo command)
    {
        var before = ChildrenCpu();
        using var run = Process.Start(command)!;
        var output = await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();

        // Test hosts whose vstest.console ended before them have become this process's, and count when they are waited for.
        while (WaitFor(-1, 0, NoWaiting) >= 0)
            await Task.Delay(1);
        return run.ExitCode == 0 ? ChildrenCpu() - before : throw new InvalidOperationException(output);
    }

    private ProcessStartInfo Command(string assembly, string results, bool measured) => new("dotnet")
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
    };

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
