using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Scheduling.Sharding;
using CsCheck;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling.Sharding;

public sealed class ShardPlannerTests : IDisposable
{
    private static readonly ConcurrentTestSettings Settings = new() { Database = DatabaseEngine.Sqlite, Workers = 2 };
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void The_parts_together_are_all_tests_each_once_and_what_is_tied_is_in_one_part() =>
        Gen.Select(Gen.Int[0, 4].Array[0, 30], Gen.Int[1, 9], Gen.Bool, Gen.Bool).Sample((shapes, parts, withDatabases, byTimings) =>
        {
            var catalog = CatalogOf(shapes);
            var settings = Settings with { ShardCount = parts, Database = withDatabases ? DatabaseEngine.Sqlite : DatabaseEngine.None };
            var plan = byTimings ? ShardPlanner.ByTimings(catalog, settings, TimingStore.Empty, "a") : ShardPlanner.ByHash(catalog, settings, parts);

            var selected = Enumerable.Range(1, parts).Select(part => ShardSelection.Select(catalog, plan, new Shard(part, parts), new Redactor())).ToList();

            plan.Parts.Length.ShouldBe(parts);
            selected.SelectMany(part => part.Units).ShouldBe(catalog.Units, ignoreOrder: true);
            selected.SelectMany(part => part.Explicit).ShouldBe(catalog.Explicit, ignoreOrder: true);
            foreach (var tied in UnitGrouping.Apply(catalog, settings, TimingStore.Empty).Units)
                selected.Count(part => part.Units.SelectMany(unit => unit.Entries).Intersect(tied.Entries).Any()).ShouldBe(1, tied.Name);
        });

    [Fact]
    public void Every_machine_makes_the_same_parts_in_whatever_order_it_discovers_and_whatever_durations_it_remembers() =>
        Gen.Select(Gen.Int[0, 4].Array[0, 30], Gen.Int[1, 9], Gen.Int[0, 1000]).Sample((shapes, parts, seed) =>
        {
            var catalog = CatalogOf(shapes);
            var random = new Random(seed);
            var shuffled = catalog with { Units = [.. catalog.Units.OrderBy(_ => random.Next())], Explicit = [.. catalog.Explicit.Reverse()] };

            ShardPlanFile.Write(ShardPlanner.ByHash(shuffled, Settings, parts)).ShouldBe(ShardPlanFile.Write(ShardPlanner.ByHash(catalog, Settings, parts)));
        });

    [Fact]
    public void Adding_a_class_moves_no_other()
    {
        var before = ShardPlanner.ByHash(CatalogOf(Enumerable.Repeat(1, 20)), Settings, 4);
        var after = ShardPlanner.ByHash(CatalogOf(Enumerable.Repeat(1, 21)), Settings, 4);

        foreach (var part in before.Parts)
            part.Classes.Select(type => type.Class).ShouldBeSubsetOf(after.Parts[part.Part - 1].Classes.Select(type => type.Class));
        before.Parts.ShouldAllBe(part => part.Classes.Length > 0, "twenty classes are spread over four parts");
    }

    [Fact]
    public void Two_assemblies_of_one_name_stay_together_because_a_plan_cannot_tell_them_apart()
    {
        var one = Catalogs.Assembly();
        var other = one with { Path = "/elsewhere/Shop.Tests.dll" };
        var catalog = Catalogs.Of([.. Enumerable.Range(0, 20).Select(index => Catalogs.Unit(index % 2 == 0 ? one : other, $"Shop.Class{index / 2}", 1))]);

        ShardPlanner.ByHash(catalog, Settings, 3).Parts.Count(part => part.Classes.Length > 0).ShouldBe(1);
    }

