using ConcurrentTesting.Catalog;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

/// <summary>What begins before all tests are known, and what of it is held to be right.</summary>
public sealed class EarlyChoiceTests
{
    private static readonly TestAssembly Shop = Catalogs.Assembly();
    private static readonly TestAssembly Other = Catalogs.Assembly("Other.Tests");

    [Fact]
    public void Nothing_begins_that_something_which_is_to_come_may_be_longer_than()
    {
        Chosen([Planned("A", 5), Planned("B", 3)], [("Other.Tests (net10.0)/C", 4)]).ShouldBe(["A"]);
        Chosen([Planned("A", 5), Planned("B", 3)], [("Other.Tests (net10.0)/C", 6)]).ShouldBeEmpty();
    }

    [Fact]
    public void Classes_that_may_begin_themselves_are_not_to_come() =>
        Chosen([Planned("B", 3), Planned("A", 5)], [("Shop.Tests (net10.0)/A", 5), ("Shop.Tests (net10.0)/B", 3), ("Shop.Tests (net10.0)/D", 1)]).ShouldBe(["A", "B"]);

    [Fact]
    public void No_more_begin_than_may()
    {
        EarlyChoice.Of([Planned("A", 5), Planned("B", 3)], [], [], most: 1).Select(unit => unit.Unit.Name).ShouldBe(["A"]);
        EarlyChoice.Of([Planned("B", 3)], [], [Catalogs.Unit(Shop, "A", 1)], most: 1).ShouldBeEmpty();
    }

    [Fact]
    public void Test_that_is_discovered_as_it_began_is_expected_also_beside_new_ones()
    {
        var begun = Catalogs.Unit(Shop, "A", 2);

        EarlyChoice.FindUnexpected(begun.Entries, Catalogs.Of(Catalogs.Unit(Shop, "A", 3), Catalogs.Unit(Other, "B", 1))).ShouldBeNull();
    }

    [Fact]
    public void Test_that_is_not_discovered_or_is_another_is_unexpected()
    {
        var entry = Catalogs.Entry(Shop, "A", "Test0");

        Unexpected(entry, entry with { DisplayName = "A.Renamed" }).ShouldBe(entry);
        Unexpected(entry, entry with { CaseCount = 2 }).ShouldBe(entry);
        Unexpected(entry, entry with { HasKnownRows = false }).ShouldBe(entry);
        Unexpected(entry, entry with { IsExplicit = true }).ShouldBe(entry);
        Unexpected(entry, entry with { ClassName = "B" }).ShouldBe(entry);
        Unexpected(entry, entry with { MethodName = "Other" }).ShouldBe(entry);
        Unexpected(entry, entry with { FullyQualifiedName = "A.Other" }).ShouldBe(entry);
        Unexpected(entry, entry with { Marks = ["Exclusive"] }).ShouldBe(entry);
        Unexpected(entry, entry with { Assembly = Other }).ShouldBe(entry);
        Unexpected(entry, entry with { Line = 7 }).ShouldBeNull();
    }

    [Fact]
    public void Class_that_is_tied_to_others_does_not_begin_before_they_are_known()
    {
        var unit = Catalogs.Unit(Shop, "A", 2);

        EarlyChoice.StandsAlone(unit).ShouldBeTrue();
        EarlyChoice.StandsAlone(unit with { Ties = [new Tie("A", "its tests have an order")] }).ShouldBeTrue();
        EarlyChoice.StandsAlone(unit with { Ties = [new Tie("Shop", "its classes have an order")] }).ShouldBeFalse();
    }

    private static TestEntry? Unexpected(TestEntry begun, TestEntry discovered) =>
        EarlyChoice.FindUnexpected([begun], Catalogs.Of(new TestUnit("A", Shop, [discovered])));

    private static PlannedUnit Planned(string name, double seconds) => new(Catalogs.Unit(Shop, name, 1), seconds, FailedLast: false);

    private static IEnumerable<string> Chosen(PlannedUnit[] candidates, (string Key, double Seconds)[] open) =>
        EarlyChoice.Of(candidates, open.Select(type => KeyValuePair.Create(type.Key, type.Seconds)), [], most: 2).Select(unit => unit.Unit.Name);
}
