using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

public sealed class PlannerTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(8, 60, 5)]
    [InlineData(64, 3, 1)]
    [InlineData(3, 200, 11)]
    public void Every_entry_is_planned_exactly_once(int workers, int classes, int tests)
    {
        var catalog = Catalogs.Of(classes, tests, "A.Tests", "B.Tests", "C.Tests");

        var plan = Planner.Plan(catalog, TimingStore.Empty, workers, seed: 1, cores: 2);

        ShouldPlanOnce(plan, catalog);
        plan.Seeds.Length.ShouldBe(workers);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(8, 60, 5)]
    [InlineData(64, 3, 1)]
    [InlineData(3, 200, 11)]
    public async Task With_timings_too_every_entry_is_planned_exactly_once(int workers, int classes, int tests)
    {
        var random = new Random(classes);
        var catalog = Catalogs.Of([.. Catalogs.Of(classes, tests, "A.Tests", "B.Tests", "C.Tests").Units
            .Select(unit => unit with { SetUps = random.Next(3) == 0 ? [new SharedSetUp("collection Database", "Database")] : [] })]);
        var timings = await TimingsOf(catalog, _ => 5 * Math.Pow(random.NextDouble(), 4));

        foreach (var hosts in Enum.GetValues<HostStarts>())
        {
            var plan = Planner.Plan(catalog, timings, workers, seed: 1, cores: 2, hosts);

            ShouldPlanOnce(plan, catalog);
            plan.Seeds.Length.ShouldBe(workers);
        }
    }

    [Fact]
    public async Task Equal_classes_of_a_shared_set_up_are_all_handed_out_so_that_none_sets_up_again()
    {
        var (catalog, timings) = await SharedAsync(classes: 16, seconds: 2.5, setUp: 0.5);

        var plan = Planner.Plan(catalog, timings, 8, seed: 1, cores: 2, HostStarts.Direct);

        plan.Tail.ShouldBeEmpty();
        plan.Seeds.ShouldAllBe(seed => seed.Single().Entries.Length == 2);
    }

    [Fact]
    public async Task A_worker_whose_host_starts_later_gets_less_so_that_all_end_together()
    {
        var (catalog, timings) = await SharedAsync(classes: 64, seconds: 0.6, setUp: 0.2);

        var plan = Planner.Plan(catalog, timings, 8, seed: 1, cores: 2, HostStarts.Direct);

        // Two hosts start at a time and take 0.8 s each.
        var ends = plan.Seeds.Select((seed, worker) => seed.Sum(batch => batch.Seconds) + (0.8 * (worker / 2))).ToList();
        (ends.Max() - ends.Min()).ShouldBeLessThanOrEqualTo(0.61, string.Join(' ', ends));
        plan.Seeds[0].Single().Entries.Length.ShouldBeGreaterThan(plan.Seeds[7].Single().Entries.Length);
    }

    [Fact]
    public async Task As_many_workers_begin_as_pay_for_their_hosts()
    {
        var catalog = Catalogs.Of(16, 1);

        var much = Planner.Plan(catalog, await TimingsOf(catalog, _ => 2.5), 8, seed: 1, cores: 2, HostStarts.DirectAndWarm);
        var little = Planner.Plan(catalog, await TimingsOf(catalog, _ => 0.05), 8, seed: 1, cores: 2, HostStarts.ByConsole);

        much.UsedWorkers.ShouldBe(8);
        little.UsedWorkers.ShouldBe(1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    public void A_batch_holds_no_more_cases_than_a_request_can_bear(int workers)
    {
        var big = Catalogs.Unit(Catalogs.Assembly(), "Shop.Big", BatchOf.MostCases + 1);
        var catalog = Catalogs.Of([big, .. Enumerable.Range(0, 100).Select(index => Catalogs.Unit(Catalogs.Assembly(), $"Shop.Class{index}", 150))]);

        var plan = Planner.Plan(catalog, TimingStore.Empty, workers, seed: 1, cores: 2);

        plan.Batches.Where(batch => batch.CaseCount > BatchOf.MostCases).ShouldAllBe(batch => batch.Entries.Length == big.Entries.Length);
        ShouldPlanOnce(plan, catalog);
    }

    [Fact]
    public void A_batch_holds_tests_of_one_assembly_and_whole_units()
    {
        var catalog = Catalogs.Of(40, 5, "A.Tests", "B.Tests");

        var plan = Planner.Plan(catalog, TimingStore.Empty, 8, seed: 1, cores: 2);

        foreach (var batch in plan.Batches)
        {
            batch.Entries.ShouldAllBe(entry => entry.Assembly == batch.Assembly);
            foreach (var group in batch.Entries.GroupBy(entry => entry.ClassName))
                group.Count().ShouldBe(5);
        }
    }

    [Fact]
    public async Task The_same_catalog_timings_and_seed_give_the_same_plan_and_another_seed_another()
    {
        var catalog = Catalogs.Of(50, 3, "A.Tests", "B.Tests");
        var timings = await TimingsOf(catalog, entry => 1 + (entry.ClassName.Length % 3));

        Describe(Planner.Plan(catalog, timings, 8, 7, 2)).ShouldBe(Describe(Planner.Plan(catalog, timings, 8, 7, 2)));
        Describe(Planner.Plan(catalog, timings, 8, 7, 2)).ShouldNotBe(Describe(Planner.Plan(catalog, timings, 8, 8, 2)));
    }

    [Fact]
    public async Task The_longest_unit_begins_first_and_the_work_is_balanced()
    {
        var catalog = Catalogs.Of(64, 1);
        var timings = await TimingsOf(catalog, entry => entry.ClassName.EndsWith("Class13", StringComparison.Ordinal) ? 30 : 4);

        var plan = Planner.Plan(catalog, timings, 4, 1, cores: 4);

        plan.Seeds.ShouldContain(seed => seed[0].Entries[0].ClassName.EndsWith("Class13", StringComparison.Ordinal));
        var seeds = plan.Seeds.Select(seed => seed.Sum(batch => batch.Seconds)).ToArray();
        (seeds.Max() - seeds.Min()).ShouldBeLessThan(5);
        plan.Tail.Sum(batch => batch.Seconds).ShouldBeInRange(0.15 * plan.Seconds, 0.35 * plan.Seconds);
        plan.Tail.Select(batch => batch.Seconds).ShouldBeInOrder(SortDirection.Descending);
    }

    [Fact]
    public async Task A_worker_gets_few_assemblies()
    {
        var catalog = Catalogs.Of(40, 1, "A.Tests", "B.Tests", "C.Tests", "D.Tests");
        var timings = await TimingsOf(catalog, _ => 0.5);

        var plan = Planner.Plan(catalog, timings, 8, 1, cores: 2);

        plan.Seeds.Average(seed => seed.Length).ShouldBeLessThanOrEqualTo(2.5);
    }

    [Fact]
    public async Task Work_for_one_worker_keeps_the_others_at_home()
    {
        var catalog = Catalogs.Of(10, 3);
        var timings = await TimingsOf(catalog, _ => 0.01);

        Planner.Plan(catalog, timings, 8, 1, cores: 2).UsedWorkers.ShouldBe(1);
    }

    [Fact]
    public async Task Unknown_tests_get_the_mean_of_their_class_else_of_all()
    {
        var assembly = Catalogs.Assembly();
        var catalog = Catalogs.Of(Catalogs.Unit(assembly, "Slow", 3), Catalogs.Unit(assembly, "Fast", 2), Catalogs.Unit(assembly, "New", 1));
        var timings = await Timings($$"""
            {"version":1,"tests":{
              "{{assembly.Source}}/Slow.Test0":{"seconds":4,"samples":2},
              "{{assembly.Source}}/Slow.Test1":{"seconds":2,"samples":2},
              "{{assembly.Source}}/Fast.Test0":{"seconds":0.3,"samples":9} } }
            """);

        var predictions = Predictor.Predict(catalog.Entries(), timings, out var known);

        known.ShouldBe(3);
        predictions[catalog.Units[0].Entries[2]].ShouldBe(3);
        predictions[catalog.Units[1].Entries[1]].ShouldBe(0.3);
        predictions[catalog.Units[2].Entries[0]].ShouldBe(2.1, 0.001);
    }

    [Fact]
    public async Task What_failed_last_time_comes_first_in_its_batch()
    {
        var assembly = Catalogs.Assembly();
        var catalog = Catalogs.Of(Catalogs.Unit(assembly, "Long", 1), Catalogs.Unit(assembly, "Broken", 1));
        var timings = await Timings($$"""
            {"version":1,"tests":{
              "{{assembly.Source}}/Long.Test0":{"seconds":9,"samples":1,"lastOutcome":"Passed"},
              "{{assembly.Source}}/Broken.Test0":{"seconds":1,"samples":1,"lastOutcome":"Failed"} } }
            """);

        var plan = Planner.Plan(catalog, timings, 1, 1, 2);

        plan.Seeds[0][0].Entries.Select(entry => entry.ClassName).ShouldBe(["Broken", "Long"]);
    }

    [Theory]
    [InlineData(16, 16)]
    [InlineData(6, 2)]
    [InlineData(3, 8)]
    [InlineData(500, 8)]
    public void First_run_without_timings_uses_all_workers(int classes, int workers)
    {
        var plan = Planner.Plan(Catalogs.Of(classes, 1), TimingStore.Empty, workers, seed: 1, cores: 2);

        plan.UsedWorkers.ShouldBe(Math.Min(classes, workers));
    }

    [Theory]
    [InlineData(100, 3, 8)]
    [InlineData(40, 10, 2)]
    [InlineData(7, 1, 4)]
    public void No_batch_of_a_first_run_holds_more_than_its_part_of_the_tests(int classes, int tests, int workers)
    {
        var catalog = Catalogs.Of(classes, tests, "A.Tests", "B.Tests");

        var plan = Planner.Plan(catalog, TimingStore.Empty, workers, seed: 1, cores: 2);

        var most = Math.Max(tests, catalog.CaseCount / (4.0 * workers));
        plan.Batches.ShouldAllBe(batch => batch.CaseCount <= most);
        plan.Seeds.ShouldAllBe(seed => seed.Length <= 1);
        ShouldPlanOnce(plan, catalog);
    }

    [Fact]
    public async Task A_new_assembly_is_shared_out_beside_known_ones()
    {
        var catalog = Catalogs.Of(16, 1, "A.Tests", "New.Tests");
        var timings = await TimingsOf(Catalogs.Of([.. catalog.Units.Where(unit => unit.Assembly.Name == "A.Tests")]), _ => 2);

        var plan = Planner.Plan(catalog, timings, 4, seed: 1, cores: 4);

        plan.Batches.Where(batch => batch.Assembly.Name == "New.Tests").ShouldAllBe(batch => batch.CaseCount == 1);
    }

    [Theory]
    [InlineData(0.5, 8)]
    [InlineData(2, 8)]
    public async Task A_cheap_set_up_gives_all_workers_work(double setUp, int workers)
    {
        var (catalog, timings) = await SharedAsync(classes: 32, seconds: 2, setUp);

        var plan = Planner.Plan(catalog, timings, workers, seed: 1, cores: 8);

        plan.Batches.Count().ShouldBeGreaterThanOrEqualTo(workers);
        plan.Batches.Max(batch => batch.Seconds).ShouldBeLessThan(2 * plan.Seconds / workers);
    }

    [Fact]
    public async Task A_set_up_that_costs_more_than_spreading_saves_keeps_its_classes_together()
    {
        var (catalog, _) = await SharedAsync(classes: 8, seconds: 1, setUp: 20);
        var other = Catalogs.Of(40, 1, "Other.Tests");
        catalog = Catalogs.Of([.. catalog.Units, .. other.Units]);
        var timings = await Timings(TimingsJson(catalog, entry => entry.Assembly.Name == "Other.Tests" ? 8 : 1, ("Shop.Tests", 20)));

        var plan = Planner.Plan(catalog, timings, 8, seed: 1, cores: 8);

        plan.Batches.Count(batch => batch.Assembly.Name == "Shop.Tests").ShouldBe(1);
    }

    [Fact]
    public async Task A_worker_sets_up_once_for_all_classes_that_it_begins_with()
    {
        var (catalog, timings) = await SharedAsync(classes: 64, seconds: 1, setUp: 3);

        var plan = Planner.Plan(catalog, timings, 4, seed: 1, cores: 4);

        plan.Seeds.ShouldAllBe(seed => seed.Length == 1);
        plan.Tail.ShouldAllBe(batch => batch.Seconds >= 3);
        ShouldPlanOnce(plan, catalog);
    }

    [Theory]
    [InlineData(false, 20_000, 2, 2)]
    [InlineData(true, 20_000, 2, 2)]
    [InlineData(false, 20_000, 8, 8)]
    [InlineData(false, 500, 2, 9)]
    public async Task Assembly_that_every_batch_explores_for_long_gets_one_batch_a_worker(bool isKnown, int discovered, int workers, int batches)
    {
        var assembly = Catalogs.Assembly() with { Framework = TestFramework.NUnit };
        var catalog = Catalogs.Of([.. Enumerable.Range(0, 100).Select(number => Catalogs.Unit(assembly, $"Class{number}", 200))]) with
        {
            Discovered = ImmutableDictionary<TestAssembly, int>.Empty.Add(assembly, discovered),
        };
        var timings = isKnown ? await TimingsOf(catalog, _ => 0.001) : TimingStore.Empty;

        var plan = Planner.Plan(catalog, timings, workers, seed: 1, cores: 2, HostStarts.DirectAndWarm);

        plan.Batches.Count().ShouldBe(batches);
        ShouldPlanOnce(plan, catalog);
    }

    [Fact]
    public async Task No_more_workers_explore_than_shorten_the_run()
    {
        var assembly = Catalogs.Assembly() with { Framework = TestFramework.NUnit };
        var catalog = Catalogs.Of([.. Enumerable.Range(0, 100).Select(number => Catalogs.Unit(assembly, $"Class{number}", 200))]) with
        {
            Discovered = ImmutableDictionary<TestAssembly, int>.Empty.Add(assembly, 20_000),
        };

        var shortTests = Planner.Plan(catalog, await TimingsOf(catalog, _ => 0.001), 8, seed: 1, cores: 2, HostStarts.DirectAndWarm);
        var longTests = Planner.Plan(catalog, await TimingsOf(catalog, _ => 0.1), 8, seed: 1, cores: 2, HostStarts.DirectAndWarm);

        shortTests.Seeds.Count(seed => !seed.IsEmpty).ShouldBeInRange(2, 4);
        longTests.Seeds.Count(seed => !seed.IsEmpty).ShouldBe(8);
    }

    [Fact]
    public async Task The_lower_bound_counts_tests_and_what_must_stay_together_and_no_class()
    {
        var assembly = Catalogs.Assembly();
        var whole = Catalogs.Unit(assembly, "Whole", 8);
        var catalog = Catalogs.Of(whole, Catalogs.Unit(assembly, "Other", 4));
        var timings = await TimingsOf(catalog, _ => 1);

        Planner.Plan(catalog, timings, 4, 1, 4).LowerBoundSeconds.ShouldBe(3);
        var tied = Catalogs.Of(whole with { Ties = [new Tie("Whole", "[Order]")] }, catalog.Units[1]);
        Planner.Plan(tied, timings, 4, 1, 4).LowerBoundSeconds.ShouldBe(8);
    }

    [Fact]
    public async Task Two_assemblies_of_one_name_and_one_set_up_share_no_batch()
    {
        TestAssembly[] namesakes = [Catalogs.Assembly(), Catalogs.Assembly() with { Path = "/repo/other/Shop.Tests.dll", Ordinal = 1 }];
        var catalog = Catalogs.Of([.. namesakes.SelectMany(assembly => Enumerable.Range(0, 6).Select(
            index => Catalogs.Unit(assembly, $"Shop.Class{index}", 1) with { SetUps = [new SharedSetUp("assembly", "Shop.Tests")] }))]);
        var timings = await Timings(TimingsJson(catalog, _ => 1, ("Shop.Tests", 5)));

        var plan = Planner.Plan(catalog, timings, 4, 1, 4);

        ShouldPlanOnce(plan, catalog);
        plan.Batches.ShouldAllBe(batch => batch.Entries.All(entry => entry.Assembly == batch.Assembly));
    }

    private static async Task<(TestCatalog Catalog, TimingStore Timings)> SharedAsync(int classes, double seconds, double setUp)
    {
        var shared = new SharedSetUp("assembly", "Shop.Tests");
        var catalog = Catalogs.Of([.. Catalogs.Of(classes, 1).Units.Select(unit => unit with { SetUps = [shared] })]);
        return (catalog, await Timings(TimingsJson(catalog, _ => seconds, ("Shop.Tests", setUp))));
    }

    // Shouldly compares many in any order in quadratic time.
    private static void ShouldPlanOnce(Plan plan, TestCatalog catalog)
    {
        var planned = plan.Batches.SelectMany(batch => batch.Entries).ToList();
        planned.Count.ShouldBe(catalog.Entries().Length);
        planned.ToHashSet().SetEquals(catalog.Entries()).ShouldBeTrue("other entries are planned than there are");
    }

    private static string TimingsJson(TestCatalog catalog, Func<TestEntry, double> seconds, (string Assembly, double Seconds) setUp) => System.Text.Json.JsonSerializer.Serialize(new
    {
        version = 1,
        tests = catalog.Entries().ToDictionary(entry => entry.Key, entry => new { seconds = seconds(entry), samples = 1 }),
        assemblies = new Dictionary<string, object>
        {
            [$"{setUp.Assembly} (net10.0)"] = new { setUps = new Dictionary<string, object> { ["assembly"] = new { seconds = setUp.Seconds, samples = 1 } } },
        },
    });

    private static string Describe(Plan plan) =>
        string.Join('\n', plan.Batches.Select(batch => string.Join(',', batch.Entries.Select(entry => entry.Key))));

    private static Task<TimingStore> TimingsOf(TestCatalog catalog, Func<TestEntry, double> seconds) => Timings(
        System.Text.Json.JsonSerializer.Serialize(catalog.Entries().ToDictionary(entry => entry.Key, seconds)));

    private static async Task<TimingStore> Timings(string json)
    {
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, json, TestContext.Current.CancellationToken);
        var store = await TimingStore.LoadAsync(path, message => throw new InvalidOperationException(message), TestContext.Current.CancellationToken);
        File.Delete(path);
        return store;
    }
}
