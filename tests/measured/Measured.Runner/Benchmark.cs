using System.Globalization;
using ConcurrentTesting.Discovery;

namespace Measured.Runner;

/// <summary>
/// What the hook costs: the same rows with and without it in turn, on one console. Compared is CPU time, of the test processes and of what starts them, because
/// wall time says more about the machine; the medians, because a machine is busy now and then.
/// </summary>
internal static class Benchmark
{
    private const double TicksPerSecond = 100;

    public static async Task RunAsync(TestAssembly assembly, int rounds, string method)
    {
        await using var suite = await SuiteSession.StartAsync(assembly, measure: true);
        var entries = suite.Entries.Values.Where(entry => entry.ClassName.EndsWith("BenchmarkTests", StringComparison.Ordinal) && entry.MethodName == method).ToArray();
        var without = new List<double>();
        var with = new List<double>();
        var batch = 0;
        for (var round = 0; round <= rounds; round++)
        {
            var first = await CostAsync(suite, entries, ++batch, hooked: round % 2 == 0);
            var second = await CostAsync(suite, entries, ++batch, hooked: round % 2 != 0);

            // The first round warms the file cache.
            if (round == 0)
                continue;
            with.Add(round % 2 == 0 ? first : second);
            without.Add(round % 2 == 0 ? second : first);
        }

        Print(assembly, method, entries.Sum(entry => entry.Cases.Length), without, with);
    }

    private static void Print(TestAssembly assembly, string method, int tests, List<double> without, List<double> with)
    {
        var differences = with.Zip(without, (on, off) => on - off).ToList();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{assembly.Framework} {method}: {tests} tests, {without.Count} rounds; CPU without the hook {Median(without):0.000} s, with it {Median(with):0.000} s; "
            + $"median of the differences {Median(differences) * 1000:0} ms, {Median(differences) / Median(without):0.0%}, {Median(differences) / tests * 1000:0.0000} ms a test; "
            + $"least {without.Min():0.000} s and {with.Min():0.000} s"));
    }

    private static async Task<double> CostAsync(SuiteSession suite, TestEntry[] entries, int batch, bool hooked)
    {
        var before = Cpu(suite.ConsoleId);
        var handler = await suite.RunAsync(entries, batch, hooked, () => { });
        if (hooked)
            await suite.Hooks.CollectAsync(batch, default);
        if (handler.IsAborted || handler.Results.Count != entries.Sum(entry => entry.Cases.Length))
            throw new InvalidOperationException($"{handler.Results.Count} results");

        // A child's time counts when its parent has waited for it.
        await Task.Delay(500);
        return Cpu(suite.ConsoleId) - before;
    }

    // proc(5): after the name in parentheses, utime, stime, cutime and cstime are fields 14 to 17.
    private static double Cpu(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[13..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
