using ConcurrentTesting.Benchmarks.Suites;

namespace ConcurrentTesting.Benchmarks.Samples;

/// <summary>All ways in turn, each round beginning with another.</summary>
internal sealed class WaysInTurn(IReadOnlyList<SampleRuns> ways, int rounds)
{
    private readonly Dictionary<SampleRuns, List<MeasuredCommand>> _measured = ways.ToDictionary(way => way, _ => new List<MeasuredCommand>());

    /// <summary>Compares and prints the first of the ways with those that have one of these parts in their names; with all where none is given.</summary>
    public static async Task<WaysInTurn> CompareAsync(string which, EarlierEngine? earlier, int rounds, List<string> parts)
    {
        var folder = Directory.CreateTempSubdirectory("benchmark-").FullName;
        try
        {
            var chosen = Ways.Of(which, earlier, folder).Where((way, index) => index == 0 || parts.Count == 0 || parts.Exists(part => way.Name.Contains(part, StringComparison.OrdinalIgnoreCase)));
            var compared = new WaysInTurn([.. chosen.Select(way => new SampleRuns(way, folder))], rounds);
            await compared.RunAsync();
            compared.Print();
            return compared;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task RunAsync()
    {
        await ways[^1].RunAsync();
        var durations = ways[^1].Durations();
        foreach (var way in ways)
        {
            way.Know(durations);
            await way.PrepareAsync();
        }

        for (var round = 0; round < rounds; round++)
        {
            foreach (var way in ways.Skip(round % ways.Count).Concat(ways.Take(round % ways.Count)))
            {
                var run = await way.RunAsync();
                _measured[way].Add(run);
                await Console.Error.WriteLineAsync(Text($"{round + 1}: {way.Way.Name}: {run.Seconds:0.0} s, CPU {run.CpuSeconds:0.0} s"));
            }
        }

        var passed = ways.Select(way => way.Passed()).Distinct().ToList();
        if (passed.Count > 1)
            throw new InvalidOperationException($"Not every way passes as many tests: {string.Join(", ", passed)}.");
    }

    /// <summary>The last way is at least so many times as fast as the first.</summary>
    public bool Keeps(double leastTimesFaster) => Seconds(ways[0]) / Seconds(ways[^1]) >= leastTimesFaster;

    private void Print()
    {
        Console.WriteLine(Text($"| {rounds} rounds | wall s, median (least to most) | CPU s | wall of the first | CPU of the first | rounds it was faster in, of less CPU |"));
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var way in ways)
        {
            var (wall, cpu) = (Seconds(way), CpuSeconds(way));
            Console.WriteLine(Text($"| {way.Way.Name} | {wall:0.0} ({_measured[way].Min(run => run.Seconds):0.0} to {_measured[way].Max(run => run.Seconds):0.0}) | {cpu:0.0} | {wall / Seconds(ways[0]):0.00}x | {cpu / CpuSeconds(ways[0]):0.00}x | {Better(way, run => run.Seconds)}, {Better(way, run => run.CpuSeconds)} |"));
        }
    }

    private int Better(SampleRuns way, Func<MeasuredCommand, double> figure) =>
        _measured[way].Zip(_measured[ways[0]]).Count(pair => figure(pair.First) < figure(pair.Second));

    private double Seconds(SampleRuns way) => Median.Of(_measured[way].Select(run => run.Seconds));

    private double CpuSeconds(SampleRuns way) => Median.Of(_measured[way].Select(run => run.CpuSeconds));

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
