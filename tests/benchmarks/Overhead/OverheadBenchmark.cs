using System.Globalization;
using ConcurrentTesting.Catalog;
using Measured.Runner;

namespace ConcurrentTesting.Benchmarks.Overhead;

/// <summary>
/// What the hook costs: the same rows with and without it in turn, on one console. Compared is the CPU time of the test processes, because wall time says more about the
/// machine; the medians, because a machine is busy now and then.
/// </summary>
internal static class OverheadBenchmark
{
    /// <summary>Where the test processes write their CPU time.</summary>
    public static string CpuFile { get; } = Path.Combine(Path.GetTempPath(), $"overhead-{Environment.ProcessId}.cpu");

    /// <summary>CPU seconds of one run of all rows.</summary>
    /// <param name="Without">The median without the hook.</param>
    /// <param name="Difference">The median of what the hook added, round by round.</param>
    internal sealed record Cost(int Tests, double Without, double Difference);

    public static async Task<Cost> RunAsync(TestAssembly assembly, int rounds, string method)
    {
        await using var suite = await SuiteSession.StartAsync(assembly, measure: true);
        var entries = suite.Entries.Values.Where(entry => entry.ClassName.EndsWith("BenchmarkTests", StringComparison.Ordinal) && entry.MethodName == method).ToArray();
        var batch = 0;
        var rows = await InterleavedRounds.RunAsync(rounds, hooked => CpuAsync(suite, entries, ++batch, hooked));
        return new Cost(entries.Sum(entry => entry.CaseCount), rows.Without, rows.Difference);
    }

    private static async Task<double> CpuAsync(SuiteSession suite, TestEntry[] entries, int batch, bool hooked)
    {
        File.Delete(CpuFile);
        var handler = await suite.RunAsync(entries, batch, hooked, () => { });
        if (hooked)
            await suite.Hooks.CollectAsync(batch, default);
        if (handler.IsAborted || handler.Results.Count != entries.Sum(entry => entry.CaseCount))
            throw new InvalidOperationException($"{handler.Results.Count} results");

        return File.ReadLines(CpuFile).Sum(line => double.Parse(line, CultureInfo.InvariantCulture)) / 1_000_000;
    }
}
