using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

/// <summary>A class that is longer than its share is divided over workers, unless its tests may need each other's process.</summary>
public sealed class ClassSplitTests
{
    private static readonly TestAssembly Shop = Catalogs.Assembly();
    private static readonly ConcurrentTestSettings Settings = new() { Workers = 4, Database = DatabaseEngine.Sqlite };

    private readonly TestUnit _long = Catalogs.Unit(Shop, "Shop.Long", 40);
    private readonly TestUnit _short = Catalogs.Unit(Shop, "Shop.Short", 2);

    [Fact]
    public void A_class_longer_than_its_share_is_divided_so_that_the_run_can_end_with_its_work()
    {
        var split = Split(_long);

        split.Units.Length.ShouldBeGreaterThan(4);
        split.Units.SelectMany(unit => unit.Entries).ShouldBe(Catalogs.Of(_long, _short).Entries(), ignoreOrder: true);
        split.Units.Select(unit => unit.Key).ShouldBeUnique();
        split.Units.Select(unit => unit.Name).ShouldContain($"Shop.Long (1 of {split.Units.Length - 1})");
        foreach (var unit in split.Units)
            unit.Entries.Select(entry => _long.Entries.IndexOf(entry)).ShouldBeInOrder();
        var plan = Planner.Plan(split, Timings(), workers: 4, seed: 1, cores: 4, HostStarts.DirectAndWarm);
        plan.Expected.TotalSeconds.ShouldBeLessThan(1.1 * plan.Seconds / 4);
    }

    public static TheoryData<string> Reasons => ["one process", "a set-up", "a tie", "exclusive", "one test"];

    [Theory]
    [MemberData(nameof(Reasons))]
    public void A_class_with_a_reason_to_stay_whole_stays_whole(string reason)
    {
        var unit = reason switch
        {
            "one process" => _long with { OneProcess = "the static field _orders" },
            "a set-up" => _long with { SetUps = [new SharedSetUp("collection Database", "Database")] },
            "a tie" => _long with { Ties = [new Tie("Shop.Long", "[TestCaseOrderer]")] },
            "exclusive" => _long with { Entries = [.. _long.Entries.Select(entry => entry with { Marks = ["Exclusive"] })] },
            _ => _long with { Entries = _long.Entries[..1] },
        };

        foreach (var granularity in new[] { TestGranularity.Auto, TestGranularity.Test })
            Split(unit, Settings with { Granularity = granularity }).Units.Select(part => part.Name).ShouldContain("Shop.Long");
    }

    [Fact]
    public void What_each_process_sets_up_for_all_of_its_classes_holds_no_class_together() =>
        Split(_long with { SetUps = [new SharedSetUp("assembly fixtures", "Shop.Tests") { IsBond = false }] }).Units.Length.ShouldBeGreaterThan(4);

    [Fact]
    public void What_its_framework_runs_side_by_side_needs_no_common_process()
    {
        Split(_long with { OneProcess = "the static field _orders", IsParallelInside = true }).Units.Length.ShouldBeGreaterThan(4);
        Split(_long with { IsParallelInside = true }, Settings with { Database = DatabaseEngine.None }).Units.Length.ShouldBeGreaterThan(4);
    }

    [Fact]
    public void Where_workers_have_no_databases_only_who_asks_for_it_gets_classes_divided()
    {
        var without = Settings with { Database = DatabaseEngine.None };

        Split(_long, without).Units.Length.ShouldBe(2);
        Split(_long, without with { Granularity = TestGranularity.Test }).Units.Length.ShouldBeGreaterThan(4);
        Split(_long, Settings with { Granularity = TestGranularity.Class }).Units.Length.ShouldBe(2);
        Split(_long, Settings with { Granularity = TestGranularity.Collection }).Units.Length.ShouldBe(2);
    }

    [Fact]
    public void What_nobody_has_measured_is_divided_only_where_that_is_asked_for()
    {
        Split(_long, timings: TimingStore.Empty).Units.Length.ShouldBe(2);
        Split(_long, Settings with { Granularity = TestGranularity.Test }, TimingStore.Empty, new PlanCosts(0.1, 0, 0.1)).Units.Length.ShouldBeGreaterThan(4);
    }

    [Theory]
    [InlineData(nameof(HostStarts.ByConsole), 2)]
    [InlineData(nameof(HostStarts.Direct), 4)]
    [InlineData(nameof(HostStarts.DirectAndWarm), 9)]
    public void A_division_has_to_win_more_than_its_test_hosts_cost(string hosts, int units)
    {
        // 4 s and 3 s, on 4 workers of two cores: what is saved is 2.3 s and 1.3 s, and a batch more costs 3 s, 1.6 s or half a second.
        var other = Catalogs.Unit(Shop, "Shop.Other", 40);
        var timings = TimingStore.Empty;
        timings.Learn(Catalogs.Of(_long, other), _long.Entries.Concat(other.Entries).Select(entry => Result(entry, entry.ClassName == "Shop.Long" ? 0.1 : 0.075)), complete: true);

        var split = ClassSplit.Apply(Catalogs.Of(_long, other), Settings with { Workers = 4 }, timings, PlanCosts.For(4, 2, known: 1, Enum.Parse<HostStarts>(hosts)));

        split.Units.Length.ShouldBe(units);
    }

    private TestCatalog Split(TestUnit unit, ConcurrentTestSettings? settings = null, TimingStore? timings = null, PlanCosts? costs = null) =>
        ClassSplit.Apply(Catalogs.Of(unit, _short), settings ?? Settings, timings ?? Timings(), costs ?? PlanCosts.For(4, 4, known: 1, HostStarts.DirectAndWarm));

    private TimingStore Timings()
    {
        var timings = TimingStore.Empty;
        timings.Learn(Catalogs.Of(_long, _short), _long.Entries.Concat(_short.Entries).Select(entry => Result(entry, 1)), complete: true);
        return timings;
    }

    private static TestRecord Result(TestEntry entry, double seconds) => new()
    {
        Id = entry.Key,
        Assembly = entry.Assembly,
        CaseId = entry.Id,
        ClassName = entry.ClassName,
        MethodName = entry.MethodName,
        Name = entry.MethodName,
        Attempts = [new TestAttempt { Outcome = TestOutcome.Passed, Worker = 0, Batch = 1, Number = 1, Duration = TimeSpan.FromSeconds(seconds) }],
    };
}
