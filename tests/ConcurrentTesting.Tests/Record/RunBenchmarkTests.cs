using System.Collections.Immutable;
using System.Text.Json;
using ConcurrentTesting.Console;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Markdown;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class RunBenchmarkTests
{
    [Fact]
    public void The_parts_of_the_workers_time_add_up_to_it()
    {
        var benchmark = RunBenchmark.Of(Run());

        benchmark.WorkerTime.Select(part => (part.Name, part.Time.TotalSeconds)).ShouldBe([("tests", 7), ("test hosts", 5), ("clones", 0.5), ("worker starts", 1), ("idle", 3.5)]);
        benchmark.WorkerTime.Sum(part => part.Time.TotalSeconds).ShouldBe(17);
    }

    [Fact]
    public void The_estimate_of_a_run_on_one_worker_starts_one_host_for_each_assembly()
    {
        // 10 s, of which 8 s tests on two workers; 7 s of tests; three batches of 4 s each in one assembly.
        var benchmark = RunBenchmark.Of(Run());

        benchmark.Sequential.TotalSeconds.ShouldBe(2 + 7 + ((12 - 7) / 3d), tolerance: 0.001);
        benchmark.SpeedUp!.Value.ShouldBe(benchmark.Sequential.TotalSeconds / 10, tolerance: 0.001);
    }

    [Fact]
    public void Slow_tests_and_those_with_many_queries_come_first_and_repeated_queries_are_suspected()
    {
        var benchmark = RunBenchmark.Of(Run());

        benchmark.Slowest.Select(test => test.Name).ShouldBe(["Slow", "Chatty", "Quiet"]);
        benchmark.MostQueries.Select(test => test.Name).ShouldBe(["Chatty", "Slow"]);
        var suspected = benchmark.Suspected.ShouldHaveSingleItem();
        (suspected.Test.Name, suspected.Count, suspected.Text).ShouldBe(("Chatty", 40, "SELECT * FROM line WHERE id = ?"));
    }

    [Fact]
    public void Console_page_and_file_tell_it_where_it_is_asked_for()
    {
        var redactor = new Redactor();
        redactor.Register("geheim-ist-es");
        var silent = Run();
        var asked = silent with { Settings = silent.Settings with { Benchmark = true } };

        string Console(RunRecord run) => string.Join('\n', RunClosing.Lines(run, redactor));
        string Page(RunRecord run) => SummaryMarkdown.Of(run, new ReportText(redactor));
        JsonElement Json(RunRecord run)
        {
            using var stream = new MemoryStream();
            RecordedRun.WriteJson(run, stream, redactor);
            return JsonDocument.Parse(stream.ToArray()).RootElement.GetProperty("benchmark");
        }

        Console(asked).ShouldContain("  Phases     build 1.00s (10%), tests 8.00s (80%), reports 0.50s (5%)");
        Console(asked).ShouldContain("40x  Shop.Tests.BasketTests.Chatty: SELECT * FROM line WHERE id = ?");
        Console(silent).ShouldNotContain("Phases");
        Console(silent).ShouldContain("  N+1?       40 times in Shop.Tests.BasketTests.Chatty: SELECT * FROM line WHERE id = ?");
        Page(silent).ShouldContain("| Suspected N+1 | 1, the most frequent 40 times in <code>Shop.Tests.BasketTests</code>.<code>Chatty</code>: <code>SELECT &#42; FROM line WHERE id = ?</code> |");
        Page(asked).ShouldContain("## Where the time went");
        Page(asked).ShouldContain("## Suspected N+1");
        Page(silent).ShouldNotContain("Where the time went");
        Json(asked).GetProperty("suspectedQueries")[0].GetProperty("count").GetInt64().ShouldBe(40);
        Json(asked).GetProperty("workerTime").EnumerateArray().Sum(part => part.GetProperty("seconds").GetDouble()).ShouldBe(17);
        Json(silent).ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public void A_run_that_never_began_has_no_speed()
    {
        var benchmark = RunBenchmark.Of(RecordedRun.Of("/results", []) with { Workers = [] });

        benchmark.SpeedUp.ShouldBeNull();
        benchmark.WorkerTime.ShouldBeEmpty();
        benchmark.Slowest.ShouldBeEmpty();
    }

    private static RunRecord Run()
    {
        var run = RecordedRun.Of(
            "/results",
            [
                Test("Slow", 5, new TestFigures { Queries = 3, Reads = 3, Writes = 0 }),
                Test("Chatty", 1.5, new TestFigures { Queries = 41, Reads = 41, Writes = 0, QuerySeconds = 0.2, Repeated = [new RepeatedQuery(40, "SELECT * FROM line WHERE id = ?"), new RepeatedQuery(6, "SELECT 1")] }),
                Test("Quiet", 0.5, null),
                RecordedRun.Test("Skipped", RecordedRun.Attempt(TestOutcome.Skipped) with { Duration = TimeSpan.Zero }),
            ],
            Enumerable.Range(1, 3).Select(number => RecordedRun.Batch(number) with { Duration = TimeSpan.FromSeconds(4) }));
        return run with
        {
            Phases = ImmutableSortedDictionary<string, double>.Empty.Add("build", 1).Add("tests", 8).Add("reports", 0.5),
            Workers = [run.Workers[0] with { Cloning = TimeSpan.FromSeconds(0.5), Starting = TimeSpan.FromSeconds(1) }, run.Workers[1]],
        };
    }

    private static TestRecord Test(string name, double seconds, TestFigures? figures) =>
        RecordedRun.Test(name, RecordedRun.Attempt() with { Duration = TimeSpan.FromSeconds(seconds), Figures = figures });
}
