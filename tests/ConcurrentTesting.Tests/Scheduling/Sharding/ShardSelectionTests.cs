using ConcurrentTesting.Scheduling.Sharding;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling.Sharding;

public class ShardSelectionTests
{
    private static readonly ConcurrentTestSettings Settings = new() { Database = DatabaseEngine.Sqlite };

    [Fact]
    public void Other_tests_than_the_plan_has_end_the_run_and_are_named()
    {
        var plan = ShardPlanner.ByHash(Catalogs.Of(3, 2), Settings, 2);
        var found = Catalogs.Of(Catalogs.Unit(Catalogs.Assembly(), "Shop.Tests.Class0", 2), Catalogs.Unit(Catalogs.Assembly(), "Shop.Tests.Class1", 3));

        var exception = Should.Throw<ConcurrentTestException>(() => ShardSelection.Select(found, plan, new Shard(1, 2)));

        exception.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        exception.Message.ShouldContain("1 found here and not in the plan (Shop.Tests (net10.0)/Shop.Tests.Class1.Test2)");
        exception.Message.ShouldContain("2 in the plan and not found here (Shop.Tests (net10.0)/Shop.Tests.Class2.Test0, Shop.Tests (net10.0)/Shop.Tests.Class2.Test1)");
    }

    [Fact]
    public void A_test_that_is_there_once_more_is_a_difference()
    {
        var assembly = Catalogs.Assembly();
        var once = Catalogs.Of(Catalogs.Unit(assembly, "Shop.A", 1));
        var twice = Catalogs.Of(Catalogs.Unit(assembly, "Shop.A", 0) with { Entries = [Catalogs.Entry(assembly, "Shop.A", "Test0", cases: 2)] });

        ShardSelection.Difference(ShardPlanner.ByHash(once, Settings, 1), twice).ShouldBe("1 found here and not in the plan (Shop.Tests (net10.0)/Shop.A.Test0)");
    }

    [Fact]
    public void A_test_that_became_explicit_is_a_difference()
    {
        var assembly = Catalogs.Assembly();
        var catalog = Catalogs.Of(Catalogs.Unit(assembly, "Shop.A", 1));
        var explicitly = catalog with { Units = [], Explicit = catalog.Units[0].Entries };

        ShardSelection.Difference(ShardPlanner.ByHash(catalog, Settings, 1), explicitly).ShouldNotBeNull();
    }

    [Fact]
    public void Many_differences_are_counted_and_some_of_them_named()
    {
        var difference = ShardSelection.Difference(ShardPlanner.ByHash(Catalogs.Of(20, 5), Settings, 2), Catalogs.Of(1, 5)).ShouldNotBeNull();

        difference.ShouldStartWith("95 in the plan and not found here");
        difference.ShouldEndWith(", …)");
        difference.Split(',').Length.ShouldBe(6);
    }
}
