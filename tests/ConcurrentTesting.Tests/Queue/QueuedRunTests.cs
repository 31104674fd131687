using System.Collections.Concurrent;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Queue;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run;
using ConcurrentTesting.Run.Merging;
using ConcurrentTesting.Tests.Execution;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Queue;

/// <summary>Machines that share a run: their workers, their accounting and their records are real, and so is the server.</summary>
public sealed class QueuedRunTests(QueueServer server) : IClassFixture<QueueServer>, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static int _runs;

    private readonly string _run = $"shared-{Interlocked.Increment(ref _runs)}";
    private readonly TestCatalog _catalog = Catalogs.Of(classes: 6, testsPerClass: 3);
    private readonly List<SharedMachine> _machines = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in _machines)
            await machine.DisposeAsync();
    }

    [Fact]
    public async Task Machines_run_each_test_once_and_end_with_one_verdict()
    {
        var ends = await Task.WhenAll(Machine("one").RunAsync(_catalog, Pass), Machine("other").RunAsync(_catalog, Pass), Machine("third").RunAsync(_catalog, Pass));

        ends.ShouldAllBe(end => end.ExitCode == ConcurrentTestExitCode.Success);
        ends.Select(end => end.Reason).Distinct().ShouldHaveSingleItem().ShouldMatch($@"^Run {_run} of 3 machines \(\w+, \w+, \w+\): All tests passed\.$");
        new[] { "one", "other", "third" }.ShouldAllBe(name => ends[0].Reason.Contains(name));
        var record = await RecordAsync();
        (record.ExitCode, record.Discovered).ShouldBe((ConcurrentTestExitCode.Success, 18));
        record.Tests.Length.ShouldBe(18);
        record.Tests.ShouldAllBe(test => test.Attempts.Length == 1 && test.Outcome == TestOutcome.Passed);
        record.Tests.Select(test => test.Id).ShouldBeUnique();
        record.Parts.Select(part => part.Machine).ShouldBe(["one", "other", "third"], ignoreOrder: true);
        record.Parts.Sum(part => part.Tests).ShouldBe(18);
        record.Batches.Select(batch => batch.Number).ShouldBeUnique();
        record.WorkSpans.Select(span => span.Worker).Distinct().Order().ShouldBe(record.Batches.Select(batch => batch.Worker).Distinct().Order(), "each waited for its test host");
        _machines.Sum(machine => machine.Fake.Runs.Sum(run => run.Entries.Length)).ShouldBe(18);
    }

    [Fact]
    public async Task A_machine_that_joins_names_those_that_are_in_the_run()
    {
        var (begun, joined) = (new TaskCompletionSource(), new TaskCompletionSource());
        var (one, other) = (Machine("one"), Machine("other"));
        var first = one.RunAsync(_catalog, PassLaterAsync);
        await begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);

        var second = other.RunAsync(_catalog, Pass);
        await Eventually(() => Task.FromResult(other.Log.Text.Contains("in the queue", StringComparison.Ordinal)));
        joined.TrySetResult();

        (await Task.WhenAll(first, second)).ShouldAllBe(end => end.ExitCode == ConcurrentTestExitCode.Success);
        one.Log.Text.ShouldContain($"This machine leads run {_run} in the queue: 18 of 18 tests to run");
        other.Log.Text.ShouldMatch($"This machine joins run {_run} in the queue, begun at .+: one in it, 18 tests not done");

        async Task<HostRunEnd> PassLaterAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
        {
            begun.TrySetResult();
            await joined.Task.WaitAsync(Patience, cancellationToken);
            return await Pass(run, events, cancellationToken);
        }
    }

    [Fact]
    public async Task A_failure_on_one_machine_is_the_verdict_of_all()
    {
        var failing = _catalog.Entries()[7];

        var ends = await Task.WhenAll(Machine("one").RunAsync(_catalog, Failing), Machine("other").RunAsync(_catalog, Failing));

        ends.ShouldAllBe(end => end.ExitCode == ConcurrentTestExitCode.TestsFailed && end.Reason.Contains("1 of 18 tests failed"));
        (await RecordAsync()).Tests.Single(test => test.Outcome == TestOutcome.Failed).CaseId.ShouldBe(failing.Id);

        Task<HostRunEnd> Failing(HostRun run, IHostEvents events, CancellationToken _) =>
            FakeHost.GiveAll(run, events, entry => entry.Equals(failing) ? TestOutcome.Failed : TestOutcome.Passed);
    }

    [Fact]
    public async Task A_machine_whose_lease_was_taken_ends_its_host_and_what_it_says_does_not_count()
    {
        var catalog = Catalogs.Of(classes: 1, testsPerClass: 3);
        var (begun, killed) = (new TaskCompletionSource(), new TaskCompletionSource());
        var frozen = Machine("frozen", settings => settings with { QueueLease = TimeSpan.FromSeconds(2) });
        var first = frozen.RunAsync(catalog, HangAsync);
        await begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await server.ScalarAsync($"WITH late AS (UPDATE concurrent_test.claims SET until = clock_timestamp() - interval '1s' WHERE run = '{_run}' RETURNING 1) SELECT count(*) FROM late");

        var second = await Machine("other").RunAsync(catalog, Pass);

        await killed.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        (await first).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        second.ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        _machines[1].Fake.Incidents.ShouldContain(incident => incident.Kind == IncidentKinds.MachineLost && incident.Message.StartsWith("frozen was not heard of"));
        frozen.Fake.Incidents.ShouldContain(incident => incident.Kind == IncidentKinds.LeaseTaken);
        frozen.Fake.Context.Recorder.Tests.ShouldBeEmpty();
        var record = await RecordAsync();
        record.Tests.Select(test => test.Attempts.Length).ShouldBe([1, 1, 1]);
        record.Parts.Single(part => part.Machine == "frozen").Tests.ShouldBe(0);

        async Task<HostRunEnd> HangAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
        {
            events.ActiveTests([FakeHost.Told(run.Entries[0])]);
            events.ResultArrived(FakeHost.Result(run.Entries[0], TestOutcome.Failed));
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            killed.TrySetResult();
            return new HostRunEnd("it was ended");
        }
    }

    [Fact]
    public async Task A_machine_that_is_asked_to_leave_gives_back_what_it_has_and_ends_well()
    {
        var begun = new TaskCompletionSource();
        var early = Machine("early");
        var first = early.RunAsync(_catalog, HangAsync);
        await begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        var stays = Machine("stays");
        var second = stays.RunAsync(_catalog, Pass);
        await Eventually(async () => await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.machines WHERE run = '{_run}'") == 2);

        early.Leave();

        var left = await first;
        left.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, left.Reason);
        (await second).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        (await RecordAsync()).Tests.ShouldAllBe(test => test.Outcome == TestOutcome.Passed && test.Attempts.Length == 1);

        async Task<HostRunEnd> HangAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            return new HostRunEnd("it was ended");
        }
    }

    [Fact]
    public async Task A_machine_whose_infrastructure_fails_leaves_the_run_to_the_others()
    {
        var passed = new TaskCompletionSource();
        var catalog = Catalogs.Of(classes: 30, testsPerClass: 1);
        var (faulty, sound) = (Machine("faulty", Retrying), Machine("sound", Retrying));

        var ends = await Task.WhenAll(faulty.RunAsync(catalog, FailAsync), sound.RunAsync(catalog, PassAsync));

        ends.ShouldAllBe(end => end.ExitCode == ConcurrentTestExitCode.Success);
        faulty.Fake.Incidents.ShouldContain(incident => incident.Kind == IncidentKinds.MachineFaulty && incident.Message.EndsWith("it leaves the run to them."));
        sound.Fake.Incidents.ShouldNotContain(incident => incident.Kind == IncidentKinds.MachineFaulty);
        var record = await RecordAsync();
        record.Tests.Length.ShouldBe(30);
        record.Tests.ShouldAllBe(test => test.Outcome == TestOutcome.Passed);

        static ConcurrentTestSettings Retrying(ConcurrentTestSettings settings) => settings with { Workers = 1, MaxRetries = 3, RetryDelay = TimeSpan.FromMilliseconds(1) };

        async Task<HostRunEnd> FailAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
        {
            await passed.Task.WaitAsync(Patience, cancellationToken);
            foreach (var entry in run.Entries)
            {
                events.ActiveTests([FakeHost.Told(entry)]);
                events.ResultArrived(FakeHost.Result(entry, TestOutcome.Failed) with { Message = "Shop.ConcurrentTestInfrastructureException : The disk is gone." });
            }

            events.ActiveTests([]);
            return FakeHost.WellEnded;
        }

        // Once it has passed something, it leaves the rest to the other until that gives up.
        async Task<HostRunEnd> PassAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
        {
            if (passed.Task.IsCompleted)
                await Eventually(() => Task.FromResult(faulty.Fake.Incidents.Any(incident => incident.Kind == IncidentKinds.MachineFaulty)));
            var end = await FakeHost.GiveAll(run, events, _ => TestOutcome.Passed);
            passed.TrySetResult();
            return end;
        }
    }

    [Fact]
    public async Task The_last_machine_does_not_leave_a_run_green_that_is_not_over()
    {
        var begun = new TaskCompletionSource();
        var last = Machine("last");
        var running = last.RunAsync(_catalog, HangAsync);
        await begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        last.Leave();

        (await running).ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        (await RecordAsync()).ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);

        async Task<HostRunEnd> HangAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            return new HostRunEnd("it was ended");
        }
    }

    [Fact]
    public async Task What_a_try_did_not_come_to_another_does_and_only_that()
    {
        var ran = new ConcurrentQueue<TestEntry>();
        var first = Machine("first", settings => settings with { Workers = 1 });
        (await first.RunAsync(_catalog, LeaveAfterOneAsync)).ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        var done = ran.Count;

        var second = Machine("second");
        (await second.Queue.IsSealedAsync(NullLogger.Instance, CancellationToken.None)).ShouldBeFalse();
        (await second.RunAsync(_catalog, Pass)).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);

        done.ShouldBeInRange(1, 17);
        second.Fake.Runs.Sum(run => run.Entries.Length).ShouldBe(18 - done);
        (await Machine("third").Queue.IsSealedAsync(NullLogger.Instance, CancellationToken.None)).ShouldBeTrue();

        async Task<HostRunEnd> LeaveAfterOneAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
        {
            if (!ran.IsEmpty)
            {
                first.Leave();
                await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
                return new HostRunEnd("it was ended");
            }

            foreach (var entry in run.Entries)
                ran.Enqueue(entry);
            return await Pass(run, events, cancellationToken);
        }
    }

    [Fact]
    public async Task An_attachment_stays_with_its_machine_and_its_result_says_where()
    {
        await Machine("one").RunAsync(Catalogs.Of(classes: 1, testsPerClass: 1), (run, events, _) =>
        {
            events.ResultArrived(FakeHost.Result(run.Entries[0], TestOutcome.Passed) with { StandardOutput = "said", Attachments = ["/results/picture.png"] });
            return Task.FromResult(FakeHost.WellEnded);
        });

        var attempt = (await RecordAsync()).Tests.ShouldHaveSingleItem().Final;
        (attempt.StandardOutput, attempt.Attachments.Length).ShouldBe(("said\nAttached on one: /results/picture.png", 0));
    }

    [Theory]
    [InlineData("Expected 1, was 2")]
    [InlineData("Shop.ConcurrentTestInfrastructureException : The disk is gone.")]
    public async Task A_test_that_skips_itself_on_one_machine_after_it_has_failed_on_another_has_still_failed(string message)
    {
        var (catalog, rerun) = (Catalogs.Of(classes: 1, testsPerClass: 1), new TaskCompletionSource());
        var (first, second) = (Machine("first", Rerunning), Machine("second", Rerunning));
        var left = first.RunAsync(catalog, FailAndLeaveAsync);
        await rerun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        first.Leave();
        await left;

        var end = await second.RunAsync(catalog, (run, events, _) => FakeHost.GiveAll(run, events, _ => second.Fake.Runs.Count == 1 ? TestOutcome.Skipped : TestOutcome.Passed));

        end.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, end.Reason);
        (await RecordAsync()).Tests.ShouldHaveSingleItem().Attempts.Select(attempt => attempt.Outcome).ShouldBe([TestOutcome.Failed, TestOutcome.Skipped, TestOutcome.Passed]);

        static ConcurrentTestSettings Rerunning(ConcurrentTestSettings settings) => settings with { Workers = 1, Reruns = 2, MaxRetries = 1, RetryDelay = TimeSpan.FromMilliseconds(1) };

        async Task<HostRunEnd> FailAndLeaveAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
        {
            if (first.Fake.Runs.Count == 1)
            {
                events.ResultArrived(FakeHost.Result(run.Entries[0], TestOutcome.Failed) with { Message = message });
                return FakeHost.WellEnded;
            }

            rerun.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            return new HostRunEnd("it was ended");
        }
    }

    [Fact]
    public async Task A_new_attempt_runs_only_what_is_not_done_and_shows_what_failed_before()
    {
        var failing = _catalog.Entries()[7];
        (await Attempt(1).RunAsync(_catalog, (run, events, _) => FakeHost.GiveAll(run, events, entry => entry.Equals(failing) ? TestOutcome.Failed : TestOutcome.Passed)))
            .ExitCode.ShouldBe(ConcurrentTestExitCode.TestsFailed);

        var second = Attempt(2);
        (await second.RunAsync(_catalog, Pass)).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);

        second.Fake.Runs.SelectMany(run => run.Entries).ShouldBe([failing]);
        var record = await RecordAsync($"{_run}-2");
        record.Tests.Length.ShouldBe(18);
        record.ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        record.Tests.Single(test => test.IsFlaky).Attempts.Select(attempt => attempt.Outcome).ShouldBe([TestOutcome.Failed, TestOutcome.Passed]);
        (await RecordAsync($"{_run}-1")).ExitCode.ShouldBe(ConcurrentTestExitCode.TestsFailed);
        var third = Attempt(3);
        (await third.RunAsync(_catalog, Pass)).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        third.Fake.Runs.SelectMany(run => run.Entries).ShouldBe([failing], "it had failed once, so it is not taken over");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_skipped_itself_because_of_a_failure_runs_again_with_it_in_a_new_attempt(bool needs)
    {
        var orders = Orders(3, needs);
        var catalog = Catalogs.Of(orders, Catalogs.Unit(orders.Assembly, "Mail", 2));
        (await Attempt(1).RunAsync(catalog, FailAsync)).ExitCode.ShouldBe(ConcurrentTestExitCode.TestsFailed);
        var second = Attempt(2);

        var end = await second.RunAsync(catalog, (run, events, _) => InOrder(run, events, _ => TestOutcome.Passed));

        second.Fake.Runs.ShouldHaveSingleItem().Entries.ShouldBe(needs ? orders.Entries : orders.Entries[1..]);
        end.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, end.Reason);
        end.Reason.ShouldContain($" {(needs ? 2 : 3)} of 5 tests did not run again");
        (await RecordAsync($"{_run}-2")).Tests.ShouldAllBe(test => test.Outcome == TestOutcome.Passed);

        Task<HostRunEnd> FailAsync(HostRun run, IHostEvents events, CancellationToken _) =>
            InOrder(run, events, entry => entry.Equals(orders.Entries[1]) ? TestOutcome.Failed : TestOutcome.Passed);

        // The last test of the orders skips itself where the one before it has not passed in the same process.
        static Task<HostRunEnd> InOrder(HostRun run, IHostEvents events, Func<TestEntry, TestOutcome> outcomeOf)
        {
            var passed = new HashSet<string>();
            return FakeHost.GiveAll(run, events, entry =>
            {
                var outcome = entry.MethodName == "Test2" && !passed.Contains("Test1") ? TestOutcome.Skipped : outcomeOf(entry);
                return outcome == TestOutcome.Passed && passed.Add(entry.MethodName) ? TestOutcome.Passed : outcome;
            });
        }
    }

    [Fact]
    public async Task What_came_along_with_a_suspect_keeps_its_results_on_another_machine_too()
    {
        var orders = Orders(2, needs: true);
        var (died, second) = (new TaskCompletionSource(), Machine("second", settings => settings with { Workers = 1 }));
        var first = Machine("first", settings => settings with { Workers = 1 });
        var left = first.RunAsync(Catalogs.Of(orders), DieAndLeaveAsync);
        await died.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        first.Leave();
        await left;

        var end = await second.RunAsync(Catalogs.Of(orders), (run, events, _) =>
        {
            events.ActiveTests([FakeHost.Told(orders.Entries[1])]);
            return Task.FromResult(new HostRunEnd("Test host process crashed"));
        });

        end.ExitCode.ShouldBe(ConcurrentTestExitCode.TestsFailed, end.Reason);
        second.Fake.Runs.ShouldHaveSingleItem().Entries.ShouldBe(orders.Entries, "in their order, whichever is the suspect");
        var tests = (await RecordAsync()).Tests.OrderBy(test => test.Name).ToList();
        tests.Select(test => test.Outcome).ShouldBe([TestOutcome.Passed, TestOutcome.Failed]);
        tests[1].Final.Message!.ShouldContain("died while this test ran, twice");

        async Task<HostRunEnd> DieAndLeaveAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
        {
            if (first.Fake.Runs.Count == 1)
            {
                events.ResultArrived(FakeHost.Result(orders.Entries[0], TestOutcome.Passed));
                events.ActiveTests([FakeHost.Told(orders.Entries[1])]);
                return new HostRunEnd("Test host process crashed");
            }

            died.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            return new HostRunEnd("it was ended");
        }
    }

    [Fact]
    public async Task Classes_of_two_assemblies_that_have_one_name_do_not_need_each_other()
    {
        var (one, other) = (Orders(2, needs: true), Orders(2, needs: true, Catalogs.Assembly("Stock.Tests")));
        await Attempt(1).RunAsync(Catalogs.Of(one, other), (run, events, _) => FakeHost.GiveAll(run, events, entry => entry.Equals(other.Entries[0]) ? TestOutcome.Failed : TestOutcome.Passed));
        var second = Attempt(2);

        await second.RunAsync(Catalogs.Of(one, other), Pass);

        second.Fake.Runs.ShouldHaveSingleItem().Entries.ShouldBe(other.Entries);
    }

    [Fact]
    public async Task A_new_attempt_with_nothing_left_to_run_says_so()
    {
        await Attempt(1).RunAsync(_catalog, Pass);

        var end = await Attempt(2).RunAsync(_catalog, Pass);

        (end.ExitCode, end.Reason).ShouldBe((ConcurrentTestExitCode.Success, $"Run {_run}-2 of 1 machine (attempt-2): All tests passed. 18 of 18 tests did not run again: their results are those of an earlier attempt."));
    }

    [Fact]
    public async Task What_ran_more_than_a_day_ago_runs_again_in_whichever_attempt()
    {
        await Attempt(1).RunAsync(_catalog, Pass);
        await server.ScalarAsync($"WITH old AS (UPDATE concurrent_test.batches SET acknowledged_at = acknowledged_at - interval '20 hours' WHERE run LIKE '{_run}-%' RETURNING 1) SELECT count(*) FROM old");
        await Attempt(2).RunAsync(_catalog, Pass);
        await server.ScalarAsync($"WITH old AS (UPDATE concurrent_test.batches SET acknowledged_at = acknowledged_at - interval '20 hours' WHERE run LIKE '{_run}-%' RETURNING 1) SELECT count(*) FROM old");
        var third = Attempt(3);

        var end = await third.RunAsync(_catalog, Pass);

        (end.ExitCode, end.Reason).ShouldBe((ConcurrentTestExitCode.Success, $"Run {_run}-3 of 1 machine (attempt-3): All tests passed."));
        third.Fake.Runs.Sum(run => run.Entries.Length).ShouldBe(18);
    }

    [Fact]
    public async Task A_new_attempt_of_other_tests_takes_nothing_over()
    {
        await Attempt(1).RunAsync(_catalog, Pass);
        var second = Attempt(2);

        await second.RunAsync(Catalogs.Of(classes: 6, testsPerClass: 4), Pass);

        second.Fake.Runs.Sum(run => run.Entries.Length).ShouldBe(24);
    }

    [Fact]
    public async Task A_sealed_run_is_repeated_for_the_same_tests_and_settings_alone()
    {
        (await Machine("one").RunAsync(_catalog, Pass)).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        var (same, tests, filter) = (Machine("same"), Machine("tests"), Machine("filter", settings => settings with { Filter = "Category=Smoke" }));

        (await same.RunAsync(_catalog, Pass)).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        var refused = await tests.RunAsync(Catalogs.Of(classes: 6, testsPerClass: 4), Pass).ShouldThrowAsync<ConcurrentTestException>();
        (await filter.RunAsync(_catalog, Pass).ShouldThrowAsync<ConcurrentTestException>()).Message.ShouldContain("--test-filter");

        same.Queue.IsRepeated.ShouldBeTrue();
        refused.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        (tests.Queue.IsRepeated || filter.Queue.IsRepeated).ShouldBeFalse();
        same.Fake.Runs.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_failure_beside_batches_is_not_forgotten_by_a_new_attempt()
    {
        (await FailBesideAsync(Attempt(1))).ExitCode.ShouldBe(ConcurrentTestExitCode.TestsFailed);

        var second = Attempt(2);
        (await second.RunAsync(_catalog, Pass)).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);

        second.Fake.Runs.Sum(run => run.Entries.Length).ShouldBe(18);
    }

    [Fact]
    public async Task A_failure_beside_batches_that_comes_after_the_end_is_no_success()
    {
        var late = Machine("late", settings => settings with { Workers = 1 });
        late.WorkerEnds = () =>
        {
            EndBeside(late);
            server.ScalarAsync($"WITH ended AS (UPDATE concurrent_test.runs SET sealed_at = clock_timestamp(), exit_code = 0, reason = 'All tests passed.' WHERE run = '{_run}' RETURNING 1) SELECT count(*) FROM ended").Wait();
        };

        (await late.RunAsync(_catalog, Pass)).ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
    }

    [Fact]
    public async Task What_an_earlier_attempt_made_fail_is_no_flaw_of_the_one_that_made_it_good()
    {
        var failing = _catalog.Entries()[7];
        await Attempt(1, FlakyFails).RunAsync(_catalog, (run, events, _) => FakeHost.GiveAll(run, events, entry => entry.Equals(failing) ? TestOutcome.Failed : TestOutcome.Passed));

        var end = await Attempt(2, FlakyFails).RunAsync(_catalog, Pass);

        end.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, end.Reason);
        (await RecordAsync($"{_run}-2")).Tests.Single(test => test.IsFlaky).Attempts.Select(attempt => attempt.IsEarlier).ShouldBe([true, false]);

        ConcurrentTestSettings FlakyFails(ConcurrentTestSettings settings) => settings with { Flaky = FlakyPolicy.Fail };
    }

    [Fact]
    public async Task What_is_flaky_in_a_new_attempt_itself_fails_it_where_that_is_asked_for()
    {
        var (failing, tries) = (_catalog.Entries()[7], 0);
        await Attempt(1, FlakyFails).RunAsync(_catalog, (run, events, _) => FakeHost.GiveAll(run, events, entry => entry.Equals(failing) ? TestOutcome.Failed : TestOutcome.Passed));

        var end = await Attempt(2, FlakyFails).RunAsync(
            _catalog, (run, events, _) => FakeHost.GiveAll(run, events, entry => entry.Equals(failing) && Interlocked.Increment(ref tries) == 1 ? TestOutcome.Failed : TestOutcome.Passed));

        end.ExitCode.ShouldBe(ConcurrentTestExitCode.TestsFailed);
        end.Reason.ShouldContain("flaky");

        ConcurrentTestSettings FlakyFails(ConcurrentTestSettings settings) => settings with { Flaky = FlakyPolicy.Fail, Reruns = 1 };
    }

    [Fact]
    public async Task Names_that_no_database_can_hold_are_no_hindrance_and_secrets_in_groups_are_not_told()
    {
        const string Secret = "s3cret-Qz8-group";
        var unit = _catalog.Units[0];
        var odd = unit.Entries[0] with { DisplayName = $"{unit.Entries[0].ClassName}.Zero(\"\0\")", Marks = [$"Port-{Secret}"] };
        var catalog = _catalog with { Units = [unit with { Entries = [odd, .. unit.Entries[1..]] }, .. _catalog.Units[1..]] };
        var machine = Machine("one", settings => settings with { Reruns = 1 });
        machine.Fake.Context.Secrets.Register(Secret);

        var end = await machine.RunAsync(catalog, (run, events, _) => FakeHost.GiveAll(run, events, entry => entry.Equals(odd) && run.Entries.Length > 1 ? TestOutcome.Failed : TestOutcome.Passed));

        end.ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.tests WHERE run = '{_run}' AND name LIKE '%Zero(\"\uFFFD\")'")).ShouldBe(1);
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.items WHERE run = '{_run}' AND groups = ARRAY['port-***']")).ShouldBe(2, "it ran again");
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.items WHERE run = '{_run}' AND groups::text LIKE '%s3cret%'")).ShouldBe(0);
    }

    [Theory]
    [InlineData("GITHUB_SHA")]
    [InlineData("CI_COMMIT_SHA")]
    public async Task Machines_of_two_commits_do_not_share_a_run(string variable)
    {
        await Of("1111").RunAsync(_catalog, Pass);

        var refused = await Of("2222").RunAsync(_catalog, Pass).ShouldThrowAsync<ConcurrentTestException>();

        refused.Message.ShouldContain("commit (2222 here, 1111 in the run)");

        SharedMachine Of(string commit) => Machine($"of-{commit}", variable: name => name == variable ? commit : null);
    }

    [Fact]
    public async Task Machines_of_two_systems_do_not_share_a_run()
    {
        await Machine("one").RunAsync(_catalog, Pass);
        await server.ScalarAsync($"WITH other AS (UPDATE concurrent_test.runs SET fingerprint = fingerprint || jsonb_build_object('platform', 'Windows Arm64') WHERE run = '{_run}' RETURNING 1) SELECT count(*) FROM other");

        var refused = await Machine("other").RunAsync(_catalog, Pass).ShouldThrowAsync<ConcurrentTestException>();

        refused.Message.ShouldContain("platform (");
        refused.Message.ShouldContain("here, Windows Arm64 in the run)");
    }

    [Theory]
    [InlineData("FEATURE=s3cret-on", "FEATURE=s3cret-off")]
    [InlineData("Db={Database};Timeout=1", "Db={Database};Timeout=2")]
    public async Task Machines_that_give_their_tests_other_values_do_not_share_a_run_and_no_value_is_told(string one, string other)
    {
        await Of("one", one).RunAsync(_catalog, Pass);

        var refused = await Of("other", other).RunAsync(_catalog, Pass).ShouldThrowAsync<ConcurrentTestException>();

        refused.Message.ShouldContain($"it differs in --test-environment {one.Split('=')[0]}. ");
        refused.Message.ShouldNotContain("s3cret");
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.runs WHERE run = '{_run}' AND fingerprint::text LIKE '%s3cret%'")).ShouldBe(0);
    }

    [Theory]
    [InlineData("Cache=redis://localhost:32768/0", "Cache=redis://localhost:32770/0")]
    [InlineData("REDIS_PORT=49153", "REDIS_PORT=49154")]
    [InlineData("""Cache={"port": 49153}""", """Cache={"port": 49154}""")]
    [InlineData("API_TOKEN=of-this-job", "API_TOKEN=of-that-job")]
    [InlineData("Out=/opt/runner-1/_temp/out;x=1", "Out=/opt/runner-2/_temp/out;x=1")]
    [InlineData("Cache=http://172.18.0.3:80/a", "Cache=http://172.18.0.4:80/a")]
    public async Task Machines_that_have_places_and_credentials_of_their_own_share_a_run(string one, string other)
    {
        await Of("one", one).RunAsync(_catalog, Pass);

        (await Of("other", other).RunAsync(_catalog, Pass)).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
    }

    [Fact]
    public async Task Machines_with_other_servers_do_not_share_a_run()
    {
        await Machine("one", databases: "PostgreSQL 15").RunAsync(_catalog, Pass);

        var refused = await Machine("other", databases: "PostgreSQL 18").RunAsync(_catalog, Pass).ShouldThrowAsync<ConcurrentTestException>();

        refused.Message.ShouldContain("server (PostgreSQL 18 here, PostgreSQL 15 in the run)");
    }

    [Theory]
    [InlineData("--test-database-settings")]
    [InlineData("--test-host")]
    [InlineData("--test-ahead-of-time")]
    public async Task What_makes_tests_run_otherwise_is_the_same_on_all_machines(string argument)
    {
        await Machine("one").RunAsync(_catalog, Pass);
        var other = Machine("other", settings => argument switch
        {
            "--test-database-settings" => settings with { DatabaseSettings = ["work_mem=64MB"] },
            "--test-host" => settings with { TestHost = TestHostMode.Console },
            _ => settings with { AheadOfTime = AheadOfTimeMode.Auto },
        });

        (await other.RunAsync(_catalog, Pass).ShouldThrowAsync<ConcurrentTestException>()).Message.ShouldContain($"{argument} (");
    }

    [Fact]
    public async Task A_verdict_of_long_ago_is_not_repeated()
    {
        await Machine("one").RunAsync(_catalog, Pass);
        await server.ScalarAsync($"WITH old AS (UPDATE concurrent_test.runs SET sealed_at = sealed_at - interval '2 days' WHERE run = '{_run}' RETURNING 1) SELECT count(*) FROM old");

        var refused = await Machine("late").Queue.IsSealedAsync(NullLogger.Instance, CancellationToken.None).ShouldThrowAsync<ConcurrentTestException>();

        refused.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        refused.Message.ShouldContain("more than a day ago");
    }

    [Fact]
    public async Task A_test_that_its_process_died_with_is_tried_alone_and_fails_with_its_story()
    {
        var deadly = _catalog.Entries()[4];

        var ends = await Task.WhenAll(Machine("one").RunAsync(_catalog, Die), Machine("other").RunAsync(_catalog, Die));

        ends.ShouldAllBe(end => end.ExitCode == ConcurrentTestExitCode.TestsFailed);
        var record = await RecordAsync();
        record.Tests.Length.ShouldBe(18);
        record.Tests.Single(test => test.Outcome == TestOutcome.Failed).Final.Message!.ShouldContain("died while this test ran, twice");

        Task<HostRunEnd> Die(HostRun run, IHostEvents events, CancellationToken _)
        {
            foreach (var entry in run.Entries)
            {
                events.ActiveTests([FakeHost.Told(entry)]);
                if (entry.Equals(deadly))
                    return Task.FromResult(new HostRunEnd("Test host process crashed"));
                events.ResultArrived(FakeHost.Result(entry, TestOutcome.Passed));
            }

            events.ActiveTests([]);
            return Task.FromResult(FakeHost.WellEnded);
        }
    }

    [Fact]
    public async Task A_failing_test_runs_again_within_the_budget_of_all_machines_and_its_attempts_are_one_row()
    {
        var (flaky, broken) = (_catalog.Entries()[2], _catalog.Entries()[11]);
        var tries = new ConcurrentDictionary<TestEntry, int>();

        var ends = await Task.WhenAll(new[] { "one", "other" }.Select(name => Machine(name, settings => settings with { Reruns = 2 }).RunAsync(_catalog, Try)));

        ends.ShouldAllBe(end => end.ExitCode == ConcurrentTestExitCode.TestsFailed && end.Reason.Contains("1 of 18 tests failed"));
        var record = await RecordAsync();
        record.Tests.Length.ShouldBe(18);
        record.Tests.Single(test => test.CaseId == flaky.Id).Attempts.Select(attempt => attempt.Outcome).ShouldBe([TestOutcome.Failed, TestOutcome.Passed]);
        record.Tests.Single(test => test.CaseId == broken.Id).Attempts.Select(attempt => attempt.Number).ShouldBe([1, 2, 3]);

        Task<HostRunEnd> Try(HostRun run, IHostEvents events, CancellationToken _) => FakeHost.GiveAll(
            run, events, entry => entry.Equals(broken) || (entry.Equals(flaky) && tries.AddOrUpdate(entry, 1, (_, count) => count + 1) == 1) ? TestOutcome.Failed : TestOutcome.Passed);
    }

    [Fact]
    public async Task A_machine_that_can_run_nothing_leaves_its_work_to_the_others()
    {
        var broken = Machine("broken").RunAsync(_catalog, _ => throw new InvalidOperationException("no memory"));
        var whole = Machine("whole").RunAsync(_catalog, Pass);

        await Task.WhenAll(broken, whole);

        (await whole).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        (await RecordAsync()).Tests.ShouldAllBe(test => test.Outcome == TestOutcome.Passed);
    }

    [Fact]
    public async Task A_machine_that_found_other_tests_is_told_which()
    {
        await Machine("one").RunAsync(_catalog, Pass);
        await server.ScalarAsync($"WITH open AS (UPDATE concurrent_test.runs SET sealed_at = NULL, exit_code = NULL WHERE run = '{_run}' RETURNING 1) SELECT count(*) FROM open");

        var refused = await Machine("other").RunAsync(Catalogs.Of(classes: 6, testsPerClass: 4), Pass).ShouldThrowAsync<ConcurrentTestException>();

        refused.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        refused.Message.ShouldContain("discovery (6 only here: Shop.Tests (net10.0)/Shop.Tests.Class0.Test3");
    }

    [Fact]
    public async Task A_machine_with_other_settings_is_told_which()
    {
        await Machine("one").RunAsync(_catalog, Pass);

        var refused = await Machine("other", settings => settings with { Reruns = 3 }).RunAsync(_catalog, Pass).ShouldThrowAsync<ConcurrentTestException>();

        refused.Message.ShouldContain("--test-reruns (3 here, 0 in the run)");
    }

    [Fact]
    public async Task A_test_that_never_gives_its_result_makes_the_run_incomplete()
    {
        var silent = _catalog.Entries()[3];

        var end = await Machine("one").RunAsync(_catalog, (run, events, _) => FakeHost.GiveAll(run with { Entries = run.Entries.Remove(silent) }, events, _ => TestOutcome.Passed));

        end.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        (await RecordAsync()).Tests.Single(test => test.Outcome == TestOutcome.Error).CaseId.ShouldBe(silent.Id);
    }

    [Theory]
    [InlineData("--test-fail-fast")]
    [InlineData("--test-only-failed")]
    [InlineData("--test-shard")]
    [InlineData("--test-stress")]
    [InlineData("--test-order")]
    public void What_is_for_one_machine_does_not_go_with_a_queue(string argument)
    {
        var settings = new ConcurrentTestSettings { Queue = server.ConnectionString, QueueRun = _run };
        settings = argument switch
        {
            "--test-fail-fast" => settings with { FailFast = 1 },
            "--test-stress" => settings with { Stress = "3" },
            "--test-order" => settings with { Order = TestOrder.Random },
            "--test-only-failed" => settings with { OnlyFailed = true },
            _ => settings with { Shard = "1/2" },
        };

        var refused = Should.Throw<ConcurrentTestException>(() => QueuedRun.Open(settings, _ => null, TimeProvider.System));

        refused.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        refused.Message.ShouldContain(argument);
    }

    [Theory]
    [InlineData("GITHUB_RUN_ID=77 GITHUB_RUN_ATTEMPT=2", "77-2")]
    [InlineData("CI_PIPELINE_ID=88 CI_JOB_ID=3", "88")]
    [InlineData("BUILD_BUILDID=99", "99")]
    [InlineData("BUILD_BUILDID=99 SYSTEM_STAGEATTEMPT=2", "99-2")]
    public void A_run_is_called_as_the_host_calls_what_all_machines_share(string variables, string name)
    {
        var environment = variables.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);

        QueuedRun.NameOf(new ConcurrentTestSettings(), environment.GetValueOrDefault).ShouldBe(name);
    }

    [Fact]
    public void A_run_that_nobody_names_is_refused() =>
        Should.Throw<ConcurrentTestException>(() => QueuedRun.NameOf(new ConcurrentTestSettings(), _ => null)).ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);

    /// <summary>The tests of a class.</summary>
    /// <param name="needs">Its framework knows that its tests have an order.</param>
    private static TestUnit Orders(int tests, bool needs, TestAssembly? assembly = null)
    {
        var unit = Catalogs.Unit(assembly ?? Catalogs.Assembly(), "Orders", tests);
        return unit with { Entries = [.. unit.Entries.Select(entry => entry with { Need = needs ? "Orders" : null })] };
    }

    private Task<RunEnd> FailBesideAsync(SharedMachine machine)
    {
        var left = _catalog.Entries().Length;
        return machine.RunAsync(_catalog, (run, events, cancellationToken) =>
        {
            if (Interlocked.Add(ref left, -run.Entries.Length) == 0)
                EndBeside(machine);
            return Pass(run, events, cancellationToken);
        });
    }

    // A process that ends itself between two batches is of none.
    private void EndBeside(SharedMachine machine) => machine.Queue.Events.Happened(new OutsideFailed(
        new OutsideFailure { Kind = OutsideKinds.ProcessEnd, Name = "Test process", Assembly = _catalog.Assemblies[0], Workers = [99], At = DateTimeOffset.UtcNow, Message = "it exited" }, [])
    { At = DateTimeOffset.UtcNow });

    private static Task<HostRunEnd> Pass(HostRun run, IHostEvents events, CancellationToken cancellationToken) => FakeHost.GiveAll(run, events, _ => TestOutcome.Passed);

    private static async Task Eventually(Func<Task<bool>> holds)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await holds())
            await timer.WaitForNextTickAsync(bound.Token);
    }

    private SharedMachine Machine(string name, Func<ConcurrentTestSettings, ConcurrentTestSettings>? configure = null, Func<string, string?>? variable = null, string? databases = null)
    {
        var machine = new SharedMachine(server.ConnectionString, _run, name, configure, variable) { Server = databases };
        _machines.Add(machine);
        return machine;
    }

    private SharedMachine Of(string name, string variable) =>
        Machine(name, settings => settings with { Environment = [new EnvironmentPattern(variable.Split('=', 2)[0], variable.Split('=', 2)[1])] });

    private SharedMachine Attempt(int number, Func<ConcurrentTestSettings, ConcurrentTestSettings>? configure = null)
    {
        var machine = new SharedMachine(
            server.ConnectionString, _run, $"attempt-{number}", settings => (configure?.Invoke(settings) ?? settings) with { QueueRun = null },
            name => name switch { "GITHUB_RUN_ID" => _run, "GITHUB_RUN_ATTEMPT" => $"{number}", _ => null });
        _machines.Add(machine);
        return machine;
    }

    private async Task<RunRecord> RecordAsync(string? run = null)
    {
        run ??= _run;
        await using var connection = new QueueConnection(server.ConnectionString, TimeProvider.System);
        var results = await new QueueRun(connection, run, new QueueMachine(Guid.NewGuid(), "reader", 0)).ReadAsync(CancellationToken.None);
        return QueuedRecord.Of(run, results!, new ConcurrentTestSettings(), results!.Seal is not null);
    }
}
