using ConcurrentTesting.Console;
using ConcurrentTesting.Record;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Console;

public class RunConsoleRedirectedTests
{
    [Fact]
    public async Task A_line_every_five_seconds_and_each_failure_at_once()
    {
        await using var run = new ShownRun(columns: 200, isLive: false);
        var entries = SampleRun.Entries(4);
        run.Begin(4, workers: 1, expectedSeconds: 16);
        run.Console.TestStarted(0, entries[0]);
        run.Wait(2);
        run.Console.TestFinished(SampleRun.Failure(entries[0]), isFinal: true);
        run.Wait();
        run.Terminal.Text.ShouldBe("[INF] Running 4 tests on 1 worker, about 16s\n[INF] FAIL  Shop.Tests.OrderTests.Places_order_1  [Shop.Tests (net10.0), worker 0, 1.23s]\n  Expected 1, was 2.");
        run.Wait(3);
        run.Terminal.Text.Split('\n')[^1].ShouldBe("[INF] Progress: 1/4 tests (25%), 1 failed, 5s elapsed, about 13s left");
        run.Surface.Written.ShouldNotContain("\e");
    }

    [Fact]
    public async Task The_log_is_never_silent_for_more_than_ten_seconds()
    {
        await using var run = new ShownRun(columns: 200, isLive: false);
        run.Console.PhaseStarted("build");
        run.Wait(25);
        run.Console.PhaseStarted("discovery");
        run.Console.PhaseStarted("template");
        run.Wait(10.2);
        run.Begin(4, workers: 1);
        run.Console.TestStarted(0, SampleRun.Entry("Sums"));
        run.Wait(12);
        run.Terminal.Text.Split('\n').ShouldBe(
        [
            "[INF] Building",
            "[INF] Building: 10s elapsed",
            "[INF] Building: 20s elapsed",
            "[INF] Discovering tests",
            "[INF] Preparing databases",
            "[INF] Discovering tests, Preparing databases: 35s elapsed",
            "[INF] Running 4 tests on 1 worker",
            "[INF] Progress: 0/4 tests (0%), 0 failed, 45s elapsed; OrderTests.Sums for 10s",
        ]);
    }

    [Fact]
    public async Task What_is_only_for_a_verbose_build_does_not_hide_that_the_log_is_silent()
    {
        await using var run = new ShownRun(columns: 200, rows: 100, isLive: false, level: LogLevel.Trace);
        run.Begin(4, workers: 1);
        for (var second = 0; second < 12; second++)
        {
            run.Console.Log.LogDebug("a step");
            run.Wait(1);
        }

        run.Terminal.Text.ShouldContain("[INF] Progress: 0/4 tests (0%), 0 failed, 10s elapsed");
    }

    [Fact]
    public async Task Lines_get_rarer_in_a_long_run_but_not_rarer_than_every_ten_seconds()
    {
        await using var run = new ShownRun(columns: 200, rows: 100, isLive: false);
        run.Begin(10_000, workers: 1);
        var linesByMinute = new List<int>();
        for (var minute = 0; minute < 5; minute++)
        {
            var before = run.Terminal.Text.Split('\n').Length;
            for (var second = 0; second < 60; second++)
            {
                run.Console.TestFinished(SampleRun.Result(SampleRun.Entry("Pays")), isFinal: true);
                run.Wait(1);
            }

            linesByMinute.Add(run.Terminal.Text.Split('\n').Length - before);
        }

        linesByMinute[0].ShouldBeInRange(11, 12);
        linesByMinute[1].ShouldBeInRange(6, 9);
        linesByMinute[4].ShouldBeInRange(5, 6);
    }

