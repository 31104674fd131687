namespace ConcurrentTesting.Benchmarks.Suites;

/// <summary>One suite, in turn by <c>dotnet test</c>, by workers that know nothing of it, and by workers with timings.</summary>
internal sealed class Comparison(Scenario scenario, SuiteRuns runs, int rounds)
{
    public const string Header = """
        | suite | workers | `dotnet test` s (CPU s) | first run s (CPU s) | with timings s (CPU s) | of `dotnet test` | held to | |
        |---|---|---|---|---|---|---|---|
        """;

    public async Task<(string Row, bool IsGood)> RunAsync()
    {
        var serial = new List<MeasuredCommand>();
        var first = new List<(MeasuredCommand Command, double Tests)>();
        var known = new List<(MeasuredCommand Command, double Tests)>();
        for (var round = 0; round < rounds; round++)
        {
            serial.Add(await runs.SerialAsync());
            if (round > 0)
                runs.ForgetTimings();
            first.Add(await runs.WorkersAsync(scenario.Workers));
            known.Add(await runs.WorkersAsync(scenario.Workers));
        }

        var wall = Median.Of(known.Select(run => run.Command.Seconds)) / Median.Of(serial.Select(run => run.Seconds));
        var cpu = Median.Of(known.Select(run => run.Command.CpuSeconds)) / Median.Of(serial.Select(run => run.CpuSeconds));
        var tests = Median.Of(known.Select(run => run.Tests));
        var isGood = Keeps(wall, scenario.MostOfSerial) && Keeps(cpu, scenario.MostCpuOfSerial) && Keeps(tests, scenario.MostSeconds)
            && Keeps(wall, 1 / scenario.LeastTimesFaster);
        var heldTo = HeldTo(wall, tests, cpu);
        return (Text($"| {scenario.Name} | {scenario.Workers} | {Of(serial)} | {Of(first.Select(run => run.Command))} | {Of(known.Select(run => run.Command))} | {wall:0.00}x | {heldTo} | {(isGood ? "kept" : "MISSED")} |"), isGood);
    }

    private static bool Keeps(double value, double? most) => most is null || value <= most;

    private string HeldTo(double wall, double tests, double cpu) =>
        scenario.MostSeconds is { } seconds ? Text($"tests' phase {tests:0.0} s, at most {seconds:0.0} s")
        : scenario.LeastTimesFaster is { } times ? Text($"{1 / wall:0.0} times as fast, at least {times:0.0}")
        : scenario.MostCpuOfSerial is { } share ? Text($"at most {scenario.MostOfSerial:0.0}x, CPU {cpu:0.0}x of at most {share:0.0}x")
        : Text($"at most {scenario.MostOfSerial:0.0}x");

    private static string Of(IEnumerable<MeasuredCommand> runs)
    {
        var all = runs.ToList();
        return Text($"{Median.Of(all.Select(run => run.Seconds)):0.0} ({Median.Of(all.Select(run => run.CpuSeconds)):0.0})");
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
