using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Console;

/// <summary>Makes the listing of <c>--test-list</c> from a plan.</summary>
internal static class Listing
{
    public static TestListing Of(TestCatalog catalog, Plan plan, TimingStore timings, int seed)
    {
        var units = catalog.Units.SelectMany(unit => unit.Entries.Select(entry => (entry, unit))).ToDictionary(
            pair => pair.entry, pair => pair.unit);
        return new TestListing
        {
            Catalog = catalog,
            Predict = entry =>
                new TestPrediction(TimeSpan.FromSeconds(plan.Predictions.GetValueOrDefault(entry)), timings.Find(entry) is not null),
            Plan = [.. plan.Seeds.Select((seed, worker) => Share(worker, seed, units)).Where(
                share => !share.Units.IsEmpty), Share(null, plan.Tail, units)],
            Seed = seed,
            Expected = plan.Expected,
        };
    }

    private static PlannedShare Share(int? worker, IReadOnlyCollection<Batch> batches, Dictionary<TestEntry, TestUnit> units) => new(
        worker,
        [.. batches.SelectMany(batch => batch.Entries).Select(entry => units[entry]).Distinct()],
        TimeSpan.FromSeconds(batches.Sum(batch => batch.Seconds)));
}
