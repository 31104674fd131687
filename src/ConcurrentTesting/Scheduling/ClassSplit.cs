namespace ConcurrentTesting.Scheduling;

/// <summary>Divides classes that would make a run longer than its work takes on all workers: each becomes units that may run on different
/// workers. It does so only where nothing is known that keeps the tests of the class in one process, and where the time that is won is more
/// than the further test hosts cost.</summary>
internal static class ClassSplit
{
    // Parts of half a worker's share let the planner even out wrong predictions.
    private const double PartOfShare = 0.5;

    // With fewer known durations nobody can tell which class is long.
    private const double EnoughTimings = 0.5;

    /// <param name="costs">What a test host costs where the run starts and keeps them as it will.</param>
    public static TestCatalog Apply(TestCatalog catalog, ConcurrentTestSettings settings, TimingStore timings, PlanCosts costs)
    {
        if (settings.Workers == 1 || settings.Granularity is not (TestGranularity.Auto or TestGranularity.Test))
            return catalog;
        var predictions = Predictor.Predict([.. catalog.Units.SelectMany(unit => unit.Entries)], timings, out _);
        var share = predictions.Values.Sum() / settings.Workers;
        var prices = new SetUpPrices(timings);
        var assemblies = catalog.Units.GroupBy(unit => unit.Assembly).ToDictionary(
            units => units.Key, units => units.Sum(unit => unit.Entries.Sum(entry => predictions[entry])));
        return catalog with
        {
            Units = [.. catalog.Units.SelectMany(unit => MayBeSplit(unit, settings, timings)
                ? Split(unit, predictions, settings.Workers, share, CostOf(unit))
                : [unit])],
        };

        // Where the assembly has enough tests beside the class, other workers have its host anyway. Every batch of NUnit explores the whole
        // assembly.
        double CostOf(TestUnit unit)
        {
            var beside = assemblies[unit.Assembly] - unit.Entries.Sum(entry => predictions[entry]);
            var host = beside >= share ? 0 : timings.Of(unit.Assembly).Host?.Seconds ?? costs.Host;
            return Math.Max(costs.SmallestBatch, host) + prices.Of(unit) + costs.Exploration.Seconds(unit.Assembly);
        }
    }

    private static bool MayBeSplit(TestUnit unit, ConcurrentTestSettings settings, TimingStore timings) =>
        unit.IsDivisible
        && (settings.Granularity == TestGranularity.Test || (AreApart(unit, settings, timings) && AreKnown(unit, timings)));

    // The tests of a class never meet each other in a serial run, or share its fixture and statics there: beside each other they must have
    // nothing in common.
    private static bool AreApart(TestUnit unit, ConcurrentTestSettings settings, TimingStore timings) =>
        unit is { IsParallelInside: true, OneProcess: null }
            || (settings.Database != DatabaseEngine.None && !timings.IsDatabaseUnused(unit.Assembly));

    private static bool AreKnown(TestUnit unit, TimingStore timings) =>
        unit.Entries.Count(entry => timings.Find(entry) is not null) >= EnoughTimings * unit.Entries.Length;

    private static IEnumerable<TestUnit> Split(
        TestUnit unit, IReadOnlyDictionary<TestEntry, double> predictions, int workers, double share, double cost)
    {
        var seconds = unit.Entries.Sum(entry => predictions[entry]);
        var longest = unit.Entries.Max(entry => predictions[entry]);
        if (seconds - Math.Max(share, longest) <= cost)
            return [unit];
        var size = Math.Max(PartOfShare * share, cost);
        var count = (int)Math.Clamp(Math.Ceiling(seconds / size), 2, Math.Min(unit.Entries.Length, 2 * workers));
        var parts = Divide(unit.Entries, predictions, count);
        return parts.Select((part, index) => unit with
        {
            Name = string.Create(CultureInfo.InvariantCulture, $"{unit.Name} ({index + 1} of {parts.Length})"),
            Entries = part,
        });
    }

    // The longest come first, each to the part that has the least; within a part tests keep their order.
    private static ImmutableArray<ImmutableArray<TestEntry>> Divide(
        ImmutableArray<TestEntry> entries, IReadOnlyDictionary<TestEntry, double> predictions, int count)
    {
        var parts = new PriorityQueue<List<int>, (double Seconds, int Index)>(
            Enumerable.Range(0, count).Select(index => (new List<int>(), (0.0, index))));
        foreach (var (index, entry) in entries.Index().OrderByDescending(pair => predictions[pair.Item]).ThenBy(pair => pair.Index))
        {
            parts.TryDequeue(out var part, out var load);
            part!.Add(index);
            parts.Enqueue(part, (load.Seconds + predictions[entry], load.Index));
        }

        return [.. parts.UnorderedItems.OrderBy(part => part.Priority.Index).Select(
            part => part.Element.Order().Select(index => entries[index]).ToImmutableArray())];
    }
}
