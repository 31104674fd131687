using System.Collections.Concurrent;
using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Record;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Execution;

public sealed class WorkerPoolTests : IAsyncDisposable
{
    private static readonly TestAssembly Assembly = Catalogs.Assembly();

    private readonly TestEntry _first = Catalogs.Entry(Assembly, "Shop.Orders", "First");
    private readonly TestEntry _second = Catalogs.Entry(Assembly, "Shop.Orders", "Second");
    private readonly TestEntry _third = Catalogs.Entry(Assembly, "Shop.Orders", "Third");
    private readonly FakeRun _run = new();

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    [Fact]
    public async Task Every_test_of_the_plan_has_the_result_that_its_host_gave()
    {
        await _run.Pool((run, events, _) => FakeHost.GiveAll(run, events, entry => entry.Equals(_second) ? TestOutcome.Failed : TestOutcome.Passed))
            .RunAsync(FakeRun.Plan([_first, _second], [_third]));

        new[] { _first, _second, _third }.Select(entry => _run.ResultOf(entry).Outcome).ShouldBe([TestOutcome.Passed, TestOutcome.Failed, TestOutcome.Passed]);
        _run.Hosts.ShouldAllBe(made => made.Hosts.IsDisposed);
    }

    [Fact]
    public async Task A_test_that_its_host_died_with_runs_alone_and_the_rest_runs_again()
    {
        await _run.Pool(DieWithSecond).RunAsync(FakeRun.Plan([_first, _second, _third]));

        _run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Passed);
        _run.ResultOf(_third).Outcome.ShouldBe(TestOutcome.Passed);
        _run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Failed);
        _run.Runs.ShouldContain(run => run.Entries.Length == 1 && run.Entries[0].Equals(_second) && run.NeedsFreshProcess);
    }

    [Theory]
    [InlineData(TestOutcome.Passed)]
    [InlineData(TestOutcome.Failed)]
    internal async Task A_test_that_one_needs_that_its_host_died_with_runs_once_more_with_it_and_counts_once(TestOutcome onceMore)
    {
        TestEntry[] flow = [_first with { Need = "Orders" }, _second with { Need = "Orders" }];
        var asked = 0;

        await _run.Pool((run, events, cancellationToken) => run.Entries.Contains(_second) && Interlocked.Increment(ref asked) == 1
            ? DieWithSecond(run, events, cancellationToken)
            : FakeHost.GiveAll(run, events, entry => entry.Equals(_first) ? onceMore : TestOutcome.Passed)).RunAsync(FakeRun.Plan(flow, [_third]));

        _run.ResultOf(_first).Attempts.Select(attempt => attempt.Outcome).ShouldBe([TestOutcome.Passed, onceMore]);
        _run.ResultOf(_first).Outcome.ShouldBe(onceMore);
        _run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Passed);
        _run.Runs.ShouldContain(run => run.NeedsFreshProcess && run.Entries.SequenceEqual(flow));
        _run.Context.Recorder.Tests.Length.ShouldBe(3);
    }

    [Fact]
    public async Task A_test_that_was_only_to_run_once_more_for_another_keeps_its_result_where_no_worker_is_left()
    {
        var asked = 0;

        await _run.Pool((run, events, cancellationToken) => Interlocked.Increment(ref asked) == 1
            ? DieWithSecond(run, events, cancellationToken)
            : throw new InvalidOperationException("no memory")).RunAsync(FakeRun.Plan([_first with { Need = "Orders" }, _second with { Need = "Orders" }]));

        _run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Passed);
        _run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Error);
        _run.ResultOf(_second).Final.Message.ShouldNotBeNull().ShouldStartWith("The test was running when its test host was ended");
    }

    [Fact]
    public async Task Where_one_worker_is_enough_it_is_the_first_and_the_others_hosts_that_were_started_ahead_are_ended()
    {
        var ended = new ConcurrentDictionary<int, byte>();
        var othersEnded = new TaskCompletionSource();
        var pool = new WorkerPool(_run.Context, _run.Databases, _run.HostsOf(async (run, events, cancellationToken) =>
        {
            await othersEnded.Task.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
            return await FakeHost.GiveAll(run, events, _ => TestOutcome.Passed);
        }))
        {
            EndAhead = worker =>
            {
                ended.TryAdd(worker, 0);
                if (ended.ContainsKey(1) && ended.ContainsKey(2))
                    othersEnded.TrySetResult();
                return Task.CompletedTask;
            },
        };

        await pool.RunAsync(FakeRun.Plan([_first], [_second], [_third]) with
        {
            Seeds = [[FakeRun.Batch([_first]) with { Seconds = 0.01 }], [FakeRun.Batch([_second]) with { Seconds = 0.01 }], [FakeRun.Batch([_third]) with { Seconds = 0.01 }]],
        });

        _run.Hosts.Select(made => made.Worker).ShouldBe([0]);
        ended.Keys.Order().ShouldBe([0, 1, 2]);
    }

    [Fact]
    public async Task A_failure_that_was_to_be_tried_again_stays_one_where_the_run_is_stopped_before()
    {
        await using var run = new FakeRun(settings => settings with { FailFast = 1, MaxRetries = 1, RetryDelay = TimeSpan.FromHours(1) });

        await run.Pool((asked, events, _) =>
        {
            foreach (var entry in asked.Entries)
                events.ResultArrived(FakeHost.Result(entry, TestOutcome.Failed) with { Message = entry.Equals(_first) ? "Shop.ConcurrentTestInfrastructureException : the server is gone" : "Expected 1, was 2" });
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([_first, _second]) with { Seeds = [[FakeRun.Batch([_first]), FakeRun.Batch([_second])]] });

        run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Failed);
        run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Failed);
    }

    [Fact]
    public async Task A_test_that_skipped_itself_stays_skipped_where_nobody_is_left_for_the_retry()
    {
        await using var run = new FakeRun(settings => settings with { MaxRetries = 1, RetryDelay = TimeSpan.Zero });
        var asked = 0;

        await run.Pool((batch, events, _) =>
        {
            if (++asked > 1)
                throw new IOException("No space left on device");
            events.ResultArrived(FakeHost.Result(_first, TestOutcome.Failed) with { Message = "Shop.ConcurrentTestInfrastructureException : the server is gone" });
            events.ResultArrived(FakeHost.Result(_second, TestOutcome.Skipped));
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([_first, _second]));

        asked.ShouldBe(2);
        run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Error);
        run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Skipped);
        run.ResultOf(_second).Attempts.Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_failure_that_a_host_told_before_it_threw_is_not_replaced_on_another_worker()
    {
        var asked = 0;

        await _run.Pool(async (run, events, _) =>
        {
            if (Interlocked.Increment(ref asked) > 1)
                return await FakeHost.GiveAll(run, events, _ => TestOutcome.Passed);
            events.ResultArrived(FakeHost.Result(run.Entries[0], TestOutcome.Failed));
            throw new IOException("No space left on device");
        }).RunAsync(FakeRun.Plan([_first, _second], [_third]));

        new[] { _first, _second, _third }.Select(entry => _run.ResultOf(entry).Attempts.Length).ShouldBe([1, 1, 1]);
        new[] { _first, _second, _third }.Count(entry => _run.ResultOf(entry).Outcome == TestOutcome.Failed).ShouldBe(1);
    }

    [Fact]
    public async Task What_a_dead_host_said_last_and_what_follows_from_it_are_two_sentences()
    {
        await _run.Pool(DieWithSecond).RunAsync(FakeRun.Plan([_first, _second, _third]));

        _run.Incidents.First(incident => incident.Kind == IncidentKinds.SessionDied).Message.ShouldStartWith("Test host process crashed. To run again: ");
    }

    [Fact]
    public async Task A_host_that_broke_is_replaced()
    {
        await _run.Pool(DieWithSecond).RunAsync(FakeRun.Plan([_first, _second, _third]));

        _run.Hosts.Count.ShouldBeGreaterThan(1);
        _run.Hosts.ShouldAllBe(made => made.Hosts.IsDisposed);
    }

    [Fact]
    public async Task A_host_is_asked_for_by_assembly_and_lease()
    {
        var other = Catalogs.Entry(Catalogs.Assembly("Other.Tests"), "Other.Baskets", "Fourth");

        await _run.Pool((run, events, _) => FakeHost.GiveAll(run, events, _ => TestOutcome.Passed))
            .RunAsync(FakeRun.Plan([_first]) with { Tail = [FakeRun.Batch([other])], Predictions = new Dictionary<TestEntry, double> { [_first] = 1, [other] = 1 } });

        var hosts = _run.Hosts.Single().Hosts;
        hosts.Bindings.Select(bound => bound.Assembly).ShouldBe([Assembly, other.Assembly]);
        hosts.Bindings.ShouldAllBe(bound => bound.Environment == hosts.Bindings[0].Environment);
    }

    [Fact]
    public async Task What_works_with_databases_ends_before_they_are_renewed()
    {
        await using var run = new FakeRun(settings => settings with { Reset = DatabaseReset.Batch });

        await run.Pool((asked, events, _) => FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed)).RunAsync(FakeRun.Plan([_first, _second]) with { Seeds = [[FakeRun.Batch([_first]), FakeRun.Batch([_second])]] });

        run.Hosts.Single().Hosts.Asked.Take(3).ShouldBe(["ask", "end", "ask"]);
    }

    [Theory]
    [InlineData("Shop.Tests", false, false)]
    [InlineData("Other.Tests", false, false)]
    [InlineData("Shop.Tests", true, false)]
    [InlineData("Other.Tests", true, true)]
    public async Task A_database_that_tests_have_made_anew_goes_to_no_other_assembly(string next, bool isMadeAnew, bool isFresh)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere nothing tells a file from another of its name.");
        var cancellation = TestContext.Current.CancellationToken;
        await using var run = new FakeRun(settings => settings with { Database = DatabaseEngine.Sqlite, TemporaryDirectory = Path.Combine(settings.RootDirectory!, "tmp") });
        await run.PrepareDatabasesAsync(cancellation);
        var later = Catalogs.Entry(Catalogs.Assembly(next), "Shop.Baskets", "Later");
        var plan = FakeRun.Plan([_first]) with { Tail = [FakeRun.Batch([later])], Predictions = new Dictionary<TestEntry, double> { [_first] = 1, [later] = 1 } };

        await run.Pool((asked, events, _) =>
        {
            if (isMadeAnew)
                MakeAnew(run.Hosts.Single().Hosts.Bindings[^1].Environment["CONCURRENT_TEST_DATABASE"]);
            return FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed);
        }).RunAsync(plan);

        var used = run.Hosts.Single().Hosts.Bindings.Select(bound => bound.Environment["CONCURRENT_TEST_DATABASE"]).ToList();
        used.Count.ShouldBe(2);
        (used[0] != used[1]).ShouldBe(isFresh);

        static void MakeAnew(string database)
        {
            File.Delete(database);
            File.WriteAllText(database, "");
        }
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]
    [InlineData(true, true, true)]
    public async Task A_worker_whose_host_was_ended_while_tests_ran_goes_on_with_fresh_databases(bool isEnded, bool hasBegun, bool isFresh)
    {
        await using var run = new FakeRun(settings => settings with { Database = DatabaseEngine.Sqlite, TemporaryDirectory = Path.Combine(settings.RootDirectory!, "tmp") });
        await run.PrepareDatabasesAsync(TestContext.Current.CancellationToken);
        var asked = 0;

        await run.Pool((batch, events, _) =>
        {
            if (++asked > 1 || !isEnded)
                return FakeHost.GiveAll(batch, events, _ => TestOutcome.Passed);
            if (hasBegun)
                events.ActiveTests([FakeHost.Told(_first)]);
            return Task.FromResult(new HostRunEnd("Test host process crashed"));
        }).RunAsync(FakeRun.Plan([_first, _second]) with { Seeds = [[FakeRun.Batch([_first]), FakeRun.Batch([_second])]] });

        var used = run.Hosts.SelectMany(made => made.Hosts.Bindings).Select(bound => bound.Environment["CONCURRENT_TEST_DATABASE"]).ToList();
        (used[1] != used[0]).ShouldBe(isFresh);
        used.Skip(1).Distinct().ShouldHaveSingleItem("only the databases of the ended host are replaced");
        new[] { _first, _second }.ShouldAllBe(entry => run.ResultOf(entry).Outcome == TestOutcome.Passed);
    }

    [Fact]
    public void A_host_serves_one_assembly_with_one_environment()
    {
        var environment = ImmutableDictionary<string, string>.Empty.Add("Database", "run_w0_1");
        var bound = new HostBinding(Assembly, environment);

        bound.IsSame(new HostBinding(Catalogs.Assembly(), ImmutableDictionary<string, string>.Empty.Add("Database", "run_w0_1"))).ShouldBeTrue();
        bound.IsSame(bound with { Assembly = Catalogs.Assembly("Other.Tests") }).ShouldBeFalse();
        bound.IsSame(bound with { Environment = environment.SetItem("Database", "run_w0_2") }).ShouldBeFalse();
        bound.IsSame(bound with { Environment = environment.Add("More", "1") }).ShouldBeFalse();
    }

    [Fact]
    public async Task A_worker_that_gets_no_host_leaves_its_work_to_the_others()
    {
        var hostsOf = _run.HostsOf((run, events, _) => FakeHost.GiveAll(run, events, _ => TestOutcome.Passed));

        await _run.PoolOf(worker => worker == 0 ? throw new InvalidOperationException("no memory") : hostsOf(worker)).RunAsync(FakeRun.Plan([_first], [_second]) with { IsFixed = true });

        _run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Passed);
        _run.Incidents.ShouldContain(incident => incident.Kind == IncidentKinds.WorkerRetired && incident.Worker == 0);
    }

    [Fact]
    public async Task Batches_that_begin_early_run_once_and_the_plan_runs_the_rest()
    {
        var pool = _run.Pool((run, events, _) => FakeHost.GiveAll(run, events, _ => TestOutcome.Passed));
        var plan = FakeRun.Plan([_first, _second, _third]);

        pool.BeginEarly([FakeRun.Batch([_first]) with { Reason = BatchReasons.Early }]);
        await pool.RunAsync(plan with { Seeds = [[FakeRun.Batch([_second])]], Tail = [FakeRun.Batch([_third])] });

        new[] { _first, _second, _third }.ShouldAllBe(entry => _run.ResultOf(entry).Outcome == TestOutcome.Passed);
        _run.Runs.SelectMany(run => run.Entries).ShouldBe([_first, _second, _third], ignoreOrder: true);
        _run.Runs.ShouldAllBe(run => !run.NeedsFreshProcess);
    }

    [Fact]
    public async Task A_host_that_dies_with_an_early_batch_loses_nothing()
    {
        var pool = _run.Pool(DieWithSecond);
        var plan = FakeRun.Plan([_first, _second, _third]);

        pool.BeginEarly([FakeRun.Batch([_first, _second]) with { Reason = BatchReasons.Early }]);
        await pool.RunAsync(plan with { Seeds = [[FakeRun.Batch([_third])]] });

        _run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Passed);
        _run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Failed);
        _run.ResultOf(_third).Outcome.ShouldBe(TestOutcome.Passed);
    }

    [Fact]
    public async Task Early_tests_that_never_ran_are_errors_where_no_plan_follows()
    {
        var pool = _run.PoolOf(_ => throw new InvalidOperationException("no memory"));

        pool.BeginEarly([FakeRun.Batch([_first]) with { Reason = BatchReasons.Early }]);
        await pool.AbandonAsync("Not all tests could be discovered.");

        _run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Error);
    }

    [Fact]
    public async Task A_test_that_nobody_was_left_to_run_is_an_error()
    {
        await _run.PoolOf(_ => throw new InvalidOperationException("no memory")).RunAsync(FakeRun.Plan([_first], [_second]));

        _run.ResultOf(_first).Outcome.ShouldBe(TestOutcome.Error);
        _run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Error);
    }

    [Fact]
    public async Task A_test_without_result_is_asked_for_by_name_and_then_an_error()
    {
        await _run.Pool((run, events, _) => FakeHost.GiveAll(run with { Entries = run.Entries.Remove(_second) }, events, _ => TestOutcome.Passed))
            .RunAsync(FakeRun.Plan([_first, _second]));

        _run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Error);
        _run.Runs.Last().Selection!.Filter.ShouldContain("Second");
    }

    [Fact]
    public async Task Rows_of_a_test_that_comes_along_to_one_that_is_asked_for_by_name_count_once()
    {
        var create = Catalogs.Entry(Assembly, "Shop.Orders", "Create", hasKnownRows: false) with { Need = "Orders" };
        var asked = 0;

        await _run.Pool((run, events, _) =>
        {
            asked++;
            foreach (var entry in run.Entries.Where(entry => asked == 2 || entry.Equals(create)))
                events.ResultArrived(FakeHost.Result(entry, TestOutcome.Passed) with { DisplayName = $"{entry.DisplayName}({asked})" });
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([create, _second with { Need = "Orders" }]));

        asked.ShouldBe(2);
        _run.ResultOf(create).Attempts.Length.ShouldBe(2);
        _run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Passed);
    }

    [Fact]
    public async Task What_did_not_run_when_enough_tests_had_failed_is_skipped()
    {
        await using var run = new FakeRun(settings => settings with { FailFast = 1 });

        await run.Pool((asked, events, _) => FakeHost.GiveAll(asked with { Entries = [_first] }, events, _ => TestOutcome.Failed))
            .RunAsync(FakeRun.Plan([_first, _second]));

        run.ResultOf(_second).Outcome.ShouldBe(TestOutcome.Skipped);
        run.ResultOf(_second).Final.Message.ShouldNotBeNull().ShouldContain("--test-fail-fast");
    }

    private Task<HostRunEnd> DieWithSecond(HostRun run, IHostEvents events, CancellationToken cancellationToken)
    {
        foreach (var entry in run.Entries)
        {
            events.ActiveTests([FakeHost.Told(entry)]);
            if (entry.Equals(_second))
                return Task.FromResult(new HostRunEnd("Test host process crashed"));
            events.ResultArrived(FakeHost.Result(entry, TestOutcome.Passed));
        }

        events.ActiveTests([]);
        return Task.FromResult(FakeHost.WellEnded);
    }
}
