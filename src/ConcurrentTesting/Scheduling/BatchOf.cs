using ConcurrentTesting.Discovery;

namespace ConcurrentTesting.Scheduling;

/// <summary>Makes batches from units: what failed last time comes first, then the longest.</summary>
internal static class BatchOf
{
    public static Batch Units(IReadOnlyCollection<PlannedUnit> units, string reason) => new()
    {
        Assembly = units.First().Unit.Assembly,
        Entries = [.. units.OrderByDescending(unit => unit.FailedLast).ThenByDescending(unit => unit.Seconds).SelectMany(unit => unit.Unit.Entries)],
        Seconds = units.Sum(unit => unit.Seconds),
        Reason = reason,
        ExclusiveGroups = ExclusiveGroup.Of(units.SelectMany(unit => unit.Unit.Entries)),
    };

    public static Batch Entries(TestAssembly assembly, IEnumerable<(TestEntry Entry, double Seconds)> entries, string reason, int? notOnWorker)
    {
        var list = entries.ToList();
        return new Batch
        {
            Assembly = assembly,
            Entries = [.. list.Select(item => item.Entry)],
            Seconds = list.Sum(item => item.Seconds),
            Reason = reason,
            NotOnWorker = notOnWorker,
            ExclusiveGroups = ExclusiveGroup.Of(list.Select(item => item.Entry)),
        };
    }
}
