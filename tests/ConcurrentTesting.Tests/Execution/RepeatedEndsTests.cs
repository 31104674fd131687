using System.Collections.Concurrent;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Execution;

/// <summary>What goes wrong in one of several times that a test is to run: it belongs to that time, and to no other.</summary>
public sealed class RepeatedEndsTests
{
    private static readonly TestAssembly Assembly = Catalogs.Assembly();

    private readonly TestEntry _first = Catalogs.Entry(Assembly, "Shop.Orders", "First");
    private readonly TestEntry _second = Catalogs.Entry(Assembly, "Shop.Orders", "Second");

    [Fact]
    public async Task A_test_that_ends_its_process_has_failed_that_run_of_it()
    {
        await using var run = Stressed("6");
        var asked = 0;

        await run.Pool((batch, events, _) => Interlocked.Increment(ref asked) == 3 ? Crash(events, _first) : Pass(batch, events)).RunAsync(Plan([_first, _second]));

        run.ResultOf(_first).Repeats.ShouldBe(new RepeatCount(6, 1));
        run.ResultOf(_first).Final.Message.ShouldNotBeNull().ShouldStartWith("The test process died while this test ran: it crashed");
        run.ResultOf(_second).Repeats.ShouldBe(new RepeatCount(6, 0));
        run.Context.Recorder.Outside.ShouldBeEmpty();
    }

