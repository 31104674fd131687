using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;

namespace ConcurrentTesting.Scheduling;

/// <summary>
/// The shortest time that any schedule of these tests on these workers takes: the longest test or the longest of what has to stay together, or all of them
/// shared evenly. A class that only we keep whole is no bound.
/// </summary>
internal static class LowerBound
{
    public static TimeSpan Of(ImmutableArray<TestRecord> tests, TestCatalog? catalog, int workers)
    {
        if (tests.IsEmpty || catalog is null)
            return TimeSpan.Zero;

        var seconds = tests.GroupBy(test => (test.Assembly.Source, test.CaseId)).ToDictionary(group => group.Key, group => group.Sum(test => test.Attempts.Sum(attempt => attempt.Duration.TotalSeconds)));
        return TimeSpan.FromSeconds(Of(catalog.Units, entry => seconds.GetValueOrDefault((entry.Assembly.Source, entry.Id)), workers));
    }

    public static double Of(ImmutableArray<TestUnit> units, Func<TestEntry, double> seconds, int workers)
    {
        var indivisible = units.Select(unit => unit.Ties.IsEmpty ? unit.Entries.Max(seconds) : unit.Entries.Sum(seconds)).DefaultIfEmpty().Max();
        return Math.Max(indivisible, units.Sum(unit => unit.Entries.Sum(seconds)) / workers);
    }
}
