using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

public sealed class BatchOrderTests
{
    private static readonly TestAssembly Shop = Catalogs.Assembly();
    private static readonly TestAssembly Other = Catalogs.Assembly("Other.Tests");

    private readonly TestCatalog _catalog = Catalogs.Of(
        [.. Enumerable.Range(0, 8).Select(index => Catalogs.Unit(Shop, $"Class{index}", 2)), Catalogs.Unit(Other, "Late", 2)]);

    [Fact]
    public void What_failed_last_comes_first_then_the_longest()
    {
        var plan = PlanOf(TestOrder.FailedFirst, failed: ["Late", "Class3"]);

        Classes(plan).ShouldBe(["Class3", "Class7", "Class6", "Class5", "Class4", "Class2", "Class1", "Class0", "Late"]);
    }

    [Fact]
    public void Where_hosts_stay_warm_what_failed_last_comes_before_everything_else_of_its_worker()
    {
        var plan = PlanOf(TestOrder.FailedFirst, failed: ["Late", "Class3"], hosts: HostStarts.DirectAndWarm);

        Classes(plan)[..3].ShouldBe(["Class3", "Late", "Class7"]);
        plan.Batches.SelectMany(batch => batch.Entries).ShouldBe(_catalog.Entries(), ignoreOrder: true);
    }

    [Fact]
    public void The_longest_comes_first_whatever_failed()
    {
        var plan = PlanOf(TestOrder.LongestFirst, failed: ["Late", "Class3"]);

        Classes(plan)[..3].ShouldBe(["Class7", "Class6", "Class5"]);
        Classes(plan)[^1].ShouldBe("Late");
    }

    [Fact]
    public void A_random_order_is_that_of_its_seed_and_keeps_the_order_within_a_class()
    {
        var one = PlanOf(TestOrder.Random, seed: 1);
        var again = PlanOf(TestOrder.Random, seed: 1);
        var other = PlanOf(TestOrder.Random, seed: 2);

        Classes(again).ShouldBe(Classes(one));
        Classes(other).ShouldNotBe(Classes(one));
        foreach (var type in one.Batches.SelectMany(batch => batch.Entries).GroupBy(entry => entry.ClassName))
            type.Select(entry => entry.MethodName).ShouldBe(["Test0", "Test1"]);
    }

    [Theory]
    [InlineData(TestOrder.FailedFirst)]
    [InlineData(TestOrder.LongestFirst)]
    [InlineData(TestOrder.Random)]
    public void Every_order_has_every_test_exactly_once(TestOrder order)
    {
        var plan = PlanOf(order, failed: ["Class1"], workers: 4);

        plan.Batches.SelectMany(batch => batch.Entries).ShouldBe(_catalog.Entries(), ignoreOrder: true);
    }

    [Fact]
    public void New_is_what_is_unknown_where_others_of_its_assembly_are_known()
    {
        var timings = TimingStore.Empty;
        var known = _catalog.Units[0].Entries;
        timings.Learn(Catalogs.Of(_catalog.Units[0]), known.Select(entry => Result(entry, TestOutcome.Passed, 1)), complete: false);
        var plan = Planner.Plan(_catalog, timings, workers: 2, seed: 1, cores: 2);

        var repeated = Repeats.OfNew(plan, timings, times: 3);

        repeated.Repeated.ShouldBe(_catalog.Units[1..8].SelectMany(unit => unit.Entries), ignoreOrder: true);
        repeated.Batches.SelectMany(batch => batch.Entries).CountBy(entry => entry).ShouldAllBe(
            count => count.Value == (repeated.Repeated.Contains(count.Key) ? 3 : 1));
        repeated.Batches.ShouldAllBe(batch => batch.Entries.Distinct().Count() == batch.Entries.Length);
        Repeats.OfNew(plan, TimingStore.Empty, times: 3).ShouldBeSameAs(plan, "where nothing is known, nothing is new");
    }

    [Theory]
    [InlineData("1", 1, null)]
    [InlineData("100", 100, null)]
    [InlineData("10m", null, 600.0)]
    [InlineData("1.5H", null, 5400.0)]
    [InlineData("30s", null, 30.0)]
    public void Stress_is_a_number_of_times_or_a_time(string text, int? times, double? seconds) =>
        StressGoal.Read(text).ShouldBe(new StressGoal(times, seconds is { } value ? TimeSpan.FromSeconds(value) : null));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("0s")]
    [InlineData("169h")]
    [InlineData("10001")]
    [InlineData("10 m")]
    [InlineData("m")]
    [InlineData("off")]
    [InlineData(null)]
    public void Anything_else_is_no_stress(string? text) => StressGoal.Read(text).ShouldBeNull();

    private static string[] Classes(Plan plan) =>
        [.. plan.Batches.SelectMany(batch => batch.Entries).Select(entry => entry.ClassName).Distinct()];

    private Plan PlanOf(TestOrder order, string[]? failed = null, int seed = 1, int workers = 1, HostStarts hosts = HostStarts.ByConsole)
    {
        var timings = TimingStore.Empty;
        var results = _catalog.Entries().Select(entry => Result(
            entry, failed?.Contains(entry.ClassName) == true ? TestOutcome.Failed : TestOutcome.Passed,
            entry.ClassName == "Late" ? 0.01 : 1 + (entry.ClassName[^1] - '0')));
        timings.Learn(_catalog, results, complete: true);
        var plan = Planner.Plan(_catalog, timings, workers, seed, cores: 2, hosts);
        return BatchOrder.Apply(order, seed, plan, _catalog, timings, hosts);
    }

    private static TestRecord Result(TestEntry entry, TestOutcome outcome, double seconds) => new()
    {
        Id = entry.Key,
        Assembly = entry.Assembly,
        CaseId = entry.Id,
        ClassName = entry.ClassName,
        MethodName = entry.MethodName,
        Name = entry.MethodName,
        Attempts = [new TestAttempt { Outcome = outcome, Worker = 0, Batch = 1, Number = 1, Duration = TimeSpan.FromSeconds(seconds) }],
    };
}
