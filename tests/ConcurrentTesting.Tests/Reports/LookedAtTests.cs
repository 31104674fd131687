using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Html;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports;

/// <summary>The report in a real Chromium: at the widths of a phone, a tablet and a desk, in light, dark and forced colours, checked by axe-core.</summary>
public sealed class LookedAtTests : IDisposable
{
    private const string Hash = "#test=Shop.Tests+%28net10.0%29%2FShop.Tests.BasketTests.Fails";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nobody_is_shut_out_at_any_width_and_nothing_is_wider_than_the_screen()
    {
        var looked = await LookAsync(Run(150), Hash);

        var views = looked.GetProperty("views");
        foreach (var view in views.EnumerateArray())
        {
            var name = $"{view.GetProperty("width")} {view.GetProperty("scheme")} {view.GetProperty("hash")}";
            view.GetProperty("errors").GetArrayLength().ShouldBe(0, $"{name}: {view.GetProperty("errors")}");
            view.GetProperty("violations").GetArrayLength().ShouldBe(0, $"{name}: {view.GetProperty("violations")}");
            view.GetProperty("pageWidth").GetInt32().ShouldBeLessThanOrEqualTo(view.GetProperty("width").GetInt32(), name);
            view.GetProperty("cut").GetArrayLength().ShouldBe(0, $"{name}: {view.GetProperty("cut")}");
        }

        views[0].GetProperty("pageHeight").GetInt32().ShouldBeLessThan(12_000, "a phone's page");
        var page = views[1].GetProperty("text").GetString()!;
        page.ShouldContain("Fails");
        page.ShouldContain("Expected\n1 unit of stock");
        page.ShouldContain("--test-bisect 'Shop.Tests.BasketTests.Fails'");
        page.ShouldContain("What ran before it on worker 0");
        page.ShouldContain("40 ×");
        page.ShouldContain("Slowest statements\n0.25s DELETE FROM line WHERE id = ?");
        page.ShouldContain("Source\n    3 // line 3\n");
        page.ShouldContain("    7 // line 7\n");
        page.ShouldContain("Known runs: 2, flaky in 1;");
        looked.GetProperty("found").EnumerateArray().Select(status => status.GetString()).ShouldBe(["1 to 1 of 1 tests", "No test matches.", "No test matches."]);
        looked.GetProperty("address").GetString()!.ShouldMatch(@"^#q=basket&without=\d&worker=0&flaky=1$");
        looked.GetProperty("isChecked").GetBoolean().ShouldBeFalse();
    }

    /// <summary>How fast it is stands in docs/performance.md: tests/benchmarks/Report measures it.</summary>
    [Fact]
    public async Task The_timeline_of_fifty_thousand_tests_draws_every_lane_and_goes_where_the_keys_take_it()
    {
        var looked = await LookAsync(Run(50_000), "timeline");

        new FileInfo(_folder.File("report.html")).Length.ShouldBeLessThan(12_000_000);
        looked.GetProperty("errors").GetArrayLength().ShouldBe(0, $"{looked.GetProperty("errors")}");
        looked.GetProperty("bars").GetInt32().ShouldBe(1 + 8);
        looked.GetProperty("frames").GetInt32().ShouldBeGreaterThan(2);
        var tip = looked.GetProperty("tip").GetString()!;
        tip.ShouldContain("passed, 1ms");
        looked.GetProperty("hovered").GetString().ShouldBe(tip);
        looked.GetProperty("dragged").GetDouble().ShouldBe(-100, tolerance: 2);
        looked.GetProperty("clicked").GetString()!.ShouldContain(tip.Split('\n')[0]);
        looked.GetProperty("entered").GetString().ShouldBe(looked.GetProperty("clicked").GetString());
        looked.GetProperty("pictures").GetInt32().ShouldBe(3, "all, what two fingers made larger, and what one moved");
        looked.GetProperty("hint").GetString()!.ShouldContain("Two fingers to zoom");
        looked.GetProperty("hint").GetString()!.ShouldNotContain("Wheel");
    }

