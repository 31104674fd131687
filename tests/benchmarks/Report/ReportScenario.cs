using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Html;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;
using static System.FormattableString;

namespace ConcurrentTesting.Benchmarks.Report;

/// <param name="Row">A line of the table.</param>
/// <param name="IsGood">It keeps to what it is held to.</param>
internal sealed record MeasuredReport(string Row, bool IsGood);

/// <summary>A report that is made for it.</summary>
/// <param name="MostSeconds">In which it is to open.</param>
/// <param name="MostBytes">As large as it may be; null: not held to anything.</param>
internal sealed record ReportScenario(string Name, RunRecord Run, double MostSeconds, long? MostBytes)
{
    // Of the script of a frame, in milliseconds.
    private const double MostFrame = 10;

    public static ImmutableArray<ReportScenario> All { get; } =
    [
        new("20,000 tests that pass", LargeRun.Of(20_000, failures: 0), 1, 5_000_000),
        new("50,000 tests that pass", LargeRun.Of(50_000, failures: 0), 2, null),
        new("50,000 tests, 2,000 of them fail", LargeRun.Of(50_000, failures: 2000), 2, null),
    ];

    public async Task<MeasuredReport> MeasureAsync(int rounds)
    {
        var folder = Directory.CreateTempSubdirectory("report-");
        try
        {
            var file = Path.Combine(folder.FullName, "report.html");
            await using (var stream = File.Create(file))
                HtmlReport.Write(Run, stream, new AttachmentFolder(folder.FullName), new ReportText(new Redactor()));

            var opened = new List<double>();
            var frames = new List<double>();
            for (var round = 0; round < rounds; round++)
            {
                var seen = await OpenAsync(file);
                opened.Add(seen.GetProperty("loaded").GetDouble() / 1000);
                frames.Add(seen.GetProperty("p95").GetDouble());
            }

            return Measured(rounds, new FileInfo(file).Length, Median(opened), Median(frames));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private MeasuredReport Measured(int rounds, long bytes, double seconds, double frame)
    {
        var isGood = seconds < MostSeconds && frame <= MostFrame && bytes <= (MostBytes ?? long.MaxValue);
        var size = MostBytes is { } most ? Invariant($"{bytes / 1e6:0.0} MB (at most {most / 1e6:0.0})") : Invariant($"{bytes / 1e6:0.0} MB");
        return new MeasuredReport(
            Invariant($"| {Name} | {rounds} | {size} | {seconds:0.00} s | {MostSeconds:0} s | {frame:0.0} ms | {MostFrame:0} ms | {(isGood ? "kept" : "missed")} |"),
            isGood);
    }

    private static async Task<JsonElement> OpenAsync(string file)
    {
        var readers = Path.Combine(Repository(), "tests", "ConcurrentTesting.Tests", "Reports", "Readers");
        using var process = Process.Start(new ProcessStartInfo("node", [Path.Combine(readers, "measure.mjs"), "/usr/bin/chromium", file]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? JsonDocument.Parse(output).RootElement
            : throw new InvalidOperationException("Chromium could not be asked; ./build.sh Prepare installs it and what drives it");
    }

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "global.json")))
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("the repository");
        return folder;
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