    [Fact]
    public async Task After_fifty_failures_only_names_are_printed_and_after_that_only_a_count()
    {
        await using var run = new ShownRun(columns: 200, rows: 400, isLive: false);
        run.Begin(1000, workers: 1);
        foreach (var entry in SampleRun.Entries(1000))
            run.Console.TestFinished(SampleRun.Failure(entry, message: $"Expected 1, was 2. In {entry.DisplayName}."), isFinal: true);
        run.Console.Finish(SampleRun.Run(run.Settings));
        run.Wait();
        var text = run.Terminal.Text;
        text.Split("Expected 1, was 2.").Length.ShouldBe(FailurePrinter.MostInFull + 1);
        text.Split("FAIL  ").Length.ShouldBe(FailurePrinter.MostInFull + FailurePrinter.MostByName + 1);
        text.ShouldContain("[INF] 50 failures were printed in full; more are listed by name. All of them: results/summary.md\n");
        text.ShouldContain("[INF] ... and 750 more failures: results/summary.md\n");
        await run.Console.DisposeAsync();
        run.ReadRunLog().Split("FAIL  ").Length.ShouldBe(1001);
    }

    [Fact]
    public async Task A_message_and_stack_that_many_tests_have_are_printed_once_and_the_output_of_each()
    {
        await using var run = new ShownRun(columns: 200, rows: 100, isLive: false);
        run.Begin(4, workers: 1);
        run.Console.TestFinished(SampleRun.Failure(SampleRun.Entry("Pays"), stack: "   at Shop.Till.Open()"), isFinal: true);
        var again = SampleRun.Attempt(TestOutcome.Failed) with { Message = "Expected 1, was 2.", StackTrace = "   at Shop.Till.Open()", StandardOutput = "said by Ships" };
        run.Console.TestFinished(SampleRun.Result(SampleRun.Entry("Ships"), again), isFinal: true);
        run.Console.TestFinished(SampleRun.Failure(SampleRun.Entry("Zips"), stack: "   at Shop.Till.Close()"), isFinal: true);
        run.Wait();
        var text = run.Terminal.Text;
        text.Split("Expected 1, was 2.").Length.ShouldBe(3);
        text.Split("Shop.Till.Open()").Length.ShouldBe(2);
        text.ShouldContain("  same message and stack as Shop.Tests.OrderTests.Pays\n  output:\n  | said by Ships\n");
    }

    [Fact]
    public async Task Many_failures_of_one_cause_hide_none_of_another()
    {
        await using var run = new ShownRun(columns: 200, rows: 400, isLive: false);
        run.Begin(400, workers: 1);
        foreach (var entry in SampleRun.Entries(300))
            run.Console.TestFinished(SampleRun.Failure(entry, message: "The fixture threw."), isFinal: true);
        run.Console.TestFinished(SampleRun.Failure(SampleRun.Entry("Pays"), message: "Expected 1, was 2."), isFinal: true);
        run.Console.Finish(SampleRun.Run(run.Settings));
        run.Wait();
        var text = run.Terminal.Text;
        text.Split("FAIL  ").Length.ShouldBe(1 + FailurePrinter.MostAlike + 1 + 1);
        text.ShouldContain("Shop.Tests.OrderTests.Pays  [");
        text.ShouldContain("  Expected 1, was 2.\n");
        text.ShouldNotContain("failures were printed in full");
        text.ShouldContain("[INF] ... and 295 more failures with a message and stack that were printed: results/summary.md\n");
        await run.Console.DisposeAsync();
        run.ReadRunLog().Split("FAIL  ").Length.ShouldBe(302);
    }

    [Fact]
    public async Task An_incident_that_comes_again_is_one_warning_with_a_count()
    {
        await using var run = new ShownRun(columns: 200, isLive: false);
        for (var i = 0; i < 58; i++)
            run.Console.IncidentHappened(new Incident(SampleRun.Start, "session-died", $"vstest.console {i} ended with 137; {(i == 1 ? "1 test" : $"{i} tests")} to run again.", 3));
        run.Console.IncidentHappened(new Incident(SampleRun.Start, "no-result", "The test host ended well."));
        run.Console.Finish(SampleRun.Run(run.Settings));
        await run.Console.DisposeAsync();
        run.Terminal.Text.Split('\n').Where(line => !line.StartsWith(' ')).Take(4).ShouldBe(
        [
            "[INF] session-died (worker 3): vstest.console 0 ended with 137; 0 tests to run again.",
            "[INF] no-result: The test host ended well.",
            "[WAR] session-died: vstest.console 0 to 57 ended with 137; 0 to 57 tests to run again. (×58)",
            "[WAR] no-result: The test host ended well.",
        ]);
        run.ReadRunLog().Split("session-died").Length.ShouldBeGreaterThan(58);
    }

