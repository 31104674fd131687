using System.Collections.Immutable;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.Results;

namespace ConcurrentTesting.Scheduling;

/// <summary>The shortest time that any schedule of these units on these workers takes: the longest unit, or all of them shared evenly.</summary>
internal static class LowerBound
{
    public static TimeSpan Of(ImmutableArray<TestRecord> tests, TestCatalog? catalog, int workers)
    {
        if (tests.IsEmpty || catalog is null)
            return TimeSpan.Zero;

        var seconds = tests.GroupBy(test => (test.Assembly.Source, test.CaseId)).ToDictionary(group => group.Key, group => group.Sum(test => test.Attempts.Sum(attempt => attempt.Duration.TotalSeconds)));
        var units = catalog.Units.Select(unit => unit.Entries.Sum(entry => seconds.GetValueOrDefault((entry.Assembly.Source, entry.Id)))).ToArray();
        return TimeSpan.FromSeconds(Math.Max(units.DefaultIfEmpty().Max(), units.Sum() / workers));
    }
}
