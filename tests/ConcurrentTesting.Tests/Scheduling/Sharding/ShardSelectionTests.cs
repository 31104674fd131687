using System.Text;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling.Sharding;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling.Sharding;

public class ShardSelectionTests
{
    private static readonly ConcurrentTestSettings Settings = new() { Database = DatabaseEngine.Sqlite };

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_plan_without_secrets_is_taken_by_machines_that_know_them_and_by_those_that_do_not(bool plannerKnows, bool machineKnows)
    {
        const string Secret = "s3cret-Qz8-plan";
        var (planner, machine) = (Knowing(plannerKnows), Knowing(machineKnows));
        var assembly = Catalogs.Assembly();
        var entry = Catalogs.Entry(assembly, "Shop.A", $"Opens({Secret})");
        var catalog = Catalogs.Of(new TestUnit("Shop.A", assembly, [entry, Catalogs.Entry(assembly, "Shop.A", "Closes")]), Catalogs.Unit(assembly, "Shop.B", 2));

        var plan = ShardPlanFile.Parse(ShardPlanFile.Write(ShardPlanner.ByHash(catalog, Settings, 2).Without(planner)));

        Encoding.UTF8.GetString(ShardPlanFile.Write(plan)).Contains(Secret).ShouldBe(!plannerKnows);
        Enumerable.Range(1, 2).Sum(part => ShardSelection.Select(catalog, plan, new Shard(part, 2), machine).CaseCount).ShouldBe(4);
        ShardSelection.Difference(plan, Catalogs.Of(Catalogs.Unit(assembly, "Shop.B", 2)), machine).ShouldNotBeNull().ShouldNotContain(plannerKnows || machineKnows ? Secret : "?");

        static Redactor Knowing(bool knows)
        {
            var redactor = new Redactor();
            redactor.Register(knows ? Secret : null);
            return redactor;
        }
    }

    [Fact]
    public void Other_tests_than_the_plan_has_end_the_run_and_are_named()
    {
        var plan = ShardPlanner.ByHash(Catalogs.Of(3, 2), Settings, 2);
        var found = Catalogs.Of(Catalogs.Unit(Catalogs.Assembly(), "Shop.Tests.Class0", 2), Catalogs.Unit(Catalogs.Assembly(), "Shop.Tests.Class1", 3));

        var exception = Should.Throw<ConcurrentTestException>(() => ShardSelection.Select(found, plan, new Shard(1, 2), new Redactor()));

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

        ShardSelection.Difference(ShardPlanner.ByHash(once, Settings, 1), twice, new Redactor()).ShouldBe("1 found here and not in the plan (Shop.Tests (net10.0)/Shop.A.Test0)");
    }

    [Fact]
    public void A_test_that_became_explicit_is_a_difference()
    {
        var assembly = Catalogs.Assembly();
        var catalog = Catalogs.Of(Catalogs.Unit(assembly, "Shop.A", 1));
        var explicitly = catalog with { Units = [], Explicit = catalog.Units[0].Entries };

        ShardSelection.Difference(ShardPlanner.ByHash(catalog, Settings, 1), explicitly, new Redactor()).ShouldNotBeNull();
    }

    [Fact]
    public void Many_differences_are_counted_and_some_of_them_named()
    {
        var difference = ShardSelection.Difference(ShardPlanner.ByHash(Catalogs.Of(20, 5), Settings, 2), Catalogs.Of(1, 5), new Redactor()).ShouldNotBeNull();

        difference.ShouldStartWith("95 in the plan and not found here");
        difference.ShouldEndWith(", …)");
        difference.Split(',').Length.ShouldBe(6);
    }
}