    [Fact]
    public async Task A_number_in_a_name_is_no_figure()
    {
        await using var run = new ShownRun(columns: 200, isLive: false);
        foreach (var framework in new[] { "net8.0", "net10.0" })
            run.Console.IncidentHappened(new Incident(SampleRun.Start, "no-result", $"2 tests of Shop.Tests ({framework}) gave none."));
        run.Console.Finish(SampleRun.Run(run.Settings));
        await run.Console.DisposeAsync();
        run.Terminal.Text.Split('\n').Where(line => line.StartsWith("[WAR]", StringComparison.Ordinal)).ShouldBe(
            ["[WAR] no-result: 2 tests of Shop.Tests (net8.0) gave none.", "[WAR] no-result: 2 tests of Shop.Tests (net10.0) gave none."]);
    }

    [Fact]
    public async Task An_incident_after_the_tests_is_told_once()
    {
        await using var run = new ShownRun(columns: 200, isLive: false);
        run.Begin(1, workers: 1);
        run.Console.Happened(new PhaseEnded("tests", 1) { At = SampleRun.Start });
        run.Console.IncidentHappened(new Incident(SampleRun.Start, "fewer-rows", "Shop.Sells gave 2 rows; in the last run it gave 3 rows."));
        run.Console.Finish(SampleRun.Run(run.Settings));
        await run.Console.DisposeAsync();
        run.Terminal.Text.Split('\n').Where(line => line.Contains("fewer-rows:", StringComparison.Ordinal)).ShouldBe(["[WAR] fewer-rows: Shop.Sells gave 2 rows; in the last run it gave 3 rows."]);
    }

    [Fact]
    public async Task Tests_without_a_result_for_one_cause_are_told_once()
    {
        await using var run = new ShownRun(columns: 200, isLive: false);
        run.Begin(100, workers: 1);
        foreach (var entry in SampleRun.Entries(60))
            run.Console.TestFinished(SampleRun.Result(entry, SampleRun.Attempt(TestOutcome.Error, worker: -1) with { Message = "No worker was left." }), isFinal: true);
        run.Console.TestFinished(SampleRun.Failure(SampleRun.Entry("Zips")), isFinal: true);
        run.Wait();
        run.Terminal.Text.Split("NOT RUN  ").Length.ShouldBe(2);
        run.Terminal.Text.ShouldContain("NOT RUN  Shop.Tests.OrderTests.Places_order_1  [Shop.Tests (net10.0), not run]\n");
        run.Terminal.Text.ShouldContain("FAIL  Shop.Tests.OrderTests.Zips");
    }