    private RunRecord Run(int tests)
    {
        var passing = Enumerable.Range(0, tests).Select(number => RecordedRun.Test($"Test_{number}", RecordedRun.Attempt(worker: number % 8) with
        {
            StartedAt = RecordedRun.Start.AddSeconds(1 + (number / 8 * 64d / tests)),
            Duration = TimeSpan.FromSeconds(60d / tests),
            Figures = new TestFigures { Queries = number % 7, Reads = 1, Writes = 0, QuerySeconds = 0.001 },
        }) with
        { ClassName = $"Shop.Tests.Part{number / 100}.BasketTests" });
        var failing = RecordedRun.Attempt(TestOutcome.Failed) with
        {
            StartedAt = RecordedRun.Start.AddSeconds(9),
            Message = "Assert.Equal() Failure: Strings differ\nExpected: 1 unit of stock\nActual:   2 units of stock",
            StackTrace = $"   at Shop.Tests.BasketTests.Fails() in {Source()}:line 7",
            StandardOutput = "said before it failed",
            Figures = new TestFigures { Queries = 41, Reads = 41, Writes = 0, Repeated = [new RepeatedQuery(40, "SELECT * FROM line WHERE id = ?")], Slowest = [new SlowStatement(0.25, "DELETE FROM line WHERE id = ?")] },
        };
        ImmutableArray<TestRecord> others =
        [
            RecordedRun.Test("Fails", failing),
            RecordedRun.Test("Books_are_imported_one_after_the_other_and_none_of_them_is_lost(books: 10, milliseconds: 200)", failing with { Outcome = TestOutcome.Passed, Message = null }) with { ClassName = "Shop.Tests.Import.BulkImportOfManyBooksTests" },
            RecordedRun.Test("Turns(\"\u202Eright to left\u2069\u05D0\u05D1\u05D2\")", RecordedRun.Attempt(TestOutcome.Skipped)),
            RecordedRun.Test("Flaky", RecordedRun.Attempt(TestOutcome.Failed) with { Message = "first" }, RecordedRun.Attempt(number: 2)),
            .. Enumerable.Range(0, 5).Select(number => RecordedRun.Test($"Never_{number}", RecordedRun.Attempt(TestOutcome.Error, worker: -1) with { Message = "No worker was left to run it." })),
        ];
        var run = RecordedRun.Of(_folder.Path, [.. passing, .. others], RecordedRun.Batch(0), RecordedRun.Batch(1, worker: 1, error: "killed"));
        return run with
        {
            Settings = run.Settings with { Workers = 8, RootDirectory = _folder.Path },
            Idle = "1 of 8 workers: a class runs on one worker",
            History = ImmutableDictionary<string, ImmutableArray<PastResult>>.Empty.Add(
                "Shop.Tests (net10.0)/Shop.Tests.BasketTests.Fails", [new PastResult(TestOutcome.Passed, 0.01, null, IsFlaky: true), new PastResult(TestOutcome.Failed, 0.02, null, IsFlaky: false)]),
            Incidents = [new Incident(RecordedRun.Start.AddSeconds(3), "session-died", "it was killed", 1)],
            Phases = ImmutableSortedDictionary<string, double>.Empty.Add("build", 0.5).Add("discovery", 0.4).Add("tests", 8.5),
            PhaseSpans = [.. new[] { ("build", 0, 0.5), ("discovery", 0.5, 0.4), ("template", 0.5, 0.2), ("tests", 1, 8.5) }
                .Select(phase => new PhaseSpan(phase.Item1, RecordedRun.Start.AddSeconds(phase.Item2), TimeSpan.FromSeconds(phase.Item3)))],
            WorkSpans = [new WorkSpan(0, WorkKinds.Clones, RecordedRun.Start.AddSeconds(1), TimeSpan.FromSeconds(0.4)), new WorkSpan(1, WorkKinds.Resets, RecordedRun.Start.AddSeconds(1), TimeSpan.FromSeconds(0.4))],
            Database = new DatabaseRecord { Engine = "sqlite", CloneTimes = [TimeSpan.FromMilliseconds(4)] },
        };
    }

    private string Source()
    {
        var file = _folder.File("tests/Shop.Tests.OfAllThatIsInTheBasket/Baskets/BasketTests.cs");
        File.WriteAllLines(file, Enumerable.Range(1, 20).Select(number => $"// line {number}"));
        File.SetLastWriteTimeUtc(file, RecordedRun.Start.UtcDateTime.AddDays(-1));
        return file;
    }

    private async Task<JsonElement> LookAsync(RunRecord run, string what)
    {
        var readers = Path.Combine(Repository.Root, "tests", "ConcurrentTesting.Tests", "Reports", "Readers");
        var chromium = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "chromium")).FirstOrDefault(File.Exists);
        Assert.SkipUnless(chromium is not null && Directory.Exists(Path.Combine(readers, "node_modules", "axe-core")), "Chromium or the readers are not installed: ./build.sh Prepare");
        var path = _folder.File("report.html");
        await using (var file = File.Create(path))
            HtmlReport.Write(run, file, new AttachmentFolder(_folder.Path), new ReportText(new Redactor()));

        using var process = Process.Start(new ProcessStartInfo("node", [Path.Combine(readers, "look.mjs"), chromium!, path, what])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, await error);
        return JsonDocument.Parse(output).RootElement;
    }
}
