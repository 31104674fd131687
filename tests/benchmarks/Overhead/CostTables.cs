using System.Globalization;
using ConcurrentTesting.Catalog;

namespace ConcurrentTesting.Benchmarks.Overhead;

/// <summary>What measuring costs, framework by framework, written as the documentation has it.</summary>
/// <param name="suites">The folder of the measured suites.</param>
/// <param name="tests">How many tests of each kind.</param>
internal sealed class CostTables(string suites, string[] frameworks, string tests)
{
    public async Task OfProcessesAsync(int rounds)
    {
        Environment.SetEnvironmentVariable("MEASURED_CPU", OverheadBenchmark.CpuFile);
        System.Console.WriteLine("| framework | tests | CPU without, ms a test | hook, a process | hook, a test | of the CPU |");
        System.Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var framework in frameworks)
        {
            foreach (var method in new[] { "Empty", "OneQuery" })
                Write($"| {framework} {method} {await RowAsync(framework, method, rounds)} |");
        }

        File.Delete(OverheadBenchmark.CpuFile);
    }

    public async Task OfRunsAsync(WholeRuns runs, int rounds)
    {
        Environment.SetEnvironmentVariable("MEASURED_BENCHMARK", tests);
        System.Console.WriteLine("| framework | CPU without, s | measuring, s | of the CPU |");
        System.Console.WriteLine("|---|---|---|---|");
        foreach (var framework in frameworks)
        {
            var cost = await runs.CompareAsync(AssemblyOf(framework), rounds);
            Write($"| {framework} | {cost.Without:0.00} | {cost.Difference:0.00} ± {cost.Error:0.00} | {cost.Difference / cost.Without:0.0%} |");
        }
    }

    public async Task OfSamplesAsync(WholeRuns runs)
    {
        Environment.SetEnvironmentVariable("MEASURED_BENCHMARK", tests);
        System.Console.WriteLine($"| framework | of the samples | {string.Join(" | ", SampledRun.PartNames)} |");
        System.Console.WriteLine($"|---|---{string.Concat(SampledRun.PartNames.Select(_ => "|---"))}|");
        foreach (var framework in frameworks)
        {
            var shares = await runs.SampleAsync(AssemblyOf(framework));
            Write($"| {framework} | {string.Join(" | ", shares.Select(share => share.ToString("0.00 %", CultureInfo.InvariantCulture)))} |");
        }
    }

    private async Task<string> RowAsync(string framework, string method, int rounds)
    {
        var assembly = new TestAssembly(AssemblyOf(framework), "net10.0", Enum.Parse<TestFramework>(framework), null);
        Environment.SetEnvironmentVariable("MEASURED_BENCHMARK", "1");
        var one = await OverheadBenchmark.RunAsync(assembly, rounds, method);
        Environment.SetEnvironmentVariable("MEASURED_BENCHMARK", tests);
        var many = await OverheadBenchmark.RunAsync(assembly, rounds, method);
        var aTest = (many.Difference - one.Difference) / (many.Tests - one.Tests);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {many.Tests} | {many.Without / many.Tests * 1000:0.000} | {one.Difference * 1000:0.0} ms | {aTest * 1000:0.0000} ms | {many.Difference / many.Without:0.0%}");
    }

    private string AssemblyOf(string framework) => Path.Combine(suites, $"Measured.{framework}", "bin", "Debug", "net10.0", $"Measured.{framework}.dll");

    private static void Write(FormattableString line) => System.Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
