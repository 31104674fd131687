using System.Collections.Concurrent;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Execution;

/// <summary>Tests that run again and again: every run is an attempt of one result, and one failure among them is a failure.</summary>
public sealed class StressTests
{
    private static readonly TestAssembly Assembly = Catalogs.Assembly();

    private readonly TestEntry _first = Catalogs.Entry(Assembly, "Shop.Orders", "First");
    private readonly TestEntry _second = Catalogs.Entry(Assembly, "Shop.Orders", "Second");

    [Fact]
    public async Task Every_test_runs_as_often_as_asked_over_all_workers_and_has_one_result()
    {
        await using var run = Stressed("7");
        using var together = new Barrier(2);

        await run.Pool(async (asked, events, _) =>
        {
            // Two workers have the one batch of the plan at the same time, or this waits in vain.
            if (run.Runs.Count <= 2)
                await Task.Run(() => together.SignalAndWait(TimeSpan.FromSeconds(20)).ShouldBeTrue(), TestContext.Current.CancellationToken);
            return await FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed);
        }).RunAsync(Plan([_first, _second], []));

        foreach (var entry in new[] { _first, _second })
        {
            var test = run.ResultOf(entry);
            test.Repeats.ShouldBe(new RepeatCount(7, 0));
            test.Attempts.Select(attempt => attempt.Round).ShouldBe([1, 2, 3, 4, 5, 6, 7], ignoreOrder: true);
            test.Attempts.Select(attempt => attempt.Number).ShouldBe([1, 2, 3, 4, 5, 6, 7]);
            test.Outcome.ShouldBe(TestOutcome.Passed);
        }
    }

    [Fact]
    public async Task One_failure_among_many_runs_fails_the_test_and_is_not_called_flaky()
    {
        await using var run = Stressed("10");
        var runs = 0;

        await run.Pool((asked, events, _) => FakeHost.GiveAll(asked, events, entry => entry.Equals(_first) && Interlocked.Increment(ref runs) == 4 ? TestOutcome.Failed : TestOutcome.Passed))
            .RunAsync(Plan([_first, _second]));

        var failed = run.ResultOf(_first);
        (failed.Outcome, failed.IsFlaky, failed.Repeats).ShouldBe((TestOutcome.Failed, false, new RepeatCount(10, 1)));
        failed.Final.Outcome.ShouldBe(TestOutcome.Failed);
        run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Passed);
        var (exitCode, reason) = Verdict.Of(RunEnd.TestsDecide, run.Context.Recorder.Tests, [], run.Context.Settings);
        exitCode.ShouldBe(ConcurrentTestExitCode.TestsFailed);
        reason.ShouldBe("1 of 2 tests failed, in 1 of 20 runs of 2 repeated tests.");
    }

    [Fact]
    public async Task A_failure_is_not_run_again_to_see_whether_it_passes()
    {
        await using var run = Stressed("3", settings => settings with { Reruns = 2 });

        await run.Pool((asked, events, _) => FakeHost.GiveAll(asked, events, _ => TestOutcome.Failed)).RunAsync(Plan([_first]));

        run.ResultOf(_first).Repeats.ShouldBe(new RepeatCount(3, 3));
        run.Runs.Count.ShouldBe(3);
    }

    [Fact]
    public async Task By_time_the_tests_run_until_it_is_over_and_once_at_least()
    {
        var time = new FakeTimeProvider();
        await using var run = Stressed("30s", time: time);

        await run.Pool((asked, events, _) =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            return FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed);
        }).RunAsync(Plan([_first]));

        run.ResultOf(_first).Repeats.ShouldBe(new RepeatCount(3, 0));

        await using var late = Stressed("1s", time: time);
        await late.Pool((asked, events, _) =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            return FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed);
        }).RunAsync(Plan([_first]));
        late.ResultOf(_first).Repeats.ShouldBe(new RepeatCount(1, 0));
    }

    [Fact]
    public async Task A_host_that_dies_in_one_of_the_runs_costs_none_of_the_others()
    {
        await using var run = Stressed("6");
        var asked = 0;

        await run.Pool((batch, events, _) =>
        {
            if (Interlocked.Increment(ref asked) != 3)
                return FakeHost.GiveAll(batch, events, _ => TestOutcome.Passed);
            events.ActiveTests([FakeHost.Told(_first)]);
            return Task.FromResult(new HostRunEnd("Test host process crashed"));
        }).RunAsync(Plan([_first, _second]));

        run.ResultOf(_first).Repeats.ShouldBe(new RepeatCount(6, 0));
        run.ResultOf(_second).Repeats.ShouldBe(new RepeatCount(6, 0));
    }

    [Fact]
    public async Task A_worker_that_gets_no_host_costs_no_run()
    {
        await using var run = Stressed("8");
        var hostsOf = run.HostsOf((asked, events, _) => FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed));

        await run.PoolOf(worker => worker == 0 ? throw new InvalidOperationException("no memory") : hostsOf(worker)).RunAsync(Plan([_first], []));

        run.ResultOf(_first).Repeats.ShouldBe(new RepeatCount(8, 0));
    }

    [Fact]
    public async Task A_run_that_nobody_was_left_for_is_an_error_although_others_passed()
    {
        await using var run = Stressed("5");
        var asked = 0;

        await run.Pool((batch, events, _) => Interlocked.Increment(ref asked) == 2 ? throw new InvalidOperationException("no memory") : FakeHost.GiveAll(batch, events, _ => TestOutcome.Passed))
            .RunAsync(Plan([_first]));

        run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Error);
    }

    [Fact]
    public async Task Fail_fast_ends_it_at_the_first_failure_and_what_had_run_counts_as_run()
    {
        await using var run = Stressed("1000", settings => settings with { FailFast = 1 });
        var runs = 0;

        await run.Pool((asked, events, _) => FakeHost.GiveAll(asked, events, entry => entry.Equals(_first) && Interlocked.Increment(ref runs) == 3 ? TestOutcome.Failed : TestOutcome.Passed))
            .RunAsync(Plan([_first, _second]));

        run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Failed);
        run.ResultOf(_first).Repeats!.Value.Runs.ShouldBeLessThan(10);
        run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Passed);
        run.ResultOf(_second).Attempts.ShouldAllBe(attempt => attempt.Outcome == TestOutcome.Passed);
    }

    [Fact]
    public async Task Each_further_run_has_a_test_process_of_its_own()
    {
        await using var run = Stressed("3");

        await run.Pool((asked, events, _) => FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed)).RunAsync(Plan([_first]));

        run.Runs.Select(asked => asked.NeedsFreshProcess).ShouldBe([false, true, true]);
    }

    [Fact]
    public async Task Rows_that_come_in_one_of_the_runs_only_are_results_of_their_own()
    {
        var rows = Catalogs.Entry(Assembly, "Shop.Orders", "Rows", hasKnownRows: false);
        await using var run = Stressed("4");
        var asked = 0;

        await run.Pool((batch, events, _) =>
        {
            var names = Interlocked.Increment(ref asked) == 2 ? new[] { "a", "b" } : ["a"];
            events.ActiveTests([FakeHost.Told(rows)]);
            foreach (var name in names)
                events.ResultArrived(FakeHost.Result(rows, TestOutcome.Passed) with { DisplayName = $"Shop.Orders.Rows({name})" });
            events.ActiveTests([]);
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(Plan([rows]));

        run.Context.Recorder.RowsSoFar(rows).Select(row => (row.Name, row.Attempts.Length)).ShouldBe([("Rows(a)", 4), ("Rows(b)", 1)], ignoreOrder: true);
    }

    [Fact]
    public async Task New_tests_run_several_times_beside_the_known_ones_that_run_once()
    {
        await using var run = new FakeRun(settings => settings with { NewRuns = 5, Reruns = 3 });
        var timings = TimingStore.Empty;
        timings.Learn(Catalogs.Of(new TestUnit("Shop.Orders", Assembly, [_second])), [Passed(_second)], complete: false);
        var runs = new ConcurrentBag<TestEntry>();

        await run.Pool((asked, events, _) => FakeHost.GiveAll(asked, events, entry =>
        {
            runs.Add(entry);
            return entry.Equals(_first) && runs.Count(ran => ran.Equals(_first)) == 2 ? TestOutcome.Failed : TestOutcome.Passed;
        })).RunAsync(Repeats.OfNew(FakeRun.Plan([_first, _second]), timings, times: 5));

        (run.ResultOf(_first).Outcome, run.ResultOf(_first).Repeats).ShouldBe((TestOutcome.Failed, new RepeatCount(5, 1)));
        (run.ResultOf(_second).Outcome, run.ResultOf(_second).Attempts.Length).ShouldBe((TestOutcome.Passed, 1));
    }

    private static FakeRun Stressed(string stress, Func<ConcurrentTestSettings, ConcurrentTestSettings>? configure = null, TimeProvider? time = null) =>
        new(settings => (configure?.Invoke(settings) ?? settings) with { Stress = stress }, time);

    private static Plan Plan(params TestEntry[][] seeds) => Repeats.Stressed(FakeRun.Plan(seeds), StressGoal.Read("1000")!);

    private static TestRecord Passed(TestEntry entry) => new()
    {
        Id = entry.Key,
        Assembly = entry.Assembly,
        CaseId = entry.Id,
        ClassName = entry.ClassName,
        MethodName = entry.MethodName,
        Name = entry.MethodName,
        Attempts = [new TestAttempt { Outcome = TestOutcome.Passed, Worker = 0, Batch = 1, Number = 1 }],
    };
}
