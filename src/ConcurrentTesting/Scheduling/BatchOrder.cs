using System.IO.Hashing;

namespace ConcurrentTesting.Scheduling;

/// <summary>Puts each worker's batches, the shared ones and the units in every batch in the order that was asked for. The tests of a unit
/// keep theirs: what their framework or an attribute says of it holds.</summary>
internal sealed class BatchOrder
{
    private readonly TestOrder _order;
    private readonly int _seed;
    private readonly Plan _plan;
    private readonly Dictionary<TestEntry, TestUnit> _units;
    private readonly HashSet<TestUnit> _failed;
    private readonly Predicate<TestAssembly> _isCheap;

    private BatchOrder(
        TestOrder order, int seed, Plan plan, TestCatalog catalog, TimingStore timings, Predicate<TestAssembly> isCheap)
    {
        _isCheap = isCheap;
        (_order, _seed, _plan) = (order, seed, plan);
        _units = catalog.Units.SelectMany(unit => unit.Entries.Select(entry => (entry, unit))).ToDictionary(
            pair => pair.entry, pair => pair.unit);
        _failed = [.. catalog.Units.Where(unit => unit.Entries.Any(timings.HasFailedLast))];
    }

    /// <param name="hosts">
    /// What starts the test hosts: where they stay warm, what failed is a batch of its own and comes before all else.
    /// </param>
    public static Plan Apply(
        TestOrder order, int seed, Plan plan, TestCatalog catalog, TimingStore timings, HostStarts hosts = HostStarts.ByConsole)
    {
        var exploration = new Exploration(catalog.Discovered);
        return new BatchOrder(
            order, seed, plan, catalog, timings,
            assembly => hosts == HostStarts.DirectAndWarm && exploration.Seconds(assembly) <= 0).Apply();
    }

    private Plan Apply() => _plan with
    {
        Seeds = [.. _plan.Seeds.Select(seed => Ordered(seed.SelectMany(Cut).Select(OrderedInside)))],
        // A batch that must run beside nothing comes last in every order, because it would stop all workers.
        Tail =
        [
            .. Ordered(_plan.Tail.Where(batch => batch.ExclusiveGroups.IsEmpty).Select(OrderedInside)),
            .. _plan.Tail.Where(batch => !batch.ExclusiveGroups.IsEmpty).Select(OrderedInside),
        ],
    };

    private ImmutableArray<Batch> Ordered(IEnumerable<Batch> batches) => _order switch
    {
        TestOrder.Random => [.. batches.OrderBy(batch => Shuffle(batch.Entries[0].Key))],
        TestOrder.LongestFirst => [.. batches.OrderByDescending(batch => batch.Seconds)],
        _ => [.. batches.OrderByDescending(HasFailed).ThenByDescending(batch => batch.Seconds)],
    };

    private Batch OrderedInside(Batch batch)
    {
        var units = batch.Entries.GroupBy(entry => _units[entry]).ToList();
        var ordered = _order switch
        {
            TestOrder.Random => units.OrderBy(unit => Shuffle(unit.Key.Key)),
            TestOrder.LongestFirst => units.OrderByDescending(Seconds),
            _ => units.OrderByDescending(unit => _failed.Contains(unit.Key)).ThenByDescending(Seconds),
        };
        return batch with { Entries = [.. ordered.SelectMany(unit => unit)] };
    }

    private IEnumerable<Batch> Cut(Batch batch)
    {
        var isCut = _order == TestOrder.FailedFirst && _isCheap(batch.Assembly);
        return batch.Entries.GroupBy(entry => isCut && _failed.Contains(_units[entry])).Select(
            part => batch with { Entries = [.. part], Seconds = Seconds(part) });
    }

    private double Seconds(IEnumerable<TestEntry> entries) => entries.Sum(entry => _plan.Predictions[entry]);

    private bool HasFailed(Batch batch) => batch.Entries.Any(entry => _failed.Contains(_units[entry]));

    private ulong Shuffle(string key) =>
        XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"order {_seed}/{key}")));
}
