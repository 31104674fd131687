using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

public sealed class UnitGroupingTests : IDisposable
{
    private static readonly SharedSetUp Database = new("collection Database", "Database");
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public void Classes_of_a_collection_are_units_of_their_own_where_workers_have_databases() =>
        NamesOf(Group(InDatabase("Shop.A"), InDatabase("Shop.B"), Plain("Shop.C"))).ShouldBe(["Shop.A", "Shop.B", "Shop.C"]);

    [Fact]
    public void Without_databases_a_collection_stays_together()
    {
        var units = Group(settings => settings with { Database = DatabaseEngine.None }, InDatabase("Shop.A"), Plain("Shop.C"), InDatabase("Shop.B")).Units;

        units.Select(unit => unit.Name).ShouldBe(["collection Database", "Shop.C"]);
        units[0].Entries.Select(entry => entry.ClassName).Distinct().ShouldBe(["Shop.A", "Shop.B"]);
        units[0].Ties.ShouldHaveSingleItem().Cause.ShouldContain("no databases of their own");
    }

    [Theory]
    [InlineData(TestGranularity.Class, DatabaseEngine.None, 2)]
    [InlineData(TestGranularity.Collection, DatabaseEngine.Sqlite, 1)]
    public void The_granularity_decides_by_hand(TestGranularity granularity, DatabaseEngine database, int units) =>
        Group(settings => settings with { Granularity = granularity, Database = database }, InDatabase("Shop.A"), InDatabase("Shop.B")).Units.Length.ShouldBe(units);

    [Fact]
    public async Task A_suite_that_did_not_use_its_databases_keeps_its_collections_together()
    {
        await File.WriteAllTextAsync(_file, """{"version":1,"tests":{},"assemblies":{"Shop.Tests (net10.0)":{"databaseUnused":true}}}""", TestContext.Current.CancellationToken);
        var timings = await TimingStore.LoadAsync(_file, message => throw new InvalidOperationException(message), TestContext.Current.CancellationToken);
        var other = InDatabase("Other.A", "Other.Tests");

        var units = UnitGrouping.Apply(Catalogs.Of(InDatabase("Shop.A"), InDatabase("Shop.B"), other, InDatabase("Other.B", "Other.Tests")), Settings, timings).Units;

        units.Select(unit => unit.Name).ShouldBe(["collection Database", "Other.A", "Other.B"]);
    }

    [Fact]
    public void What_one_process_sets_up_once_is_no_reason_to_stay_together_without_databases()
    {
        var assembly = new SharedSetUp("[AssemblyInitialize]", "Shop.Tests") { IsBond = false };

        Group(settings => settings with { Database = DatabaseEngine.None }, Plain("Shop.A", assembly), Plain("Shop.B", assembly)).Units.Length.ShouldBe(2);
    }

    [Fact]
    public void An_order_and_a_mark_keep_classes_together_whatever_the_granularity()
    {
        var ordered = new Tie("ordered fixtures of Shop", "[Order]");
        var marked = TogetherMark.ToTie("Together:Ports");

        NamesOf(Group(
            settings => settings with { Granularity = TestGranularity.Class },
            Tied("Shop.A", ordered), Tied("Shop.B", ordered), Tied("Shop.C", marked), Plain("Shop.D"), Tied("Shop.E", marked)))
            .ShouldBe(["ordered fixtures of Shop", "classes marked Together:Ports", "Shop.D"]);
    }

    [Fact]
    public void Classes_that_are_tied_through_others_are_one_unit()
    {
        var first = new Tie("first", "test");
        var second = new Tie("second", "test");

        var unit = Group(Tied("Shop.A", first), Tied("Shop.B", second), Tied("Shop.C", first, second)).Units.ShouldHaveSingleItem();

        unit.Entries.Select(entry => entry.ClassName).Distinct().ShouldBe(["Shop.A", "Shop.B", "Shop.C"]);
    }

    [Theory]
    [InlineData("Database", "collection Database", "Shop.C", "Shop.Deep.D")]
    [InlineData("database", "collection Database", "Shop.C", "Shop.Deep.D")]
    [InlineData("Shop", "namespace Shop")]
    [InlineData("Shop.Deep", "Shop.A", "Shop.B", "Shop.C", "namespace Shop.Deep")]
    [InlineData("Shop.Tests", "assembly")]
    [InlineData("C", "Shop.A", "Shop.B", "classes named by --test-together", "Shop.Deep.D")]
    public void The_user_may_name_a_collection_a_class_a_namespace_or_an_assembly(string name, params string[] units) =>
        NamesOf(Group(settings => settings with { Together = [name] }, InDatabase("Shop.A"), InDatabase("Shop.B"), Plain("Shop.C"), Plain("Shop.Deep.D"))).ShouldBe(units);

    [Fact]
    public void A_name_that_is_not_there_ends_the_run_with_the_nearest()
    {
        var exception = Should.Throw<ConcurrentTestException>(() => Group(settings => settings with { Together = ["Databse"] }, InDatabase("Shop.A")));

        exception.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        exception.Message.ShouldBe("--test-together Databse: no collection, class or namespace of the tests has this name; did you mean Database?");
    }

    public void Dispose() => File.Delete(_file);

    private static ConcurrentTestSettings Settings => new() { Database = DatabaseEngine.Sqlite };

    private static TestCatalog Group(params TestUnit[] units) => Group(settings => settings, units);

    private static TestCatalog Group(Func<ConcurrentTestSettings, ConcurrentTestSettings> change, params TestUnit[] units) => UnitGrouping.Apply(
        Catalogs.Of(units) with { Names = units.SelectMany(TogetherNames.Of).ToImmutableHashSet(StringComparer.OrdinalIgnoreCase) }, change(Settings), TimingStore.Empty);

    private static IEnumerable<string> NamesOf(TestCatalog catalog) => catalog.Units.Select(unit => unit.Name);

    private static TestUnit InDatabase(string className, string assembly = "Shop.Tests") => Catalogs.Unit(Catalogs.Assembly(assembly), className, 2) with { SetUps = [Database] };

    private static TestUnit Plain(string className, params SharedSetUp[] setUps) => Catalogs.Unit(Catalogs.Assembly(), className, 2) with { SetUps = [.. setUps] };

    private static TestUnit Tied(string className, params Tie[] ties) => Plain(className) with { Ties = [.. ties] };
}
