namespace ConcurrentTesting.Scheduling;

/// <summary>Cuts a plan's batches so that none has tests of two classes, each of which is to meet databases that no other class has
/// touched. Classes that need each other stay together: what one does is there for the other.</summary>
internal static class ClassBatches
{
    public static Plan Cut(Plan plan) => plan with
    {
        Seeds = [.. plan.Seeds.Select(seed => seed.SelectMany(batch => Cut(batch, plan.Predictions)).ToImmutableArray())],
        Tail = [.. plan.Tail.SelectMany(batch => Cut(batch, plan.Predictions))],
    };

    /// <summary>What has databases of its own together with this test, and comes back with it.</summary>
    public static string GroupOf(TestEntry entry) => entry.Need ?? entry.ClassName;

    private static IEnumerable<Batch> Cut(Batch batch, IReadOnlyDictionary<TestEntry, double> predictions) =>
        batch.Entries.GroupBy(GroupOf, StringComparer.Ordinal)
            .Select(entries => batch with { Entries = [.. entries], Seconds = entries.Sum(entry => predictions[entry]) });
}
