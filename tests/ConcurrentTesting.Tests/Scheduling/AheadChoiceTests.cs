using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

/// <summary>For what test hosts are started before there is a plan.</summary>
public sealed class AheadChoiceTests
{
    private static readonly TestAssembly Shop = Catalogs.Assembly();
    private static readonly TestAssembly Other = Catalogs.Assembly("Other.Tests");

    [Fact]
    public void Longest_classes_say_which_assemblies_come_first() =>
        Chosen([(Shop, 3), (Other, 5), (Shop, 2), (Other, 1)], start: 0.5, most: 3).ShouldBe([Other, Shop, Shop]);

    [Fact]
    public void No_more_begin_than_may() => Chosen([(Shop, 3), (Shop, 3), (Shop, 3)], start: 0.5, most: 2).ShouldBe([Shop, Shop]);

    [Fact]
    public void One_begins_however_little_there_is_to_do_and_further_ones_where_more_is_left_than_a_start_takes()
    {
        Chosen([(Shop, 0.01)], start: 0.5, most: 2).ShouldBe([Shop]);
        Chosen([(Shop, 5), (Other, 0.4)], start: 0.5, most: 2).ShouldBe([Shop]);
        Chosen([(Shop, 5), (Other, 0.6)], start: 0.5, most: 2).ShouldBe([Shop, Other]);
    }

    [Fact]
    public void Start_that_nobody_has_measured_takes_a_second()
    {
        Chosen([(Shop, 5), (Other, 0.9)], start: null, most: 2).ShouldBe([Shop]);
        Chosen([(Shop, 5), (Other, 1.1)], start: null, most: 2).ShouldBe([Shop, Other]);
    }

    [Fact]
    public void Nothing_begins_of_which_nothing_is_known() => Chosen([], start: 0.5, most: 2).ShouldBeEmpty();

    private static ImmutableArray<TestAssembly> Chosen((TestAssembly Assembly, double Seconds)[] classes, double? start, int most) =>
        AheadChoice.Of(classes, start, most);
}
