using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Tests.Databases;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Execution;

public sealed class BatchRunnerTests
{
    private readonly TestEntry _first = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "First");
    private readonly TestEntry _hanging = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Hangs");

    [Fact]
    public async Task A_test_that_runs_too_long_is_ended_with_its_host_and_the_rest_runs_again()
    {
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(10) };
        await using var run = new FakeRun(settings => settings with { TestTimeout = TimeSpan.FromSeconds(5) }, time);
        var last = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Last");

        var hung = new List<DateTimeOffset>();
        var pool = run.Pool((asked, events, cancellationToken) => HangAsync(asked, events, () => hung.Add(time.GetUtcNow()), cancellationToken)).RunAsync(FakeRun.Plan([_first, _hanging, last]));
        await PassTimeAsync(pool, time);
        run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Passed);
        run.ResultOf(_hanging).Outcome.ShouldBe(TestOutcome.TimedOut);
        run.ResultOf(_hanging).Final.StartedAt.ShouldBeInRange(hung[2], hung[3], "it starts when it began, not when it was ended");
        run.ResultOf(last).Outcome.ShouldBe(TestOutcome.Passed);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(3, 15)]
    [InlineData(80, 50)]
    public void A_test_that_tells_the_results_of_its_rows_together_has_the_time_of_them_up_to_ten(int rows, int seconds)
    {
        var ships = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Ships", cases: rows);

        ships.Within(TimeSpan.FromSeconds(5)).ShouldBe(TimeSpan.FromSeconds(5));
        (ships with { RowNames = [.. Enumerable.Range(0, rows).Select(row => $"Ships ({row})")] }).Within(TimeSpan.FromSeconds(5)).ShouldBe(TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public async Task A_test_that_tells_the_results_of_its_rows_together_and_hangs_has_timed_out_with_all_of_them()
    {
        var time = new FakeTimeProvider();
        await using var run = new FakeRun(settings => settings with { TestTimeout = TimeSpan.FromSeconds(5) }, time);
        var ships = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Ships", cases: 3) with { DisplayName = "Ships", RowNames = ["Ships (1)", "Ships (2)", "Ships (3)"] };

        var pool = run.Pool(async (_, events, cancellationToken) =>
        {
            events.ActiveTests([FakeHost.Told(ships)]);
            await EndedAsync(cancellationToken);
            return new HostRunEnd("the run was ended early.");
        }).RunAsync(FakeRun.Plan([ships]));
        await PassTimeAsync(pool, time);

        run.Context.Recorder.RowsSoFar(ships).Select(row => row.Outcome).ShouldBe([TestOutcome.TimedOut, TestOutcome.TimedOut, TestOutcome.TimedOut]);
        run.Incidents.ShouldContain(incident => incident.Message.Contains("ran longer than 15 s (--test-timeout)"));
    }

    [Fact]
    public async Task A_test_that_runs_when_the_last_workers_time_is_over_was_started_there_and_is_unfinished()
    {
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(10) };
        await using var run = new FakeRun(settings => settings with { WorkerTimeout = TimeSpan.FromSeconds(5), TestTimeout = TimeSpan.FromDays(1_000) }, time);
        var last = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Last");

        var hung = new List<DateTimeOffset>();
        var pool = run.Pool((asked, events, cancellationToken) => HangAsync(asked, events, () => hung.Add(time.GetUtcNow()), cancellationToken)).RunAsync(FakeRun.Plan([_first, _hanging, last]));
        await PassTimeAsync(pool, time);
        var begun = run.ResultOf(_hanging);
        (begun.Outcome, begun.Final.Worker, begun.Final.Cause, FailureKinds.Text(begun.Final)).ShouldBe((TestOutcome.Error, 0, "unfinished", "unfinished"));
        begun.Final.StartedAt.ShouldBeInRange(hung[2], hung[3]);
        begun.Final.Message.ShouldNotBeNull().ShouldStartWith("The test was running when its test host was ended, and no worker was left to try it again.");
        (run.ResultOf(last).Final.Worker, FailureKinds.Text(run.ResultOf(last).Final)).ShouldBe((-1, "not run"));
    }

    [Fact]
    public async Task A_test_that_runs_when_the_run_is_cancelled_was_started_and_is_unfinished()
    {
        using var ending = new CancellationTokenSource();
        await using var run = new FakeRun(ending: ending.Token);
        var last = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Last");

        await run.Pool(async (asked, events, cancellationToken) =>
        {
            events.ActiveTests([FakeHost.Told(_first)]);
            await ending.CancelAsync();
            await EndedAsync(cancellationToken);
            return new HostRunEnd("the run was ended early.");
        }).RunAsync(FakeRun.Plan([_first, last]));

        var begun = run.ResultOf(_first);
        (begun.Outcome, begun.Final.Worker, begun.Final.Cause, FailureKinds.Text(begun.Final)).ShouldBe((TestOutcome.Skipped, 0, "unfinished", "unfinished"));
        begun.Final.Message.ShouldBe("Started and not finished: the run was cancelled.");
        run.ResultOf(last).Final.Message.ShouldBe("Not run: the run was cancelled.");
    }

    [Fact]
    public async Task A_failure_stays_one_where_the_run_is_cancelled_while_its_test_runs_again()
    {
        using var ending = new CancellationTokenSource();
        await using var run = new FakeRun(settings => settings with { Reruns = 1 }, ending: ending.Token);

        await run.Pool(async (asked, events, cancellationToken) =>
        {
            if (!asked.NeedsFreshProcess)
                return await FakeHost.GiveAll(asked, events, _ => TestOutcome.Failed);
            events.ActiveTests([FakeHost.Told(_first)]);
            await ending.CancelAsync();
            await EndedAsync(cancellationToken);
            return new HostRunEnd("the run was ended early.");
        }).RunAsync(FakeRun.Plan([_first]));

        run.ResultOf(_first).Attempts.ShouldHaveSingleItem().Outcome.ShouldBe(TestOutcome.Failed);
    }

    [Fact]
    public async Task That_the_reruns_are_used_up_is_told_once()
    {
        await using var run = new FakeRun(settings => settings with { Reruns = 2 });
        var entries = Enumerable.Range(0, 13).Select(number => Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", $"Fails_{number}")).ToArray();

        await run.Pool((asked, events, _) => FakeHost.GiveAll(asked, events, _ => TestOutcome.Failed)).RunAsync(FakeRun.Plan(entries[..7], entries[7..]));

        var told = run.Incidents.ShouldHaveSingleItem();
        told.Kind.ShouldBe("reruns-used-up");
        told.Message.ShouldStartWith("The 10 reruns that this run may have in all (5 % of its tests, at least 10) are used up: ");
        entries.Sum(entry => run.ResultOf(entry).Attempts.Length - 1).ShouldBe(10);
    }

    [Fact]
    public async Task A_run_with_reruns_left_says_nothing_of_them()
    {
        await using var run = new FakeRun(settings => settings with { Reruns = 1 });
        var entries = Enumerable.Range(0, 10).Select(number => Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", $"Fails_{number}")).ToArray();

        await run.Pool((asked, events, _) => FakeHost.GiveAll(asked, events, _ => TestOutcome.Failed)).RunAsync(FakeRun.Plan(entries));

        run.Incidents.ShouldBeEmpty();
    }

    [Fact]
    public async Task Why_a_process_crashed_is_told_with_it_and_once()
    {
        const string Fault = "The active test run was aborted. Reason: Test host process crashed : Process terminated.\nThe disk is full.\n   at System.Environment.FailFast(System.String)\n   at Shop.Orders.Hangs() in /shop/Orders.cs:line 7";
        await using var run = new FakeRun();

        await run.Pool((asked, events, _) =>
        {
            events.ActiveTests([FakeHost.Told(asked.Entries[0])]);
            return Task.FromResult(new HostRunEnd(Fault));
        }).RunAsync(FakeRun.Plan([_hanging]));

        run.Incidents.First(incident => incident.Kind == IncidentKinds.SessionDied).Message.ShouldBe("The test process crashed: Process terminated. The disk is full. To run again: 1 test in 1 batch.");
    }

    [Fact]
    public async Task A_quarantined_test_that_dies_twice_is_no_failure_that_stops_the_run()
    {
        await using var run = new FakeRun(settings => settings with { FailFast = 1 }, quarantine: Muted("Shop.Orders.Hangs"));
        var last = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Last");

        await run.Pool((asked, events, _) =>
        {
            foreach (var entry in asked.Entries)
            {
                events.ActiveTests([FakeHost.Told(entry)]);
                if (entry.Equals(_hanging))
                    return Task.FromResult(new HostRunEnd("Test host process crashed"));
                events.ResultArrived(FakeHost.Result(entry, TestOutcome.Passed));
            }

            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([_hanging, _first, last]));

        run.ResultOf(_hanging).Outcome.ShouldBe(TestOutcome.Skipped);
        run.Context.Stop.Reason.ShouldBeNull();
        run.ResultOf(last).Outcome.ShouldBe(TestOutcome.Passed);
    }

    [Fact]
    public async Task A_batch_is_recorded_with_what_its_host_said_was_wrong()
    {
        await using var run = new FakeRun();

        await run.Pool((asked, events, _) => FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed)).RunAsync(FakeRun.Plan([_first]));

        var batch = run.Context.Recorder.Batches.ShouldHaveSingleItem();
        batch.Error.ShouldBeNull();
        batch.Tests.ShouldBe(1);
        batch.Reason.ShouldBe(BatchReasons.Plan);
    }

    [Fact]
    public async Task A_result_that_nobody_asked_for_is_told_and_not_counted()
    {
        await using var run = new FakeRun();

        await run.Pool((asked, events, _) =>
        {
            events.ResultArrived(FakeHost.Result(_hanging, TestOutcome.Passed));
            return FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed);
        }).RunAsync(FakeRun.Plan([_first]));

        run.Context.Recorder.Tests.ShouldHaveSingleItem().ClassName.ShouldBe(_first.ClassName);
        run.Incidents.ShouldHaveSingleItem().Kind.ShouldBe(IncidentKinds.UnaskedResult);
    }

    [Theory]
    [InlineData("[Test Cleanup Failure (Shop.Orders.First)]: System.Exception : it broke", 0)]
    [InlineData("Expected 1, was 2", 1)]
    public async Task A_failed_clean_up_of_one_test_that_is_a_result_of_it_is_not_counted_again(string message, int outside)
    {
        await using var run = new FakeRun();

        await run.Pool((asked, events, _) =>
        {
            events.ResultArrived(FakeHost.Result(_first, TestOutcome.Passed));
            events.ResultArrived(FakeHost.Result(_first, TestOutcome.Failed) with { Message = message });
            events.Message(HostMessageLevel.Error, "[xUnit.net 00:00:00.22]     [Test Cleanup Failure (Shop.Orders.First)] System.Exception");
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([_first]));

        run.Context.Recorder.Tests.Length.ShouldBe(2);
        run.Context.Recorder.Outside.Select(failure => failure.Name)
            .ShouldBe(Enumerable.Repeat("Test clean-up Shop.Orders.First", outside));
    }

    [Theory]
    [InlineData(true, "Assembly Cleanup method Baskets.CleanAll failed. Error Message: System.Exception: it broke", "Shop.Baskets, Shop.Orders")]
    [InlineData(true, "Class Cleanup method Baskets.Clean failed. Error Message: System.Exception: it broke", "Shop.Baskets")]
    [InlineData(true, "Class Cleanup method Inherited.Clean failed. Error Message: System.Exception: it broke", "Shop.Baskets, Shop.Orders")]
    [InlineData(false, "Class Cleanup method Inherited.Clean failed. Error Message: System.Exception: it broke", "Shop.Orders")]
    [InlineData(false, "Assembly Cleanup method Baskets.CleanAll failed. Error Message: System.Exception: it broke", "Shop.Baskets, Shop.Orders")]
    public async Task A_clean_up_that_MSTest_tells_as_the_failure_of_a_test_is_none_of_it(bool isBeforeVersion4, string message, string classes)
    {
        await using var run = new FakeRun();
        var other = Catalogs.Entry(Catalogs.Assembly(), "Shop.Baskets", "Other");

        await run.Pool((_, events, _) =>
        {
            events.ResultArrived(FakeHost.Result(other, TestOutcome.Passed));
            if (!isBeforeVersion4)
                events.ResultArrived(FakeHost.Result(_first, TestOutcome.Passed));
            events.ResultArrived(FakeHost.Result(_first, TestOutcome.Failed) with { Message = message, StackTrace = "at Baskets.Clean()" });
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([other, _first]));

        (run.ResultOf(_first).Outcome, run.ResultOf(_first).Final.Message).ShouldBe((TestOutcome.Passed, null));
        var failure = run.Context.Recorder.Outside.ShouldHaveSingleItem();
        (failure.Kind, failure.Message, failure.StackTrace).ShouldBe((OutsideKinds.CleanUp, message, "at Baskets.Clean()"));
        string.Join(", ", failure.Classes.Order()).ShouldBe(classes);
    }

    [Fact]
    public async Task A_clean_up_that_each_batch_runs_anew_is_one_failure_in_the_counts_and_to_fail_fast()
    {
        await using var run = new FakeRun(settings => settings with { FailFast = 2 });
        TestEntry[] entries = [.. Enumerable.Range(1, 4).Select(number => Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", $"Test{number}"))];

        await run.Pool((batch, events, _) =>
        {
            var entry = batch.Entries.Single();
            events.ResultArrived(FakeHost.Result(entry, TestOutcome.Passed));
            events.ResultArrived(FakeHost.Result(entry, TestOutcome.Failed) with
            {
                Message = $"Assembly Cleanup method Baskets.CleanAll failed. Error Message: System.Exception: database \"ct_run_w{batch.Batch}-1\" is being accessed by other users",
            });
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([.. entries.Select(entry => (TestEntry[])[entry])]));

        entries.Select(entry => run.ResultOf(entry).Outcome).ShouldBe(Enumerable.Repeat(TestOutcome.Passed, 4));
        run.Context.Stop.Reason.ShouldBeNull();
        run.Context.Recorder.Outside.ShouldHaveSingleItem().Kind.ShouldBe(OutsideKinds.CleanUp);
    }

    [Theory]
    [InlineData("Shop.Orders", "ordered fixtures of Shop")]
    [InlineData("Shop", null)]
    public async Task A_clean_up_that_is_tried_again_with_what_a_process_died_in_is_no_failure(string fixture, string? need)
    {
        await using var run = new FakeRun(settings => settings with { MaxRetries = 1, RetryDelay = TimeSpan.FromMilliseconds(1) });
        var first = _first with { Need = need };
        var last = Catalogs.Entry(first.Assembly, "Shop.Invoices", "Last") with { Need = need };

        await run.Pool((asked, events, _) =>
        {
            if (run.Runs.Count > 1)
                return FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed);
            events.ActiveTests([FakeHost.Told(first)]);
            events.ResultArrived(FakeHost.Result(first, TestOutcome.Passed));
            events.Message(HostMessageLevel.Error, $"TearDown failed for test fixture {fixture}\nTearDown : Shop.ConcurrentTestInfrastructureException : the server is gone");
            events.ActiveTests([FakeHost.Told(last)]);
            return Task.FromResult(new HostRunEnd("killed"));
        }).RunAsync(FakeRun.Plan([first, last]));

        run.Context.Recorder.Outside.ShouldBeEmpty();
        run.Incidents.ShouldContain(incident => incident.Kind == IncidentKinds.CleanUpRetried);
        new[] { first, last }.ShouldAllBe(entry => run.ResultOf(entry).Outcome == TestOutcome.Passed);
    }

    [Theory]
    [InlineData("Rows (2)", 2)]
    [InlineData("Rows (1)", 1)]
    [InlineData("[Shop.Orders ClassCleanup]", 1)]
    public async Task A_clean_up_that_MSTest_tells_beside_rows_is_no_row(string name, int rows)
    {
        await using var run = new FakeRun();
        var theory = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Rows", hasKnownRows: false);

        await run.Pool((_, events, _) =>
        {
            events.ResultArrived(FakeHost.Result(theory, TestOutcome.Passed) with { DisplayName = "Rows (1)" });
            events.ResultArrived(FakeHost.Result(theory, TestOutcome.Failed) with { DisplayName = name, Message = "Class Cleanup method Orders.Clean failed. Error Message: it broke" });
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([theory]));

        run.Context.Recorder.RowsSoFar(theory).Select(row => row.Outcome).ShouldBe(Enumerable.Repeat(TestOutcome.Passed, rows));
        run.Context.Recorder.Outside.ShouldHaveSingleItem().Kind.ShouldBe(OutsideKinds.CleanUp);
    }

    [Fact]
    public async Task Without_retries_no_other_try_replaces_what_the_infrastructure_failed()
    {
        await using var run = new FakeRun();
        var rows = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Rows", cases: 2);

        await run.Pool((_, events, _) =>
        {
            events.ActiveTests([FakeHost.Told(rows)]);
            if (run.Runs.Count > 1)
            {
                events.ResultArrived(FakeHost.Result(rows, TestOutcome.Passed));
                events.ResultArrived(FakeHost.Result(rows, TestOutcome.Passed));
                return Task.FromResult(FakeHost.WellEnded);
            }

            events.ResultArrived(FakeHost.Result(rows, TestOutcome.Failed) with { Message = "Shop.ConcurrentTestInfrastructureException : the server is gone" });
            return Task.FromResult(new HostRunEnd("killed"));
        }).RunAsync(FakeRun.Plan([rows]));

        run.Context.Recorder.RowsSoFar(rows).ShouldContain(row => row.Outcome == TestOutcome.Failed && row.Final.Message!.Contains("the server is gone"));
    }

    [Fact]
    public async Task A_test_takes_no_longer_than_its_batch_has_lasted()
    {
        await using var run = new FakeRun();

        await run.Pool((asked, events, _) =>
        {
            events.ResultArrived(FakeHost.Result(_first, TestOutcome.Passed) with { Duration = TimeSpan.FromHours(7), StartedAt = default });
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([_first]));

        var test = run.ResultOf(_first).Final;
        test.Duration.ShouldBeLessThan(TimeSpan.FromMinutes(1));
        test.StartedAt.ShouldNotBe(default);
    }

    [Fact]
    public async Task A_clean_up_that_hangs_between_two_classes_is_a_failure()
    {
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(10) };
        await using var run = new FakeRun(settings => settings with { TestTimeout = TimeSpan.FromSeconds(5) }, time);
        var other = Catalogs.Entry(Catalogs.Assembly(), "Shop.Baskets", "Other");

        var pool = run.Pool(async (asked, events, cancellationToken) =>
        {
            if (!asked.Entries.Contains(_first))
                return await FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed);
            events.ActiveTests([FakeHost.Told(_first)]);
            events.ResultArrived(FakeHost.Result(_first, TestOutcome.Passed));
            events.ActiveTests([]);
            await EndedAsync(cancellationToken);
            return new HostRunEnd("the run was ended early.");
        }).RunAsync(FakeRun.Plan([_first, other]));
        await PassTimeAsync(pool, time);
        run.ResultOf(other).Outcome.ShouldBe(TestOutcome.Passed);
        run.Context.Recorder.Outside.ShouldHaveSingleItem().Message.ShouldContain("a clean-up or a set-up that hangs");
    }

    [Theory]
    [InlineData(TestFramework.NUnit, "", "50 s while it explored its assembly (10 times --test-timeout)")]
    [InlineData(TestFramework.NUnit, "NUnit3TestExecutor discovered 1 of 1 NUnit test cases", "5 s (--test-timeout)")]
    [InlineData(TestFramework.XUnit2, "", "5 s (--test-timeout)")]
    internal async Task Silence_is_a_hang_ten_times_later_while_NUnit_explores(TestFramework framework, string said, string bound)
    {
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(10) };
        await using var run = new FakeRun(settings => settings with { TestTimeout = TimeSpan.FromSeconds(5) }, time);
        var test = Catalogs.Entry(Catalogs.Assembly() with { Framework = framework }, "Shop.Orders", "First");

        var pool = run.Pool(async (asked, events, cancellationToken) =>
        {
            if (run.Runs.Count > 1)
                return await FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed);
            events.Message(HostMessageLevel.Information, said);
            await EndedAsync(cancellationToken);
            return new HostRunEnd("the run was ended early.");
        }).RunAsync(FakeRun.Plan([test]));
        await PassTimeAsync(pool, time);

        run.ResultOf(test).Outcome.ShouldBe(TestOutcome.Passed);
        run.Incidents.ShouldHaveSingleItem().Message.ShouldStartWith($"the test host said nothing for {bound} and was ended.");
    }

    [Theory]
    [InlineData("[xUnit.net 00:00:00.10]   Catastrophic failure: System.BadImageFormatException", true, 1)]
    [InlineData("[xUnit.net 00:00:00.10]   Catastrophic failure: System.BadImageFormatException", false, 0)]
    public async Task An_error_that_was_told_before_a_process_died_is_no_word_of_its_death(string error, bool wentOn, int failures)
    {
        await using var run = new FakeRun();
        var last = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Last");

        await run.Pool((asked, events, _) =>
        {
            if (!asked.Entries.Contains(_first))
                return FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed);
            if (wentOn)
                events.Message(HostMessageLevel.Error, error);
            events.ResultArrived(FakeHost.Result(_first, TestOutcome.Passed) with { StartedAt = DateTimeOffset.UtcNow.AddSeconds(wentOn ? 1 : -1) });
            if (!wentOn)
                events.Message(HostMessageLevel.Error, error);
            return Task.FromResult(new HostRunEnd("killed"));
        }).RunAsync(FakeRun.Plan([_first, last]));

        run.ResultOf(last).Outcome.ShouldBe(TestOutcome.Passed);
        run.Context.Recorder.Outside.Length.ShouldBe(failures);
    }

    [Theory]
    [InlineData(TestOutcome.Failed, 1, 0)]
    [InlineData(TestOutcome.Passed, 0, 1)]
    internal async Task A_row_that_nobody_knew_is_told_and_a_failure_where_it_failed(TestOutcome outcome, int failures, int told)
    {
        await using var run = new FakeRun();
        var row = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Ships(11:03)");

        // The names of its rows have the time in them, and there is one more than when they were discovered.
        await run.Pool((asked, events, _) =>
        {
            if (asked.Selection is null)
                return Task.FromResult(FakeHost.WellEnded);
            events.ResultArrived(FakeHost.Result(Catalogs.Entry(row.Assembly, row.ClassName, "Ships(11:04)"), TestOutcome.Passed));
            events.ResultArrived(FakeHost.Result(Catalogs.Entry(row.Assembly, row.ClassName, "Ships(11:05)"), outcome));
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([row]));

        run.ResultOf(row).Outcome.ShouldBe(TestOutcome.Passed);
        run.Context.Recorder.Outside.Select(failure => failure.Name).ShouldBe(Enumerable.Repeat("Shop.Orders.Ships(11:05)", failures));
        run.Incidents.Count(incident => incident.Kind == IncidentKinds.UnaskedResult).ShouldBe(told);
    }

    [Fact]
    public async Task An_explicit_test_does_not_take_the_place_of_a_row_that_is_asked_for_by_name()
    {
        await using var run = new FakeRun();
        TestEntry[] rows = [.. new[] { "11:03", "11:04" }.Select(time => Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", $"Ships({time})"))];

        await run.Pool((asked, events, _) =>
        {
            if (asked.Selection is null)
                return Task.FromResult(FakeHost.WellEnded);
            Give("11:05", TestOutcome.Skipped, isExplicit: true);
            Give("11:06", TestOutcome.Passed);
            Give("11:07", TestOutcome.Failed);
            return Task.FromResult(FakeHost.WellEnded);

            void Give(string time, TestOutcome outcome, bool isExplicit = false)
            {
                var result = FakeHost.Result(Catalogs.Entry(rows[0].Assembly, "Shop.Orders", $"Ships({time})"), outcome);
                events.ActiveTests([result.Test with { IsExplicit = isExplicit }]);
                events.ResultArrived(result with { Test = result.Test with { IsExplicit = isExplicit } });
            }
        }).RunAsync(FakeRun.Plan(rows));

        rows.Select(row => run.ResultOf(row).Outcome).ShouldBe([TestOutcome.Passed, TestOutcome.Failed]);
        run.Context.Recorder.Outside.ShouldBeEmpty();
        run.Incidents.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_row_that_is_asked_for_by_name_does_not_take_the_place_of_one_that_it_needs()
    {
        await using var run = new FakeRun();
        TestEntry[] rows = [.. new[] { "first", "11:03" }.Select(row => Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", $"Ships({row})") with { Need = "Orders" })];

        await run.Pool((asked, events, _) =>
        {
            if (asked.Selection is not null)
                events.ResultArrived(FakeHost.Result(Catalogs.Entry(rows[0].Assembly, "Shop.Orders", "Ships(11:04)"), TestOutcome.Skipped));
            events.ResultArrived(FakeHost.Result(rows[0], TestOutcome.Passed));
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan(rows));

        rows.Select(row => run.ResultOf(row).Outcome).ShouldBe([TestOutcome.Passed, TestOutcome.Skipped]);
        run.ResultOf(rows[0]).Attempts.Length.ShouldBe(2);
    }

    [Theory]
    [InlineData(TestOutcome.Skipped)]
    [InlineData(TestOutcome.Failed)]
    internal async Task One_result_for_all_rows_of_a_method_is_that_of_each_row_that_gave_none(TestOutcome outcome)
    {
        await using var run = new FakeRun();
        var ships = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Ships", cases: 3) with { DisplayName = "Ships", RowNames = ["Ships (1)", "Ships (2)", "Ships (3)"] };
        var pays = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Pays", cases: 2) with { DisplayName = "Pays", RowNames = ["Pays (1)", "Pays (2)"] };

        await run.Pool((_, events, _) =>
        {
            events.ResultArrived(FakeHost.Result(ships, outcome));
            events.ResultArrived(FakeHost.Result(ships, TestOutcome.Passed) with { DisplayName = "Ships (2)" });
            events.ResultArrived(FakeHost.Result(pays, outcome));
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([ships, pays]));

        run.Runs.Count.ShouldBe(1);
        run.Context.Recorder.RowsSoFar(ships).OrderBy(row => row.Name).Select(row => (row.Name, row.Outcome))
            .ShouldBe([("Ships (1)", outcome), ("Ships (2)", TestOutcome.Passed), ("Ships (3)", outcome)]);
        run.Context.Recorder.RowsSoFar(pays).Select(row => (row.Name, row.Outcome)).ShouldBe([("Pays (1)", outcome), ("Pays (2)", outcome)]);
    }

    [Fact]
    public async Task All_rows_of_a_test_count_whose_id_is_another_in_each_process()
    {
        await using var run = new FakeRun();
        var theory = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Ships", hasKnownRows: false);

        await run.Pool((asked, events, _) =>
        {
            foreach (var row in asked.Selection is null ? [] : new[] { "1", "2", "3" })
            {
                var told = FakeHost.Result(theory, row == "3" ? TestOutcome.Failed : TestOutcome.Passed);
                events.ResultArrived(told with { Test = told.Test with { Id = Guid.NewGuid() }, DisplayName = $"Shop.Orders.Ships({row})" });
            }

            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([theory]));

        run.Context.Recorder.RowsSoFar(theory).Select(row => row.Name).ShouldBe(["Ships(1)", "Ships(2)", "Ships(3)"]);
        run.Context.Recorder.Outside.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_row_that_failed_under_another_name_and_again_when_it_was_asked_for_by_name_is_one_failure()
    {
        await using var run = new FakeRun();
        var row = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Ships(11:03)");

        await run.Pool((_, events, _) =>
        {
            events.ResultArrived(FakeHost.Result(Catalogs.Entry(row.Assembly, row.ClassName, "Ships(11:04)"), TestOutcome.Failed));
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([row]));

        run.ResultOf(row).Outcome.ShouldBe(TestOutcome.Failed);
        run.Context.Recorder.Outside.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_row_that_failed_under_another_name_stays_a_failure_where_it_passes_when_it_is_asked_for_by_name()
    {
        await using var run = new FakeRun();
        var row = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Ships(11:03)");

        await run.Pool((asked, events, _) =>
        {
            events.ResultArrived(FakeHost.Result(
                Catalogs.Entry(row.Assembly, row.ClassName, "Ships(11:04)"), asked.Selection is null ? TestOutcome.Failed : TestOutcome.Passed));
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([row]));

        run.ResultOf(row).Outcome.ShouldBe(TestOutcome.Passed);
        run.Context.Recorder.Outside.ShouldHaveSingleItem().Name.ShouldBe("Shop.Orders.Ships(11:04)");
    }

    private static Quarantine Muted(string test)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "quarantine.json");
        File.WriteAllText(file, $$"""[{ "test": "{{test}}", "reason": "#123", "expires": "2027-01-31" }]""");
        return Quarantine.Read(file, DateOnly.MinValue);
    }

    private static async Task PassTimeAsync(Task pool, FakeTimeProvider time)
    {
        while (!pool.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await pool;
    }

    private async Task<HostRunEnd> HangAsync(HostRun run, IHostEvents events, Action look, CancellationToken cancellationToken)
    {
        foreach (var entry in run.Entries)
        {
            look();
            events.ActiveTests([FakeHost.Told(entry)]);
            look();
            if (entry.Equals(_hanging))
                await EndedAsync(cancellationToken);
            if (cancellationToken.IsCancellationRequested)
                return new HostRunEnd("the run was ended early.");
            events.ResultArrived(FakeHost.Result(entry, TestOutcome.Passed));
        }

        events.ActiveTests([]);
        return FakeHost.WellEnded;
    }

    private static async Task EndedAsync(CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(ended.SetResult);
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
    }
}