    [Fact]
    public async Task Fail_fast_ends_at_a_test_that_ends_its_process()
    {
        await using var run = Stressed("1000", settings => settings with { FailFast = 1 });
        var asked = 0;

        await run.Pool((batch, events, _) => Interlocked.Increment(ref asked) == 3 ? Crash(events, _first) : Pass(batch, events)).RunAsync(Plan([_first, _second]));

        run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Failed);
        run.Runs.Count.ShouldBeLessThan(10);
    }

    [Fact]
    public async Task A_process_that_ends_itself_while_new_tests_run_is_not_called_flaky()
    {
        await using var run = new FakeRun(settings => settings with { NewRuns = 5, Reruns = 3 });
        var known = Catalogs.Entry(Assembly, "Shop.Orders", "Known");
        var timings = TimingStore.Empty;
        timings.Learn(Catalogs.Of(new TestUnit("Shop.Orders", Assembly, [known])), [Passed(known)], complete: false);
        var asked = 0;

        // Nobody can say which of the two it was.
        await run.Pool((batch, events, _) => Interlocked.Increment(ref asked) == 3 ? Crash(events, _first, _second) : Pass(batch, events))
            .RunAsync(Repeats.OfNew(FakeRun.Plan([_first, _second, known]), timings, times: 5));

        run.ResultOf(_first).Repeats.ShouldBe(new RepeatCount(5, 0));
        run.Context.Recorder.Outside.ShouldHaveSingleItem().IsFlaky.ShouldBeFalse();
    }

    [Fact]
    public async Task A_process_that_ends_itself_after_its_tests_is_not_called_flaky_where_nothing_ran_again()
    {
        await using var run = new FakeRun(settings => settings with { Reruns = 3 });

        await run.Pool(async (batch, events, _) =>
        {
            await Pass(batch, events);
            return new HostRunEnd($"{TestProcess.CrashedWith}Stack overflow.");
        }).RunAsync(FakeRun.Plan([_first]));

        run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Passed);
        run.Context.Recorder.Outside.ShouldHaveSingleItem().IsFlaky.ShouldBeFalse();
    }

    [Theory]
    [InlineData(TestOutcome.Passed, true)]
    [InlineData(TestOutcome.Skipped, false)]
    internal async Task A_process_that_ended_itself_is_flaky_only_where_the_test_that_ran_then_passes_in_the_end(TestOutcome outcome, bool isFlaky)
    {
        await using var run = new FakeRun(settings => settings with { Reruns = 1 });
        var asked = 0;

        await run.Pool((batch, events, _) => Interlocked.Increment(ref asked) == 1
            ? Crash(events, _first)
            : FakeHost.GiveAll(batch, events, entry => entry.Equals(_first) ? outcome : TestOutcome.Skipped)).RunAsync(FakeRun.Plan([_first, _second]));

        run.ResultOf(_first).Outcome.ShouldBe(outcome);
        run.Context.Recorder.Outside.ShouldHaveSingleItem().IsFlaky.ShouldBe(isFlaky);
    }

    [Fact]
    public async Task A_process_that_ended_itself_between_tests_is_flaky_although_one_of_them_is_always_skipped()
    {
        await using var run = new FakeRun(settings => settings with { Reruns = 1 });
        var asked = 0;

        await run.Pool((batch, events, _) => Interlocked.Increment(ref asked) == 1
            ? Crash(events)
            : FakeHost.GiveAll(batch, events, entry => entry.Equals(_first) ? TestOutcome.Passed : TestOutcome.Skipped)).RunAsync(FakeRun.Plan([_first, _second]));

        run.Context.Recorder.Outside.ShouldHaveSingleItem().IsFlaky.ShouldBeTrue();
    }

    [Fact]
    public async Task Infrastructure_may_fail_each_of_the_runs_and_each_is_tried_again()
    {
        await using var run = Stressed("3", settings => settings with { MaxRetries = 1, RetryDelay = TimeSpan.Zero });
        var asked = 0;

        // The retries come when no other batch is left, because they should not go to the same worker.
        await run.Pool((batch, events, _) => Interlocked.Increment(ref asked) <= 3 ? Give(events, _first, Unreachable(_first)) : Pass(batch, events)).RunAsync(Plan([_first]));

        run.ResultOf(_first).Repeats.ShouldBe(new RepeatCount(3, 0));
        run.Runs.Count.ShouldBe(6);
    }

    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, 2)]
    public async Task A_run_that_is_stopped_in_one_of_a_tests_times_counts_those_that_ran(bool hasBegun, int ran)
    {
        var rows = Catalogs.Entry(Assembly, "Shop.Orders", "Rows", hasKnownRows: false);
        await using var run = Stressed("1000", settings => settings with { FailFast = 1 });
        var asked = 0;

        await run.Pool((_, events, _) =>
        {
            var isStopped = Interlocked.Increment(ref asked) == 3;
            if (isStopped)
                run.Context.Stop.CountFailure();
            if (isStopped && !hasBegun)
                throw new OperationCanceledException();
            events.ActiveTests([FakeHost.Told(rows)]);
            events.ResultArrived(FakeHost.Result(rows, TestOutcome.Passed) with { DisplayName = "Shop.Orders.Rows(a)" });
            if (!isStopped)
                events.ActiveTests([]);
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(Plan([rows]));

        var row = run.Context.Recorder.RowsSoFar(rows).ShouldHaveSingleItem();
        (row.Name, row.Outcome, row.Repeats).ShouldBe(("Rows(a)", TestOutcome.Passed, new RepeatCount(ran, 0)));
    }

    [Fact]
    public void A_time_that_never_came_is_no_run()
    {
        var (ran, left) = (Attempt(1), Attempt(2) with { Outcome = TestOutcome.Skipped, Cause = AttemptCauses.NotRun });

        RepeatCount.Of([ran, left]).ShouldBe(new RepeatCount(1, 0));
        RepeatCount.Of([left]).ShouldBeNull();
    }

    [Fact]
    public async Task Output_is_kept_of_the_first_time_and_of_failures()
    {
        await using var run = Stressed("5");
        var asked = 0;

        await run.Pool((_, events, _) => Give(
            events, _first,
            FakeHost.Result(_first, Interlocked.Increment(ref asked) == 4 ? TestOutcome.Failed : TestOutcome.Passed) with { StandardOutput = "out", StandardError = "error" }))
            .RunAsync(Plan([_first]));

        run.ResultOf(_first).Attempts.Select(attempt => (attempt.Round, attempt.StandardOutput, attempt.StandardError))
            .ShouldBe(new (int?, string?, string?)[] { (1, "out", "error"), (2, null, null), (3, null, null), (4, "out", "error"), (5, null, null) });
    }

    [Fact]
    public async Task What_has_run_a_million_times_in_all_runs_no_more_and_a_word_is_said()
    {
        await using var run = Stressed("10m");
        var source = new NoSource();
        var batch = FakeRun.Batch([Catalogs.Entry(Assembly, "Shop.Orders", "Rows", cases: 600_000)]);
        var stress = StressSource.Over(source, FakeRun.Plan([_first]), run.Context);

        await stress.CompleteAsync(batch, 0, new BatchVerdict([], []));
        await stress.CompleteAsync(source.Again.ShouldHaveSingleItem(), 0, new BatchVerdict([], []));
        await stress.CompleteAsync(batch, 0, new BatchVerdict([], []));

        source.Again.Count.ShouldBe(1);
        run.Incidents.ShouldHaveSingleItem().Message.ShouldBe("The tests ran 1,200,000 times in all, and no more is held in memory: --test-stress 10m ends here.");
    }

    private static FakeRun Stressed(string stress, Func<ConcurrentTestSettings, ConcurrentTestSettings>? configure = null) =>
        new(settings => (configure?.Invoke(settings) ?? settings) with { Stress = stress });

    private static Plan Plan(params TestEntry[][] seeds) => Repeats.Stressed(FakeRun.Plan(seeds), StressGoal.Read("1000")!);

    private static Task<HostRunEnd> Pass(HostRun batch, IHostEvents events) => FakeHost.GiveAll(batch, events, _ => TestOutcome.Passed);

    private static Task<HostRunEnd> Crash(IHostEvents events, params TestEntry[] running)
    {
        events.ActiveTests([.. running.Select(FakeHost.Told)]);
        return Task.FromResult(new HostRunEnd($"{TestProcess.CrashedWith}Stack overflow."));
    }

    private static Task<HostRunEnd> Give(IHostEvents events, TestEntry entry, HostResult result)
    {
        events.ActiveTests([FakeHost.Told(entry)]);
        events.ResultArrived(result);
        events.ActiveTests([]);
        return Task.FromResult(FakeHost.WellEnded);
    }

    private static HostResult Unreachable(TestEntry entry) =>
        FakeHost.Result(entry, TestOutcome.Failed) with { Message = "Shop.ConcurrentTestInfrastructureException : the server is gone" };

    private static TestAttempt Attempt(int round) => new() { Outcome = TestOutcome.Passed, Worker = 0, Batch = round, Number = round, Round = round };

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

    private sealed class NoSource : IBatchSource
    {
        public ConcurrentBag<Batch> Again { get; } = [];

        public ValueTask<Batch?> TakeAsync(int worker, CancellationToken cancellationToken) => new((Batch?)null);

        public BatchVerdict Judge(BatchEnd end) => new([], []);

        public ValueTask CompleteAsync(Batch batch, int worker, BatchVerdict? verdict)
        {
            foreach (var again in verdict!.Again)
                Again.Add(again);
            return ValueTask.CompletedTask;
        }

        public void Leave(int worker)
        {
        }

        public bool TryLeave(int worker) => false;
    }
}
