using System.Collections.Immutable;
using ConcurrentTesting.Console;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Console;

public class RunClosingTests
{
    private static readonly ConcurrentTestSettings Settings = new() { RootDirectory = "/repo", ResultsDirectory = "artifacts/test-results" };

    [Fact]
    public void The_end_of_a_run_is_told_in_a_screen()
    {
        var run = Run() with
        {
            ExitCode = ConcurrentTestExitCode.TestsFailed,
            Reason = "2 tests failed.",
            Discovered = 5,
            LowerBound = TimeSpan.FromSeconds(8),
            Phases = ImmutableSortedDictionary<string, double>.Empty.Add("build", 1).Add("discovery", 0.01).Add("tests", 8),
            Efficiency = 0.914,
            Workers = [Worker(1, 9), Worker(0, 10)],
            Incidents = [new Incident(SampleRun.Start, "session-died", "x"), new Incident(SampleRun.Start, "session-died", "y")],
        };
        string.Join('\n', RunClosing.Lines(run, new Redactor())).ShouldBe(
            """
            Results
              Tests      2 passed, 2 failed, 1 skipped, 1 flaky; 5 discovered
              Time       10.0s: build 1.00s, tests 8.00s (3.3x)
              Workers    2, busy 19.0s, idle 1.00s
                         0:100%  1:90%
              Failed     Shop.Tests.OrderTests.Pays  [Shop.Tests (net10.0)]  tests/OrderTests.cs:7
              No result  Shop.Tests.OrderTests.Refunds  [Shop.Tests (net10.0)]
              Flaky      Shop.Tests.OrderTests.Ships  [Shop.Tests (net10.0)] passed on attempt 2
              Incidents  2 session-died
              Artifacts  artifacts/test-results; begin with report.html
            FAILED  2 tests failed.
            """);
    }

    [Fact]
    public void A_reason_of_several_lines_is_told_in_lines() =>
        RunClosing.Lines(Run() with { ExitCode = ConcurrentTestExitCode.Incomplete, Reason = "Shop.csproj does not build:\n  A.cs(1,2): error" }, new Redactor())
            .TakeLast(2).ShouldBe(["INCOMPLETE  Shop.csproj does not build:", "  A.cs(1,2): error"]);

    [Fact]
    public void What_died_with_test_hosts_is_told_beside_the_share_of_lines() =>
        RunClosing.Lines(Run() with { Coverage = new CoverageRecord(2, 3, 0, 0) { LostBatches = 2, LostResults = 9 } }, new Redactor())
            .ShouldContain("  Coverage   66.7% of lines (2 of 3); too low: 2 test hosts ended before telling what 9 results had covered");

    [Fact]
    public void The_closing_lines_are_speed_and_exactly_the_counts() =>
        RunConsole.ClosingLines(Run(), new Redactor()).ShouldBe(["10.0s, tests 2.6x; 26.0s of tests, lower bound <1ms", "2 passed, 2 failed, 1 skipped"]);

    [Fact]
    public void A_listing_ends_with_what_it_was() =>
        RunConsole.ClosingLines(SampleRun.Run(Settings with { List = true }) with { Reason = "Tests were listed, none was run." }, new Redactor()).ShouldBe(["Tests were listed, none was run.", "0 passed, 0 failed, 0 skipped"]);

    [Fact]
    public void What_the_reports_took_comes_after_the_time_that_they_tell() =>
        RunClosing.Lines(Run() with { Phases = Run().Phases.Add("tests", 8).Add("reports", 1.5) }, new Redactor())
            .ShouldContain("  Time       10.0s: tests 8.00s (3.3x), then reports 1.50s");

    [Fact]
    public void A_run_in_which_nothing_ran_has_closing_lines_too() =>
        RunConsole.ClosingLines(SampleRun.Run(Settings) with { FinishedAt = SampleRun.Start }, new Redactor()).ShouldBe(["<1ms", "0 passed, 0 failed, 0 skipped"]);

    [Theory]
    [InlineData(ConcurrentTestExitCode.Success, "PASSED")]
    [InlineData(ConcurrentTestExitCode.TestsFailed, "FAILED")]
    [InlineData(ConcurrentTestExitCode.Incomplete, "INCOMPLETE")]
    [InlineData(ConcurrentTestExitCode.Refused, "REFUSED")]
    [InlineData(ConcurrentTestExitCode.BadSettings, "BAD SETTINGS")]
    [InlineData(ConcurrentTestExitCode.Cancelled, "CANCELLED")]
    public void The_last_line_begins_with_the_outcome(ConcurrentTestExitCode exitCode, string word) =>
        RunClosing.Lines(Run() with { ExitCode = exitCode }, new Redactor())[^1].ShouldStartWith($"{word}  ");

    [Fact]
    public void A_run_that_only_listed_says_no_more_than_why_it_could_not()
    {
        var run = Run() with { Settings = Settings with { List = true } };
        RunClosing.Lines(run, new Redactor()).ShouldBeEmpty();
        RunClosing.Lines(run with { ExitCode = ConcurrentTestExitCode.Incomplete, Reason = "No tests." }, new Redactor()).ShouldBe(["INCOMPLETE  No tests."]);
    }