    [Fact]
    public async Task A_plan_takes_as_few_machines_as_the_target_needs_and_fills_them_longest_first()
    {
        // 60 s of tests on two workers each: three machines for about 10 s.
        var timings = await Timings((0, 8), (1, 8), (2, 8), (3, 8), (4, 8), (5, 8), (6, 6), (7, 6));

        var plan = Plan(8, timings, TimeSpan.FromSeconds(11.5));

        plan.Parts.Length.ShouldBe(3);
        plan.Parts.ShouldAllBe(part => part.Seconds <= 11.5);
        foreach (var part in plan.Parts)
            part.Classes.Select(type => type.Seconds).ShouldBeInOrder(SortDirection.Descending);
        Plan(8, timings, TimeSpan.FromSeconds(31)).Parts.Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_plan_says_how_many_of_its_tests_have_recorded_durations()
    {
        var timings = await Timings((0, 8));

        Plan(4, timings, TimeSpan.FromSeconds(9)).Known.ShouldBe(0.25);
        ShardPlanner.ByHash(Catalogs.Of(4, 1), Settings, 2).Known.ShouldBeNull();
    }

    [Fact]
    public async Task What_cannot_be_divided_does_not_ask_for_more_machines_than_it_can_use()
    {
        var timings = await Timings((0, 60), (1, 1), (2, 1));

        Plan(3, timings, TimeSpan.FromSeconds(5)).Parts.Length.ShouldBe(1, "the one test of 60 s leaves room for all others beside it");
    }

    [Fact]
    public async Task The_same_durations_give_the_same_plan_and_other_ones_another_id_or_not()
    {
        var timings = await Timings((0, 8), (1, 8), (2, 8), (3, 8));

        ShardPlanFile.HashOf(Plan(4, timings, TimeSpan.FromSeconds(9))).ShouldBe(ShardPlanFile.HashOf(Plan(4, timings, TimeSpan.FromSeconds(9))));
        ShardPlanFile.HashOf(Plan(4, timings, TimeSpan.FromSeconds(9)) with { Id = "later" }).ShouldNotBe(ShardPlanFile.HashOf(Plan(4, timings, TimeSpan.FromSeconds(9))));
    }

    private static ShardPlan Plan(int classes, TimingStore timings, TimeSpan target) =>
        ShardPlanner.ByTimings(Catalogs.Of(classes, 1), Settings with { ShardTarget = target }, timings, "id");

    private async Task<TimingStore> Timings(params (int Class, double Seconds)[] durations)
    {
        var tests = string.Join(',', durations.Select(test => FormattableString.Invariant($"\"Shop.Tests.Class{test.Class}.Test0\": {test.Seconds}")));
        await File.WriteAllTextAsync(_file, $"{{{tests}}}", TestContext.Current.CancellationToken);
        return await TimingStore.LoadAsync(_file, message => throw new InvalidOperationException(message), TestContext.Current.CancellationToken);
    }

    // 0: a plain class, 1: with two tests of one name, 2: of a collection, 3: tied by an order, 4: with an explicit test, every second of them with nothing else.
    private static TestCatalog CatalogOf(IEnumerable<int> shapes)
    {
        var assemblies = new[] { Catalogs.Assembly(), Catalogs.Assembly("Other.Tests") };
        var units = ImmutableArray.CreateBuilder<TestUnit>();
        var explicitOnes = ImmutableArray.CreateBuilder<TestEntry>();
        foreach (var (index, shape) in shapes.Index())
        {
            var assembly = assemblies[index % 3 == 0 ? 1 : 0];
            var unit = Catalogs.Unit(assembly, $"Shop.Class{index}", 2);
            if (shape == 4)
                explicitOnes.Add(Catalogs.Entry(assembly, unit.Name, "Explicit"));
            if (shape != 4 || index % 2 == 0)
                units.Add(Shaped(unit, shape, index));
        }

        return new TestCatalog([.. assemblies], units.ToImmutable(), explicitOnes.ToImmutable());
    }

    private static TestUnit Shaped(TestUnit unit, int shape, int index) => shape switch
    {
        1 => unit with { Entries = [.. unit.Entries, Catalogs.Entry(unit.Assembly, unit.Name, "Twice", cases: 2)] },
        2 => unit with { SetUps = [new SharedSetUp("collection Database", "Database")] },
        3 => unit with { Ties = [new Tie($"order {index % 4}", "[Order]")] },
        _ => unit,
    };
}
