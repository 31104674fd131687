namespace ConcurrentTesting.Benchmarks.Suites;

/// <summary>One suite with timings, in turn by 1, 2, 4 and 8 workers: too many that are asked for must cost next to nothing.</summary>
internal sealed class WorkerCounts(Scenario scenario, SuiteRuns runs, int rounds)
{
    public const string Header = """
        | suite | 1 worker s (CPU s) | 2 | 4 | 8 | 8 of the best of 1, 2 and 4 | held to | |
        |---|---|---|---|---|---|---|---|
        """;

    private const double MostOfBest = 1.1;

    private static readonly int[] Counts = [1, 2, 4, 8];

    public async Task<(string Row, bool IsGood)> RunAsync()
    {
        // So that timings are known to the first of them.
        await runs.WorkersAsync(Counts[^1]);
        var measured = Counts.ToDictionary(count => count, _ => new List<MeasuredCommand>());
        for (var round = 0; round < rounds; round++)
        {
            // Each comes first once in so many rounds.
            foreach (var count in Counts.Skip(round % Counts.Length).Concat(Counts.Take(round % Counts.Length)))
                measured[count].Add((await runs.WorkersAsync(count)).Command);
        }

        var seconds = Counts.ToDictionary(count => count, count => Median.Of(measured[count].Select(run => run.Seconds)));
        var share = seconds[Counts[^1]] / Counts[..^1].Min(count => seconds[count]);
        var isGood = share <= MostOfBest;
        var cells = Counts.Select(count => Text($"{seconds[count]:0.0} ({Median.Of(measured[count].Select(run => run.CpuSeconds)):0.0})"));
        return (Text($"| {scenario.Name} | {string.Join(" | ", cells)} | {share:0.00}x | at most {MostOfBest:0.00}x | {(isGood ? "kept" : "MISSED")} |"), isGood);
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