    [Fact]
    public void Long_lists_are_cut_with_a_count()
    {
        var lines = RunClosing.Lines(SampleRun.Run(Settings, [.. SampleRun.Entries(25).Select((entry, number) => SampleRun.Failure(entry, message: $"Expected {number}."))]), new Redactor());
        lines.Count(line => line.Contains("Places_order_", StringComparison.Ordinal)).ShouldBe(20);
        lines.ShouldContain("             ... and 5 more: failed");
    }

    [Fact]
    public void What_was_running_as_the_run_was_stopped_is_named_with_its_worker()
    {
        var begun = SampleRun.Attempt(TestOutcome.Skipped, worker: 3) with { Cause = AttemptCauses.Unfinished };
        var never = SampleRun.Attempt(TestOutcome.Skipped, worker: -1) with { Cause = AttemptCauses.NotRun };

        RunClosing.Lines(SampleRun.Run(Settings, SampleRun.Result(SampleRun.Entry("Hangs"), begun), SampleRun.Result(SampleRun.Entry("Waits"), never)), new Redactor())
            .Where(line => line.Contains("OrderTests", StringComparison.Ordinal)).ShouldBe(["  Unfinished Shop.Tests.OrderTests.Hangs  [Shop.Tests (net10.0), worker 3]"]);
    }

    [Fact]
    public void What_never_ran_is_one_line_after_what_failed_and_hides_nothing()
    {
        var never = SampleRun.Entries(408).Select(entry => SampleRun.Result(entry, SampleRun.Attempt(TestOutcome.Error, worker: -1) with { Message = "The test was asked for and never ran.\nWhy?" }));
        var lines = RunClosing.Lines(SampleRun.Run(Settings, [.. never, SampleRun.Failure(SampleRun.Entry("Zips"))]), new Redactor());

        var failures = lines.SkipWhile(line => !line.StartsWith("  Failed ", StringComparison.Ordinal)).Take(3).ToList();
        failures[0].ShouldBe("  Failed     Shop.Tests.OrderTests.Zips  [Shop.Tests (net10.0)]");
        failures[1].ShouldBe("  Not run    408 × The test was asked for and never ran.");
        failures[2].ShouldStartWith("               Shop.Tests.OrderTests.Places_order_1, ");
        failures[2].ShouldEndWith(" and 403 more");
    }

    [Fact]
    public void The_heaviest_test_and_a_suspected_N_plus_1_are_told_unasked()
    {
        var chatty = SampleRun.Attempt() with { Figures = new TestFigures { Queries = 27_015, Writes = 12, Repeated = [new RepeatedQuery(27_000, "SELECT * FROM line WHERE id = ?")] } };
        var lines = RunClosing.Lines(SampleRun.Run(Settings, SampleRun.Result(SampleRun.Entry("Sums"), chatty), SampleRun.Result(SampleRun.Entry("Pays"))), new Redactor());

        lines.ShouldContain("  Queries    27,015 (12 writes), most in Shop.Tests.OrderTests.Sums: 27,015");
        lines.ShouldContain("  N+1?       27,000 times in Shop.Tests.OrderTests.Sums: SELECT * FROM line WHERE id = ?");
    }

    [Fact]
    public void Failures_outside_of_tests_are_counted_apart_so_that_the_counts_add_up()
    {
        var outside = new OutsideFailure { Kind = OutsideKinds.CleanUp, Name = "Class clean-up OrderTests", Assembly = SampleRun.Assembly, Workers = [1], At = SampleRun.Start, Message = "threw" };
        var lines = RunClosing.Lines(SampleRun.Run(Settings, SampleRun.Result(SampleRun.Entry("Pays"))) with { Outside = [outside] }, new Redactor());

        lines[1].ShouldBe("  Tests      1 passed, 1 failed (1 of them outside of tests), 0 skipped; 1 discovered");
    }

    private static WorkerRecord Worker(int number, double busySeconds) =>
        new(number, SampleRun.Start, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(busySeconds), 1, 1);

    private static RunRecord Run() => SampleRun.Run(
        Settings,
        SampleRun.Result(SampleRun.Entry("Orders"), SampleRun.Attempt(seconds: 20)),
        SampleRun.Result(SampleRun.Entry("Pays"), SampleRun.Attempt(TestOutcome.Failed, seconds: 1)) with { SourceFile = "/repo/tests/OrderTests.cs", Line = 7 },
        SampleRun.Result(SampleRun.Entry("Refunds"), SampleRun.Attempt(TestOutcome.Error, seconds: 1)),
        SampleRun.Result(SampleRun.Entry("Ships"), SampleRun.Attempt(TestOutcome.Failed, seconds: 2), SampleRun.Attempt(seconds: 2, number: 2)),
        SampleRun.Result(SampleRun.Entry("Waits"), SampleRun.Attempt(TestOutcome.Skipped, seconds: 0)));
}
