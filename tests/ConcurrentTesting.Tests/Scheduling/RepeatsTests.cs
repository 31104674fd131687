using ConcurrentTesting.Catalog;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Tests.Execution;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

/// <summary>Batches of tests that are to run several times: which run beside each other, and how an earlier run's are repeated.</summary>
public sealed class RepeatsTests
{
    private static readonly SharedSetUp Ports = new("collection Ports", "Ports") { HasFixture = false, Guard = "has no fixture" };

    private readonly TestEntry _entry = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Ships");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseEngine.PostgreSql, "", true)]
    [InlineData(DatabaseEngine.PostgreSql, "tie", false)]
    [InlineData(DatabaseEngine.PostgreSql, "guard", false)]
    [InlineData(DatabaseEngine.None, "", false)]
    public async Task Two_times_of_a_test_run_beside_each_other_where_nothing_forbids_it(DatabaseEngine database, string held, bool mayBe)
    {
        var unit = Unit(held);
        var plan = Repeats.Stressed(FakeRun.Plan([_entry], []), StressGoal.Read("10")!, Repeats.Apart(Catalogs.Of(unit), database));
        var queue = new BatchQueue(plan, worthStealing: 1);

        (await queue.TakeAsync(0, Cancellation)).ShouldNotBeNull();
        queue.TakeAsync(1, Cancellation).AsTask().IsCompleted.ShouldBe(mayBe);
    }