    [Fact]
    public async Task The_list_shows_assemblies_units_tests_and_the_plan()
    {
        await using var run = new ShownRun(columns: 200, isLive: false);
        var (pays, rates) = (SampleRun.Entry("Pays(1)"), SampleRun.Entry("Rates", "Shop.Tests.RatingTests", cases: 2));
        var catalog = SampleRun.Catalog(pays, rates) with { Explicit = [SampleRun.Entry("Only_by_name")] };
        run.Console.List(new TestListing
        {
            Catalog = catalog,
            Predict = entry => entry == pays ? new TestPrediction(TimeSpan.FromSeconds(1.5), true) : new TestPrediction(TimeSpan.FromSeconds(0.75), false),
            Plan =
            [
                new PlannedShare(0, [catalog.Units[0]], TimeSpan.FromSeconds(1.5)),
                new PlannedShare(1, [], TimeSpan.Zero),
                new PlannedShare(null, [catalog.Units[1]], TimeSpan.FromSeconds(0.75)),
            ],
            Seed = 42,
            Expected = TimeSpan.FromSeconds(1.6),
        });
        run.Wait();
        run.Terminal.Text.ShouldBe(
            """
            [INF] Shop.Tests (net10.0)  XUnit3, 2 units, 3 tests, 2.25s
              Shop.Tests.OrderTests  1 test, 1.50s
                Pays(1)  1.50s
              Shop.Tests.RatingTests  2 tests, 0.75s
                Rates (x2)  ~0.75s
            [INF] Explicit, run only when named  1 test
              Shop.Tests (net10.0)  Shop.Tests.OrderTests.Only_by_name
            [INF] Plan  2 workers, 3 tests, about 1.60s, 50% of the durations known, seed 42
              worker 0  1.50s, 1 unit, 1 test
                Shop.Tests (net10.0)  Shop.Tests.OrderTests  1 test, 1.50s
              worker 1  <1ms, 0 units, 0 tests
              shared  0.75s, 1 unit, 2 tests
                Shop.Tests (net10.0)  Shop.Tests.RatingTests  2 tests, 0.75s
            """);
    }

    [Fact]
    public async Task A_secret_is_nowhere()
    {
        await using var run = new ShownRun(columns: 200, isLive: false, connectionString: "Host=db;Username=u;Password=s3cr3t-Qx7;");
        run.Console.Redactor.Register("clone-password");
        var entry = SampleRun.Entry("Connects(password: \"s3cr3t-Qx7\")");
        run.Begin(1, workers: 1);
        run.Console.TestStarted(0, entry);
        run.Console.TestFinished(
            SampleRun.Result(entry, SampleRun.Attempt(TestOutcome.Failed) with
            {
                Message = "no s3cr3t-Qx7, no clone-password",
                StackTrace = "   at s3cr3t-Qx7()",
                StandardOutput = "s3cr3t-Qx7\n",
                StandardError = "clone-password",
            }),
            isFinal: true);
        run.Console.Log.LogError(new InvalidOperationException("s3cr3t-Qx7 in an exception"), "with {Secret}", "s3cr3t-Qx7");
        run.Console.Finish(SampleRun.Run(run.Settings) with { Reason = "because of s3cr3t-Qx7" });
        await run.Console.DisposeAsync();
        var everything = run.Terminal.Text + run.ReadRunLog();
        everything.ShouldContain("no ***, no ***");
        everything.ShouldNotContain("s3cr3t-Qx7");
        everything.ShouldNotContain("clone-password");
    }

    [Fact]
    public async Task A_guessable_password_garbles_nothing_and_is_told_of_once()
    {
        await using var run = new ShownRun(columns: 200, isLive: false, connectionString: "Host=db;Username=u;Password=test;");
        run.Begin(1, workers: 1);
        run.Console.TestFinished(SampleRun.Result(SampleRun.Entry("Pays"), SampleRun.Attempt(TestOutcome.Failed) with { Message = "the test of Password=test; failed" }), isFinal: true);
        run.Console.Finish(SampleRun.Run(run.Settings) with { Reason = "1 test failed." });
        await run.Console.DisposeAsync();

        run.Terminal.Text.ShouldContain("the test of Password=***; failed");
        run.Terminal.Text.ShouldContain("1 test failed.");
        run.Terminal.Text.Split("is masked where it stands as a password").Length.ShouldBe(2);
    }

    [Fact]
    public async Task A_word_of_a_message_that_is_somebodys_password_stays()
    {
        await using var run = new ShownRun(columns: 200, isLive: false, connectionString: "Host=db;Username=u;Password=infrastructure;");
        run.Console.Log.LogWarning("The infrastructure said: {Text}, {Own} after {Seconds:0.0} s", "my infrastructure is gone", new OwnWords("infrastructure"), 1.25);
        await run.Console.DisposeAsync();

        run.ReadRunLog().ShouldContain("The infrastructure said: my *** is gone, infrastructure after 1.3 s");
    }
}
