using System.Collections.Immutable;

namespace ConcurrentTesting.Scheduling;

/// <summary>Splits off the shortest units as batches that any worker may take when it is done with its own, shrinking towards the end.</summary>
internal static class TailPlanner
{
    public static (ImmutableArray<PlannedUnit> Seeds, ImmutableArray<Batch> Batches) Split(
        ImmutableArray<PlannedUnit> longestFirst, double tailSeconds, int workers, PlanCosts costs)
    {
        if (workers == 1 || tailSeconds < costs.SmallestBatch)
            return (longestFirst, []);

        var first = FirstOfTail(longestFirst, tailSeconds);
        var rest = longestFirst[..first].ToBuilder();
        var batches = new List<Batch>();
        foreach (var group in longestFirst[first..].GroupBy(unit => unit.Unit.Assembly))
            batches.AddRange(Chunk([.. group], tailSeconds, workers, costs.SmallestBatch, rest));

        return (rest.ToImmutable(), [.. batches.OrderByDescending(batch => batch.Seconds)]);
    }

    private static int FirstOfTail(ImmutableArray<PlannedUnit> longestFirst, double tailSeconds)
    {
        var first = longestFirst.Length;
        for (var sum = 0.0; first > 0 && sum + longestFirst[first - 1].Seconds <= tailSeconds; first--)
            sum += longestFirst[first - 1].Seconds;
        return first;
    }

    // Guided self-scheduling (Polychronopoulos and Kuck 1987): each batch is a fixed part of what remains.
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