    [Fact]
    public async Task The_times_of_a_new_test_are_kept_apart_and_the_known_tests_are_not()
    {
        var known = Catalogs.Entry(Catalogs.Assembly(), "Shop.Baskets", "Adds");
        var timings = TimingStore.Empty;
        timings.Learn(Catalogs.Of(new TestUnit("Shop.Baskets", known.Assembly, [known])), [Record(known, Attempt(1, 1, 0) with { Round = null })], complete: false);
        var catalog = Catalogs.Of(Unit("tie"), new TestUnit("Shop.Baskets", known.Assembly, [known]) { Ties = [new Tie("b", "b")] });
        var plan = Repeats.OfNew(FakeRun.Plan([_entry], [known]), timings, times: 3, Repeats.Apart(catalog, DatabaseEngine.PostgreSql));
        var queue = new BatchQueue(plan, worthStealing: 1);

        (await queue.TakeAsync(0, Cancellation))!.Entries.ShouldBe([_entry]);
        var beside = await queue.TakeAsync(1, Cancellation);
        beside!.Entries.ShouldBe([known]);
        beside.ExclusiveGroups.ShouldBeEmpty();
        queue.TakeAsync(1, Cancellation).AsTask().IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public void A_new_test_runs_again_with_those_that_it_may_need()
    {
        var known = Catalogs.Entry(Catalogs.Assembly(), "Shop.Flow", "Creates") with { Need = "Shop.Flow" };
        var other = Catalogs.Entry(Catalogs.Assembly(), "Shop.Mail", "Sends");
        var added = Catalogs.Entry(Catalogs.Assembly(), "Shop.Flow", "Ships") with { Need = "Shop.Flow" };
        var timings = TimingStore.Empty;
        timings.Learn(
            Catalogs.Of(new TestUnit("Shop.Flow", known.Assembly, [known, other])),
            [Record(known, Attempt(1, 1, 0) with { Round = null }), Record(other, Attempt(1, 1, 0) with { Round = null })], complete: false);

        var plan = Repeats.OfNew(FakeRun.Plan([known, other, added]), timings, times: 2);

        plan.Tail.ShouldHaveSingleItem().Entries.ShouldBe([known, added]);
        plan.Repeated.ShouldBe([known, added], ignoreOrder: true);
    }

    [Fact]
    public void What_is_left_of_a_time_stays_apart_from_the_others()
    {
        var group = ExclusiveGroup.OfTimes(Unit("tie"));
        var batch = FakeRun.Batch([_entry]) with { ExclusiveGroups = [group, "Ports"], Round = 2 };
        var accounting = new Accounting(new Dictionary<TestEntry, double> { [_entry] = 1 }, 0, 0);
        var none = new HashSet<TestEntry>();

        var verdict = accounting.Judge(new BatchEnd
        {
            Batch = batch,
            Worker = 0,
            Rows = new Dictionary<TestEntry, int>(),
            Failed = none,
            Active = none,
            TimedOut = none,
            Fault = "Test host process crashed",
        });

        verdict.Again.ShouldHaveSingleItem().ExclusiveGroups.ShouldBe([group]);
    }

    [Fact]
    public async Task A_replay_of_a_run_with_repeats_fails_where_one_of_them_fails()
    {
        var plan = ReplayPlan.Of(Stressed(), Catalogs.Of(Unit("")), TimingStore.Empty, worker: 0);
        await using var run = new FakeRun(settings => settings with { Reruns = 2 });
        var asked = 0;

        await run.Pool((batch, events, _) => FakeHost.GiveAll(batch, events, _ => Interlocked.Increment(ref asked) == 1 ? TestOutcome.Failed : TestOutcome.Passed)).RunAsync(plan);

        (run.ResultOf(_entry).Outcome, run.ResultOf(_entry).Repeats).ShouldBe((TestOutcome.Failed, new RepeatCount(2, 1)));
    }

    [Fact]
    public void A_replay_tells_two_assemblies_of_one_name_apart()
    {
        var other = _entry with { Assembly = _entry.Assembly with { Path = "/repo/other/Shop.Tests.dll", Ordinal = 1 } };
        var both = Catalogs.Of(Unit(""), new TestUnit("Shop.Orders", other.Assembly, [other]));
        var run = RecordedRun.Document(
            RecordedRun.Of(
                "/repo/results", [Record(_entry, RecordedRun.Attempt(batch: 1)), Record(other, RecordedRun.Attempt(batch: 2, worker: 1))],
                RecordedRun.Batch(1, assembly: _entry.Assembly), RecordedRun.Batch(2, assembly: other.Assembly, worker: 1)));

        ReplayPlan.Of(run, both, TimingStore.Empty, worker: null).Seeds.Select(seed => seed.Single().Assembly.Path).ShouldBe([_entry.Assembly.Path, other.Assembly.Path]);
        ReplayPlan.Select(run, both, worker: 1).Entries().ShouldHaveSingleItem().Assembly.Path.ShouldBe(other.Assembly.Path);
    }

    [Fact]
    public void A_replay_runs_each_time_on_its_worker_and_further_ones_in_a_process_of_their_own()
    {
        var plan = ReplayPlan.Of(Stressed(), Catalogs.Of(Unit("")), TimingStore.Empty, worker: null);

        plan.Seeds.Select(seed => seed.Select(batch => (batch.Round, batch.NeedsFreshProcess)).ToArray())
            .ShouldBe([new (int?, bool)[] { (null, false), (2, true) }, new (int?, bool)[] { (3, true) }]);
        plan.Repeated.ShouldBe([_entry]);
    }

    [Fact]
    public void A_bisection_halves_what_ran_before_the_time_that_failed()
    {
        var run = Stressed();
        var plan = ReplayPlan.Of(run, Catalogs.Of(Unit("")), TimingStore.Empty, worker: null);

        var (batches, failing) = ReplayPlan.ToBisect(run, plan, entry => entry.Equals(_entry)).ShouldNotBeNull();

        failing.ShouldBe(_entry);
        batches.ShouldHaveSingleItem().Round.ShouldBe(2);
        ReplayPlan.ToBisect(run, plan, _ => false).ShouldBeNull();
    }

    private TestUnit Unit(string held) => new("Shop.Orders", _entry.Assembly, [_entry])
    {
        Ties = held == "tie" ? [new Tie("ordered", "[Order]")] : [],
        SetUps = held == "guard" ? [Ports] : [],
    };

    private RunDocument Stressed() => RecordedRun.Document(
        RecordedRun.Of(
            "/repo/results",
            [Record(_entry, Attempt(1, 1, 0), Attempt(2, 2, 0) with { Outcome = TestOutcome.Failed }, Attempt(3, 3, 1))],
            RecordedRun.Batch(1, assembly: _entry.Assembly),
            RecordedRun.Batch(2, assembly: _entry.Assembly, reason: "repeat"),
            RecordedRun.Batch(3, assembly: _entry.Assembly, worker: 1, reason: "repeat")));

    private static TestAttempt Attempt(int round, int batch, int worker) => RecordedRun.Attempt(TestOutcome.Passed, round, batch, worker) with { Round = round };

    private static TestRecord Record(TestEntry entry, params TestAttempt[] attempts) => new()
    {
        Id = entry.Key,
        Assembly = entry.Assembly,
        CaseId = entry.Id,
        ClassName = entry.ClassName,
        MethodName = entry.MethodName,
        Name = entry.MethodName,
        Attempts = [.. attempts],
    };
}
