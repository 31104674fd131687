using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Run;

/// <summary>Makes the journal's lines of a plan.</summary>
internal static class PlannedUnits
{
    public static UnitPlanned Of(
        TestUnit unit, IReadOnlyDictionary<TestEntry, double> predictions, TimingStore timings, DateTimeOffset at) => new()
        {
            At = at,
            Name = unit.Name,
            Assembly = unit.Assembly,
            Tie = unit.Ties is [var tie, ..] ? tie.Cause : null,
            OneProcess = unit.OneProcess,
            Tests = [.. unit.Entries.Select(entry => Of(entry, predictions[entry], timings))],
        };

    private static PlannedTest Of(TestEntry entry, double seconds, TimingStore timings) => new()
    {
        Case = entry.Id,
        ClassName = entry.ClassName,
        MethodName = entry.MethodName,
        Name = TestNames.Short(entry.ClassName, entry.DisplayName),
        Cases = entry.CaseCount,
        HasKnownRows = entry.HasKnownRows,
        Seconds = seconds,
        IsExclusive = !entry.ExclusiveGroups.IsEmpty,
        SourceFile = entry.SourceFile,
        Line = entry.Line,
        KnownFlaky = timings.KnownFlaky.GetValueOrDefault(entry.Key),
    };
}
