namespace ConcurrentTesting.Scheduling;

/// <summary>Splits off the shortest units as batches that any worker may take when it is done with its own, shrinking towards the
/// end.</summary>
internal static class TailPlanner
{
    // A batch of more than this part of a worker's share evens out nothing.
    private const double LargestOfShare = 0.5;

    // A batch is worth exploring the assembly again where its work is this many times as long.
    private const double WorthExploring = 4;

    public static (ImmutableArray<PlannedUnit> Seeds, ImmutableArray<Batch> Batches) Split(
        ImmutableArray<PlannedUnit> longestFirst, double tailSeconds, int workers, PlanCosts costs, SetUpSpread spread)
    {
        var share = longestFirst.Sum(unit => unit.Seconds) / workers;
        if (workers == 1 || tailSeconds < costs.SmallestBatch || share < costs.SmallestBatch)
            return (longestFirst, []);

        ImmutableArray<PlannedUnit> movable = [.. longestFirst.Where(unit => !spread.IsWhole(unit))];
        var first = FirstOfTail(movable, tailSeconds);
        var rest = longestFirst.Except(movable[first..]).ToImmutableArray().ToBuilder();
        var batches = new List<Batch>();

        // Each batch sets up for itself, so it holds classes of one set-up, and enough of them.
        foreach (var group in movable[first..].GroupBy(unit => (unit.Unit.Assembly, spread.Key(unit))))
        {
            var smallest = Math.Max(
                costs.SmallestBatch + spread.Price(group.First()), WorthExploring * costs.Exploration.Seconds(group.Key.Assembly));
            if (smallest > LargestOfShare * share)
                rest.AddRange(group);
            else
                batches.AddRange(Chunk([.. group], tailSeconds, workers, smallest, rest));
        }

        return (rest.ToImmutable(), [.. batches.OrderByDescending(batch => batch.Seconds)]);
    }

    private static int FirstOfTail(ImmutableArray<PlannedUnit> longestFirst, double tailSeconds)
    {
        var first = longestFirst.Length;
        for (var sum = 0.0; first > 0 && sum + longestFirst[first - 1].Seconds <= tailSeconds; first--)
            sum += longestFirst[first - 1].Seconds;
        return first;
    }

    // This is guided self-scheduling (Polychronopoulos and Kuck 1987): each batch is a fixed part of what remains.
    private static IEnumerable<Batch> Chunk(
        ImmutableArray<PlannedUnit> units, double tailSeconds, int workers, double smallest, ImmutableArray<PlannedUnit>.Builder rest)
    {
        var remaining = tailSeconds;
        var chunk = new List<PlannedUnit>();
        foreach (var unit in units)
        {
            if (!BatchOf.HasRoom(chunk, unit))
                yield return Take();
            chunk.Add(unit);
            if (chunk.Sum(item => item.Seconds) >= Math.Max(smallest, remaining / (2 * workers)))
                yield return Take();
        }

        rest.AddRange(chunk);

        Batch Take()
        {
            var batch = BatchOf.Units(chunk, BatchReasons.Tail);
            remaining -= batch.Seconds;
            chunk.Clear();
            return batch;
        }
    }
}
