using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

public sealed class BatchCostsTests
{
    private const double Loading = 1;

    private static readonly SharedSetUp Root = new("assembly", "Shop.Tests");
    private static readonly SharedSetUp Orders = new("namespace Shop.Orders", "Shop.Orders");

    private readonly TimingStore _timings = TimingStore.Empty;

    [Fact]
    public void A_set_up_costs_what_its_batches_take_beside_tests_less_what_loading_takes()
    {
        var catalog = Catalogs.Of(Unit("Shop.A", Root), Unit("Shop.B"));

        Learn(catalog, Batch(1, 6.5, "Shop.A"), Batch(2, 1.5, "Shop.B"));

        Seconds(Root).ShouldBe(5);
        _timings.Of(Catalogs.Assembly()).Host!.Seconds.ShouldBe(1.5);
    }

    [Fact]
    public void Where_no_batch_was_without_set_ups_loading_is_estimated()
    {
        Learn(Catalogs.Of(Unit("Shop.A", Root)), Batch(1, 6.5, "Shop.A"), Batch(2, 9, "Shop.A"));

        Seconds(Root).ShouldBe(6.5 - Loading);
    }

    [Fact]
    public void A_set_up_within_another_costs_what_it_adds()
    {
        Learn(Catalogs.Of(Unit("Shop.A", Root), Unit("Shop.Orders.B", Root, Orders)), Batch(1, 5, "Shop.A"), Batch(2, 7, "Shop.Orders.B"));

        (Seconds(Root), Seconds(Orders)).ShouldBe((4, 2));
    }

    // Their test platform gives their tests the same ids.
    [Fact]
    public void Two_assemblies_of_one_name_teach_each_of_its_own_set_ups()
    {
        var other = Catalogs.Assembly() with { Path = "/repo/other/Shop.Tests.dll", Ordinal = 1 };
        var catalog = Catalogs.Of(Unit("Shop.A", Root), Catalogs.Unit(other, "Shop.A", 1));
        var tests = catalog.Entries().Select((entry, number) => Test(entry, number));
        BatchRecord[] batches = [Record(0, 6.5), RecordedRun.Batch(1, assembly: other) with { BesideTests = TimeSpan.FromSeconds(1.5) }];

        BatchCosts.Learn(_timings, catalog, RecordedRun.Of("/results", tests, batches), Loading);

        Seconds(Root).ShouldBe(5);
        _timings.Of(Catalogs.Assembly()).Host.ShouldBeNull();
        _timings.Of(other).Host!.Seconds.ShouldBe(1.5);
    }

    [Fact]
    public void Batches_with_several_set_ups_and_batches_that_broke_teach_nothing()
    {
        Learn(Catalogs.Of(Unit("Shop.A", Root), Unit("Shop.B")), Batch(1, 9, "Shop.A", "Shop.B"), Batch(2, 9, "Shop.A") with { Record = Record(2, 9) with { Error = "crashed" } });

        Seconds(Root).ShouldBeNull();
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Databases_that_were_not_used_are_remembered_until_they_are(bool isUsed, bool isUnused)
    {
        var assembly = Catalogs.Assembly();
        _timings.Learn(assembly, new AssemblyTiming { DatabaseUnused = !isUnused });
        var opened = ImmutableArray.Create(new OpenedDatabase(isUsed ? "clone_0" : "elsewhere", 3));

        Learn(Catalogs.Of(Unit("Shop.A")), Batch(1, 2, "Shop.A") with { Record = Record(1, 2) with { Database = "clone_0", Opened = opened } });

        _timings.IsDatabaseUnused(assembly).ShouldBe(isUnused);
    }

    [Fact]
    public void Batches_that_were_seen_for_a_moment_each_tell_together_how_much_tests_wait()
    {
        var moment = 0.9 / Environment.ProcessorCount;
        LearnWaiting(crowd: 1, seconds: 0.4 * moment, seen: moment);
        _timings.ComputingShare(Catalogs.Assembly()).ShouldBeNull();

        LearnWaiting(crowd: 2, seconds: 0.4 * moment, seen: moment);
        _timings.ComputingShare(Catalogs.Assembly())!.Value.ShouldBe(0.4, 0.001);
    }

    [Theory]
    [InlineData(0.1, 0.1)]
    [InlineData(0.95, 0.89)]
    public void Where_the_cores_had_no_time_left_tests_have_waited_no_more_than_it_looks(double known, double after)
    {
        _timings.Learn(Catalogs.Assembly(), new AssemblyTiming { Waiting = known });

        LearnWaiting(crowd: 4, seconds: 2.5);

        _timings.Of(Catalogs.Assembly()).Waiting!.Value.ShouldBe(after, 0.001);
    }

    [Fact]
    public void Where_the_cores_had_time_left_tests_waited_as_it_looks()
    {
        LearnWaiting(crowd: 1, seconds: 4);

        _timings.ComputingShare(Catalogs.Assembly())!.Value.ShouldBe(0.4, 0.001);
    }

    // Batches of ten seconds at once, so many a core.
    private void LearnWaiting(int crowd, double seconds, double seen = 10)
    {
        var batches = Enumerable.Range(1, crowd * Environment.ProcessorCount).Select(number => RecordedRun.Batch(number, assembly: Catalogs.Assembly()) with
        {
            Duration = TimeSpan.FromSeconds(10),
            Computed = new ComputedTime(TimeSpan.FromSeconds(seen), TimeSpan.FromSeconds(seconds)),
        });
        var run = RecordedRun.Of("/results", [], batches);
        BatchCosts.Learn(_timings, Catalogs.Of(Unit("Shop.A")), run with { Phases = run.Phases.SetItem(PhaseNames.Tests, 10) }, Loading);
    }

    private double? Seconds(SharedSetUp setUp) => _timings.SetUpSeconds(Catalogs.Assembly(), setUp);

    private void Learn(TestCatalog catalog, params RanBatch[] batches)
    {
        var tests = batches.SelectMany(batch => catalog.Entries().Where(entry => batch.Classes.Contains(entry.ClassName)).Select(entry => Test(entry, batch.Record.Number)));
        var run = RecordedRun.Of("/results", tests, batches.Select(batch => batch.Record)) with { Database = new DatabaseRecord { Engine = "postgresql" } };
        BatchCosts.Learn(_timings, catalog, run, Loading);
    }

    private static TestUnit Unit(string className, params SharedSetUp[] setUps) => Catalogs.Unit(Catalogs.Assembly(), className, 1) with { SetUps = [.. setUps] };

    private static RanBatch Batch(int number, double besideTests, params string[] classes) => new(Record(number, besideTests), classes);

    private static BatchRecord Record(int number, double besideTests) =>
        RecordedRun.Batch(number, assembly: Catalogs.Assembly()) with { BesideTests = TimeSpan.FromSeconds(besideTests) };

    private static TestRecord Test(TestEntry entry, int batch) => new()
    {
        Id = entry.Key,
        Assembly = entry.Assembly,
        CaseId = entry.Id,
        ClassName = entry.ClassName,
        MethodName = entry.MethodName,
        Name = entry.MethodName,
        Attempts = [new TestAttempt { Outcome = TestOutcome.Passed, Worker = 0, Batch = batch, Number = 1 }],
    };

    private sealed record RanBatch(BatchRecord Record, string[] Classes);
}
