using System.Globalization;
using System.Text.Json;

namespace ConcurrentTesting.Benchmarks.Suites;

/// <summary>One suite, in turn by <c>dotnet test</c>, by workers that know nothing of it, and by workers with timings.</summary>
internal sealed class Comparison(Scenario scenario, GeneratedSuite suite, int rounds)
{
    public async Task<(string Row, bool IsGood)> RunAsync()
    {
        var serial = new List<MeasuredCommand>();
        var first = new List<(MeasuredCommand Command, double Tests)>();
        var known = new List<(MeasuredCommand Command, double Tests)>();
        for (var round = 0; round < rounds; round++)
        {
            serial.Add(await SerialAsync());
            if (round > 0)
                File.Delete(Path.Combine(suite.Folder, ".nuke", "temp", "test-timings.json"));
            first.Add(await WorkersAsync());
            known.Add(await WorkersAsync());
        }

        var wall = Median(known.Select(run => run.Command.Seconds)) / Median(serial.Select(run => run.Seconds));
        var cpu = Median(known.Select(run => run.Command.CpuSeconds)) / Median(serial.Select(run => run.CpuSeconds));
        var tests = Median(known.Select(run => run.Tests));
        var isGood = Keeps(wall, scenario.MostOfSerial) && Keeps(cpu, scenario.MostCpuOfSerial) && Keeps(tests, scenario.MostSeconds);
        var heldTo = HeldTo(tests, cpu);
        return (Text($"| {scenario.Name} | {scenario.Workers} | {Of(serial)} | {Of(first.Select(run => run.Command))} | {Of(known.Select(run => run.Command))} | {wall:0.00}x | {heldTo} | {(isGood ? "kept" : "MISSED")} |"), isGood);
    }

    private static bool Keeps(double value, double? most) => most is null || value <= most;

    private string HeldTo(double tests, double cpu) =>
        scenario.MostSeconds is { } seconds ? Text($"tests' phase {tests:0.0} s, at most {seconds:0.0} s")
        : scenario.MostCpuOfSerial is { } share ? Text($"at most {scenario.MostOfSerial:0.0}x, CPU {cpu:0.0}x of at most {share:0.0}x")
        : Text($"at most {scenario.MostOfSerial:0.0}x");

    private async Task<MeasuredCommand> SerialAsync()
    {
        var run = await MeasuredCommand.RunAsync(suite.Folder, "test", suite.Project, "--no-build");
        return run.ExitCode == 0 ? run : throw new InvalidOperationException($"dotnet test ended with {run.ExitCode}: {run.Output}");
    }

    private async Task<(MeasuredCommand Command, double Tests)> WorkersAsync()
    {
        var run = await MeasuredCommand.RunAsync(
            suite.Folder, Path.Combine(GeneratedSuite.Root, "build", "bin", "Debug", "_build.dll"), "ConcurrentTest", "--root", suite.Folder, "--test-no-build",
            "--workers", scenario.Workers.ToString(CultureInfo.InvariantCulture), "--test-database", "none", "--test-template", "none", "--test-projects", suite.Project);
        if (run.ExitCode != 0)
            throw new InvalidOperationException($"ConcurrentTest ended with {run.ExitCode}: {run.Output}");
        await using var file = File.OpenRead(Path.Combine(suite.Folder, "artifacts", "test-results", "run.json"));
        using var document = await JsonDocument.ParseAsync(file);
        var passed = document.RootElement.GetProperty("tests").EnumerateArray().Count(test => test.GetProperty("outcome").GetString() == "Passed");
        if (passed != scenario.Tests)
            throw new InvalidOperationException($"{passed} of {scenario.Tests} tests passed.");
        return (run, document.RootElement.GetProperty("phases").GetProperty("tests").GetDouble());
    }

    private static string Of(IEnumerable<MeasuredCommand> runs)
    {
        var all = runs.ToList();
        return Text($"{Median(all.Select(run => run.Seconds)):0.0} ({Median(all.Select(run => run.CpuSeconds)):0.0})");
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
