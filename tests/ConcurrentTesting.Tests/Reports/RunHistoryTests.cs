using System.Collections.Immutable;
using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.History;
using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports;

public sealed class RunHistoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_written_is_read_again()
    {
        var path = _folder.File("test-history.jsonl");
        var history = RunHistory.Empty
            .With(Run(RecordedRun.Test("Pays(\"😀\")", RecordedRun.Attempt() with { Figures = new TestFigures { Queries = 3 } })), new Redactor())
            .With(Run(RecordedRun.Test("Pays(\"😀\")", RecordedRun.Attempt(TestOutcome.TimedOut)), RecordedRun.Test("Ships", RecordedRun.Attempt(TestOutcome.Failed), RecordedRun.Attempt(number: 2))), new Redactor());

        await history.WriteAsync(path, TestContext.Current.CancellationToken);
        var read = RunHistory.Read(path).ByTest();

        read["Shop.Tests (net10.0)/Shop.Tests.BasketTests.Pays(\"😀\")"].ShouldBe([new PastResult(TestOutcome.Passed, 0.01, 3, false), new PastResult(TestOutcome.TimedOut, 0.01, null, false)]);
        read["Shop.Tests (net10.0)/Shop.Tests.BasketTests.Ships"].ShouldBe([new PastResult(TestOutcome.Passed, 0.01, null, true)]);
    }

    [Fact]
    public void A_run_that_was_stopped_remembers_nothing_of_what_it_did_not_run()
    {
        var skipped = RecordedRun.Attempt(TestOutcome.Skipped);
        var history = RunHistory.Empty.With(
            Run(
                RecordedRun.Test("Skipped", skipped),
                RecordedRun.Test("Left", skipped with { Worker = -1, Cause = AttemptCauses.NotRun }),
                RecordedRun.Test("Begun", skipped with { Cause = AttemptCauses.Unfinished }),
                RecordedRun.Test("Never", RecordedRun.Attempt(TestOutcome.Error, worker: -1))),
            new Redactor());

        history.ByTest().Keys.ShouldHaveSingleItem().ShouldEndWith("Skipped");
    }

    [Fact]
    public async Task It_has_a_bound_and_forgets_the_oldest()
    {
        var path = _folder.File("test-history.jsonl");
        var history = RunHistory.Empty;
        for (var run = 0; run < RunHistory.MostRuns + 5; run++)
            history = history.With(Run(RecordedRun.Test($"Test_{run}")), new Redactor());

        await history.WriteAsync(path, TestContext.Current.CancellationToken);

        File.ReadLines(path).Count().ShouldBe(RunHistory.MostRuns + 1);
        RunHistory.Read(path).ByTest().Keys.ShouldNotContain(id => id.EndsWith("Test_4"));
        RunHistory.Read(path).ByTest().Keys.ShouldContain(id => id.EndsWith("Test_5"));
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("{\"version\":\"1\"}")]
    [InlineData("{\"version\":1}")]
    [InlineData("{\"version\":1,\"names\":[\"a\"]}\n[]")]
    [InlineData("{\"version\":1,\"names\":[\"a\"]}\n{\"run\":\"r\",\"at\":\"2026-01-01T00:00:00Z\",\"exitCode\":0,\"wallSeconds\":1,\"tests\":[[0,null,1]]}")]
    [InlineData("{\"version\":9,\"names\":[]}")]
    [InlineData("{\"version\":1,\"names\":[]}\n{\"run\":\"r\",\"at\":\"2026-01-01T00:00:00Z\",\"exitCode\":0,\"wallSeconds\":1,\"tests\":[[7,\"P\",1]]}")]
    public void A_damaged_history_is_said_to_be_damaged(string content)
    {
        var path = _folder.File("test-history.jsonl");
        File.WriteAllText(path, content);

        Should.Throw<JsonException>(() => RunHistory.Read(path));
    }

    [Fact]
    public void A_run_is_held_against_the_earlier_ones()
    {
        var passed = new PastResult(TestOutcome.Passed, 0.2, 5, false);
        var failed = new PastResult(TestOutcome.Failed, 0.2, 5, false);
        var record = Run(
            RecordedRun.Test("Breaks", RecordedRun.Attempt(TestOutcome.Failed)),
            RecordedRun.Test("Broken", RecordedRun.Attempt(TestOutcome.Failed)),
            RecordedRun.Test("Mended"),
            RecordedRun.Test("Slow", RecordedRun.Attempt() with { Duration = TimeSpan.FromSeconds(0.9) }),
            RecordedRun.Test("Chatty", RecordedRun.Attempt() with { Figures = new TestFigures { Queries = 35 } }),
            RecordedRun.Test("Fine", RecordedRun.Attempt() with { Figures = new TestFigures { Queries = 6 } }),
            RecordedRun.Test("Unknown", RecordedRun.Attempt(TestOutcome.Failed)));
        record = record with
        {
            History = record.Tests.Where(test => test.Name != "Unknown").ToImmutableDictionary(
                test => test.Id,
                test => Enumerable.Repeat(passed, 10).Concat(test.Name is "Broken" ? [failed, failed] : test.Name is "Mended" ? [failed] : []).ToImmutableArray()),
        };

        HistoryFindings.Of(record).Select(found => (found.Test.Name, found.Text)).ShouldBe(
        [
            ("Breaks", "new failure"),
            ("Broken", "failing for 3 runs"),
            ("Mended", "passes again"),
            ("Slow", "slower than its p95 (0.20s, now 0.90s)"),
            ("Chatty", "+30 queries (5, now 35)"),
        ]);
    }

    [Fact]
    public void A_test_that_never_ran_has_not_failed()
    {
        var failed = RecordedRun.Attempt(TestOutcome.Failed);
        var never = RecordedRun.Attempt(TestOutcome.Error, worker: -1);
        var record = Run(RecordedRun.Test("Breaks", failed), RecordedRun.Test("Never", never), RecordedRun.Test("Runs"));
        ImmutableArray<PastResult> past = [new(TestOutcome.Passed, 1, null, false), new(TestOutcome.Error, 0, null, false)];

        HistoryFindings.Of(record with { History = record.Tests.ToImmutableDictionary(test => test.Id, _ => past) })
            .Select(found => (found.Test.Name, found.Text)).ShouldBe([("Breaks", "new failure")]);
    }

    [Fact]
    public void Two_runs_are_put_side_by_side()
    {
        var before = ComparedDocument.Of(RecordedRun.Document(Run(RecordedRun.Test("Breaks"), RecordedRun.Test("Goes"), RecordedRun.Test("Slows"), RecordedRun.Test("Stays"))));
        var now = Run(RecordedRun.Test("Breaks", RecordedRun.Attempt(TestOutcome.TimedOut)), RecordedRun.Test("Comes"), RecordedRun.Test("Slows", RecordedRun.Attempt() with { Duration = TimeSpan.FromSeconds(2) }), RecordedRun.Test("Stays"));

        var comparison = RunComparison.Of(now, before);

        comparison.Figures.ShouldContain(("Failed", "0", "1"));
        comparison.Tests.ShouldBe(
        [
            ("Shop.Tests.BasketTests.Breaks", "outcome", "passed", "timed out"),
            ("Shop.Tests.BasketTests.Comes", "new", "–", "10ms"),
            ("Shop.Tests.BasketTests.Goes", "gone", "10ms", "–"),
            ("Shop.Tests.BasketTests.Slows", "time", "10ms", "2.00s"),
        ]);
    }

    [Fact]
    public void More_differences_than_are_told_are_counted_of_each_kind()
    {
        var before = ComparedDocument.Of(RecordedRun.Document(Run([.. Tests(60)])));
        var now = Run([.. Tests(60, RecordedRun.Attempt(TestOutcome.Failed))]);

        var told = RunComparison.Of(now, before).Tests;

        told.Length.ShouldBe(51);
        told[^1].ShouldBe(("… and 10 more", "outcome", "", ""));
    }

    private static IEnumerable<TestRecord> Tests(int count, params TestAttempt[] attempts) =>
        Enumerable.Range(0, count).Select(number => RecordedRun.Test($"Test_{number:00}", [.. attempts]));

    private RunRecord Run(params TestRecord[] tests) => RecordedRun.Of(_folder.Path, tests);
}
