using System.Collections.Immutable;
using System.Globalization;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using static System.FormattableString;

namespace ConcurrentTesting.Scheduling;

/// <summary>Names the workers that had next to nothing to do, and what left them idle.</summary>
internal static class IdleWorkers
{
    // A worker that is occupied for less than this part of the run's tests counts as idle.
    private const double Occupied = 0.25;

    // What is longer than this many even shares leaves others idle.
    private const double Uneven = 1.5;

    public static string? Of(ImmutableArray<WorkerRecord> workers, ImmutableArray<TestRecord> tests, TestCatalog? catalog)
    {
        var idle = workers.Count(IsIdle);
        if (idle == 0 || catalog is null || catalog.Units.IsEmpty || tests.IsEmpty)
            return null;
        var seconds = tests.GroupBy(test => (test.Assembly.Source, test.CaseId)).ToDictionary(group => group.Key, group => group.Sum(test => test.Attempts.Sum(attempt => attempt.Duration.TotalSeconds)));
        var cause = Cause(catalog.Units, workers.Length, entry => seconds.GetValueOrDefault((entry.Assembly.Source, entry.Id)));
        return string.Create(CultureInfo.InvariantCulture, $"{idle} of {workers.Length} workers: {cause}");
    }

    private static bool IsIdle(WorkerRecord worker) =>
        worker.Batches == 0 || (worker.Busy + worker.Starting + worker.Cloning) / worker.Duration < Occupied;

    private static string Cause(ImmutableArray<TestUnit> units, int workers, Func<TestEntry, double> seconds)
    {
        var total = units.Sum(unit => unit.Entries.Sum(seconds));
        var longest = units.MaxBy(unit => unit.Entries.Sum(seconds))!;
        var test = longest.Entries.MaxBy(seconds)!;
        var share = Uneven * total / workers;
        if (longest.Entries.Sum(seconds) > share)
            return seconds(test) > share ? Invariant($"{TestNames.Full(test.ClassName, test.DisplayName)} alone takes {seconds(test):0.0} s of {total:0.0} s") : Whole(longest, seconds, total);
        if (units.Any(unit => unit.Entries.Any(entry => !entry.ExclusiveGroups.IsEmpty && seconds(entry) > 0)))
            return "tests of exclusive groups wait for each other";
        return units.Length < workers
            ? Invariant($"there is no more to share than {units.Length} {(units.Length == 1 ? "class" : "classes")} or what stays together")
            : Invariant($"{total:0.0} s of tests are not worth more test hosts");
    }

    private static string Whole(TestUnit unit, Func<TestEntry, double> seconds, double total) => unit.Ties.IsEmpty
        ? Invariant($"the class {unit.Name} takes {unit.Entries.Sum(seconds):0.0} s of {total:0.0} s, and a class runs on one worker")
        : $"all tests of {unit.Name} stay together ({unit.Ties[0].Cause})";
}
