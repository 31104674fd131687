namespace ConcurrentTesting.Scheduling;

/// <summary>Batches of tests of which nothing is known: any of them may be the long one, so none holds more than a small part of all, and
/// every worker begins with one and takes the next when it is done.</summary>
internal static class FirstRunPlanner
{
    private const int BatchesPerWorker = 4;

    /// <summary>Whole units; none above the part of all cases that a batch may hold, but for a unit that has more. An assembly that every
    /// batch explores for a long time gets one batch a worker.</summary>
    public static ImmutableArray<Batch> Batches(ImmutableArray<PlannedUnit> units, int workers, Exploration exploration)
    {
        var cases = units.Sum(unit => unit.CaseCount);
        // A single worker has nobody to share with.
        var most = workers == 1 ? double.PositiveInfinity : (double)cases / (BatchesPerWorker * workers);
        return [.. units.GroupBy(unit => unit.Unit.Assembly)
            .SelectMany(assembly => exploration.Seconds(assembly.Key) > 0
                ? Spread(assembly, workers)
                : Merge(assembly.GroupBy(SetUps).SelectMany(group => Fill(group, most)), most))
            .SelectMany(part => BatchOf.Several(part, BatchReasons.Tail))
            .OrderByDescending(batch => batch.Seconds)];
    }

    /// <summary>Gives workers that have nothing to begin with one each; the rest is everybody's.</summary>
    public static (ImmutableArray<ImmutableArray<Batch>> Seeds, ImmutableArray<Batch> Left) Hand(
        ImmutableArray<Batch> batches, ImmutableArray<ImmutableArray<Batch>> seeds)
    {
        var left = new Queue<Batch>(batches);
        return ([.. seeds.Select(
            seed => seed.IsEmpty && left.TryDequeue(out var batch) ? [batch with { Reason = BatchReasons.Plan }] : seed)], [.. left]);
    }

    private static string SetUps(PlannedUnit unit) => string.Join('|', unit.Unit.SetUps.Select(setUp => setUp.Name));

    // The largest come first, each to the part that has the fewest cases.
    private static IEnumerable<List<PlannedUnit>> Spread(IEnumerable<PlannedUnit> units, int workers)
    {
        var parts = Enumerable.Range(0, workers).Select(_ => new List<PlannedUnit>()).ToArray();
        foreach (var unit in units.OrderByDescending(unit => unit.CaseCount))
            parts.MinBy(Cases)!.Add(unit);
        return parts.Where(part => part.Count > 0);
    }

    // This is first fit by decreasing size.
    private static List<List<PlannedUnit>> Fill(IEnumerable<PlannedUnit> units, double most)
    {
        var parts = new List<List<PlannedUnit>>();
        foreach (var unit in units.OrderByDescending(unit => unit.CaseCount))
        {
            if (parts.Find(part => Cases(part) + unit.CaseCount <= most) is { } part)
                part.Add(unit);
            else
                parts.Add([unit]);
        }

        return parts;
    }

    // Small rests with different set-ups are not worth a test host each.
    private static List<List<PlannedUnit>> Merge(IEnumerable<List<PlannedUnit>> parts, double most)
    {
        var merged = new List<List<PlannedUnit>>();
        foreach (var part in parts.OrderByDescending(Cases))
        {
            if (Cases(part) <= most / 2 && merged.Find(other => Cases(other) + Cases(part) <= most) is { } room)
                room.AddRange(part);
            else
                merged.Add(part);
        }

        return merged;
    }

    private static int Cases(List<PlannedUnit> part) => part.Sum(unit => unit.CaseCount);
}
