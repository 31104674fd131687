using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ConcurrentTesting.Benchmarks.Start;

/// <summary>From the start of the process to the first test that runs, where nothing has changed since the last run.</summary>
internal sealed class WarmStart(StartScenario scenario, StartSuite suite, int rounds)
{
    // The first one builds files that are too young to be sure of, the second one learns.
    private const int Unmeasured = 3;

    private const double MostSeconds = 1.2;

    private static readonly string[] SaysCI = ["CI", "TF_BUILD", "TEAMCITY_VERSION", "JENKINS_URL"];

    public async Task<(string Row, bool IsGood)> RunAsync()
    {
        var starts = new List<double>();
        for (var round = -Unmeasured; round < rounds; round++)
        {
            var seconds = await MeasureAsync();
            if (round >= 0)
                starts.Add(seconds);
        }

        starts.Sort();
        var median = starts[starts.Count / 2];
        return (Text($"| {scenario.Name} | {median:0.00} s | {starts[0]:0.00} to {starts[^1]:0.00} s | {MostSeconds:0.0} s | {(median < MostSeconds ? "kept" : "MISSED")} |"), median < MostSeconds);
    }

    private async Task<double> MeasureAsync()
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(StartSuite.Root, "build", "bin", "Debug", "_build.dll"), "ConcurrentTest", "--root", suite.Folder, "--workers", "2",
                "--test-database", scenario.Database, "--test-template", scenario.Database == "none" ? "none" : suite.Schema, "--test-projects", suite.Project,
            ])
        { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = suite.Folder };
        foreach (var name in SaysCI)
            start.Environment.Remove(name);

        // As build.sh does.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        var begun = DateTimeOffset.UtcNow;
        using var process = Process.Start(start)!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? (FirstTest() - begun).TotalSeconds
            : throw new InvalidOperationException($"ConcurrentTest ended with {process.ExitCode}: {string.Join('\n', await output)}");
    }

    private DateTimeOffset FirstTest()
    {
        foreach (var line in File.ReadLines(Path.Combine(suite.Folder, "artifacts", "test-results", "run.events.jsonl")))
        {
            using var happened = JsonDocument.Parse(line);
            if (happened.RootElement.GetProperty("event").GetString() == "test-started")
                return DateTimeOffset.Parse(happened.RootElement.GetProperty("at").GetString()!, CultureInfo.InvariantCulture);
        }

        throw new InvalidOperationException("No test has run.");
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}

/// <summary>What is started.</summary>
/// <param name="Framework">XUnit2, XUnit3, NUnit or MSTest.</param>
/// <param name="Database">Of the workers; none: they have none.</param>
internal sealed record StartScenario(string Name, string Framework, string Database)
{
    private const string MadeRows =
        "public class Made { public static TheoryData<int> Rows => [1, 2, 3]; [Theory] [MemberData(nameof(Rows))] public void Row(int n) => Assert.True(n > 0); }";

    /// <summary>Further classes, as C#.</summary>
    public string More { get; init; } = "";

    public static StartScenario[] All { get; } =
    [
        new("xunit 2, literal rows, no database", "XUnit2", "none"),
        new("xunit 2, literal rows, SQLite", "XUnit2", "sqlite"),
        new("xunit 2, one class with made rows, no database", "XUnit2", "none") { More = MadeRows },
        new("xunit v3, literal rows, no database", "XUnit3", "none"),
        new("NUnit, literal rows, no database", "NUnit", "none"),
        new("MSTest, literal rows, no database", "MSTest", "none"),
    ];
}
