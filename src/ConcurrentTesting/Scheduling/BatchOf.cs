namespace ConcurrentTesting.Scheduling;

/// <summary>Makes batches from units: what failed last time comes first, then the longest.</summary>
internal static class BatchOf
{
    /// <summary>Test cases that go to a test host at once, unless a unit has more: a request takes some 30 KB a case in the run's process
    /// while it is sent, and as many again in the console's.</summary>
    public const int MostCases = 3_000;

    // NUnit needs a tenth of that memory for a case, and explores the assembly for every request.
    private const int MostCasesOfNUnit = 30_000;

    /// <summary>As few batches as hold the units, none above what goes to a test host at once but for a unit that has more.</summary>
    public static IEnumerable<Batch> Several(IReadOnlyCollection<PlannedUnit> units, string reason)
    {
        var part = new List<PlannedUnit>();
        foreach (var unit in units)
        {
            if (!HasRoom(part, unit))
            {
                yield return Units(part, reason);
                part.Clear();
            }

            part.Add(unit);
        }

        yield return Units(part, reason);
    }

    public static bool HasRoom(IReadOnlyCollection<PlannedUnit> part, PlannedUnit unit) =>
        part.Count == 0 || part.Sum(item => item.CaseCount) + unit.CaseCount <= MostOf(unit.Unit.Assembly);

    private static int MostOf(TestAssembly assembly) =>
        assembly.Framework == TestFramework.NUnit ? MostCasesOfNUnit : MostCases;

    public static Batch Units(IReadOnlyCollection<PlannedUnit> units, string reason) => new()
    {
        Assembly = units.First().Unit.Assembly,
        Entries = [.. units.OrderByDescending(unit => unit.FailedLast).ThenByDescending(unit => unit.Seconds).SelectMany(
            unit => unit.Unit.Entries)],
        Seconds = units.Sum(unit => unit.Seconds),
        Reason = reason,
        ExclusiveGroups = ExclusiveGroup.Of(units.SelectMany(unit => unit.Unit.Entries)),
    };

    public static Batch Entries(
        TestAssembly assembly, IEnumerable<(TestEntry Entry, double Seconds)> entries, string reason, int? notOnWorker)
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
