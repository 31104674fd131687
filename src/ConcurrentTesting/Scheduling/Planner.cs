using System.IO.Hashing;

namespace ConcurrentTesting.Scheduling;

/// <summary>Plans longest-first over units (LPT, Graham 1969), with a price on every assembly a worker opens, and keeps the shortest units
/// as a shared tail that evens out what the predictions got wrong. The same catalog, timings and seed give the same plan.</summary>
internal static class Planner
{
    // Predictions are never exact: a static plan of a measured spread of 1.01 was realised at 1.30. Without timings they are only guesses.
    private const double TailShareKnown = 0.3;
    private const double TailShareUnknown = 0.6;

    /// <param name="hosts">What starts the test hosts.</param>
    public static Plan Plan(
        TestCatalog catalog, TimingStore timings, int workers, int seed, int cores, HostStarts hosts = HostStarts.ByConsole)
    {
        var entries = catalog.Units.SelectMany(unit => unit.Entries).ToArray();
        var predictions = Predictor.Predict(entries, timings, out var knownCount);
        var known = entries.Length == 0 ? 1 : (double)knownCount / entries.Length;
        var withTimings = entries.Where(entry => timings.Find(entry) is not null).Select(entry => entry.Assembly).ToHashSet();
        var costs = PlanCosts.For(workers, cores, known, hosts) with { Exploration = new Exploration(catalog.Discovered) };
        var units = LongestFirst(catalog, timings, predictions, seed);
        var total = units.Sum(unit => unit.Seconds);

        var ordinary = units.Where(unit => !unit.IsExclusive).ToLookup(unit => IsFirstRun(unit.Unit.Assembly));
        var (seeds, tail) = PlanKnown([.. ordinary[false]], timings, workers, costs, known);
        var (filled, rest) = FirstRunPlanner.Hand(FirstRunPlanner.Batches([.. ordinary[true]], workers, costs.Exploration), seeds);
        return new Plan
        {
            SetUps = Scheduling.Plan.SetUpsOf(catalog),
            Seeds = filled,
            Tail = [.. tail.Concat(rest).OrderByDescending(batch => batch.Seconds), .. ExclusiveBatches(
                units.Where(unit => unit.IsExclusive))],
            Seconds = total,
            LongestUnitSeconds = units.FirstOrDefault()?.Seconds ?? 0,
            LowerBoundSeconds = LowerBoundOf(catalog.Units, predictions, workers),
            KnownTimings = known,
            Predictions = predictions,
        };

        bool IsFirstRun(TestAssembly assembly) => !withTimings.Contains(assembly);
    }

    private static double LowerBoundOf(ImmutableArray<TestUnit> units, IReadOnlyDictionary<TestEntry, double> predictions, int workers) =>
        LowerBound.Of(
        [.. units.Select(unit => (!unit.Ties.IsEmpty, (IReadOnlyCollection<double>)[.. unit.Entries.Select(entry => predictions[entry])]))],
        workers);

    private static (ImmutableArray<ImmutableArray<Batch>> Seeds, ImmutableArray<Batch> Tail) PlanKnown(
        ImmutableArray<PlannedUnit> units, TimingStore timings, int workers, PlanCosts costs, double known)
    {
        var prices = new SetUpPrices(timings);
        var spread = SetUpSpread.Of(units, prices, workers, costs);
        var tailShare = TailShareKnown + ((TailShareUnknown - TailShareKnown) * (1 - known));
        var (rest, tail) = TailPlanner.Split(units, units.Sum(unit => unit.Seconds) * tailShare, workers, costs, spread);
        return (SeedPlanner.Assign(spread.Parts(rest), workers, costs, prices), tail);
    }

    private static ImmutableArray<PlannedUnit> LongestFirst(
        TestCatalog catalog, TimingStore timings, IReadOnlyDictionary<TestEntry, double> predictions, int seed) =>
        [.. catalog.Units
            .Select(unit =>
                new PlannedUnit(unit, unit.Entries.Sum(entry => predictions[entry]), unit.Entries.Any(timings.HasFailedLast)))
            .OrderByDescending(unit => unit.Seconds)
            .ThenBy(unit => Shuffle(seed, unit.Unit.Key))
            .ThenBy(unit => unit.Unit.Key, StringComparer.Ordinal)];

    // A batch holds whole units, so that fixtures run once, and all units that share their groups.
    private static IEnumerable<Batch> ExclusiveBatches(IEnumerable<PlannedUnit> units) =>
        units.GroupBy(unit => (unit.Unit.Assembly, string.Join('|', ExclusiveGroup.Of(unit.Unit.Entries))))
            .Select(group => BatchOf.Units([.. group], BatchReasons.Tail))
            .OrderByDescending(batch => batch.Seconds);

    private static ulong Shuffle(int seed, string key) =>
        XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{seed}/{key}")));
}
