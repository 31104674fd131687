using System.Collections.Frozen;
using ConcurrentTesting.Reports.RunJson;

namespace ConcurrentTesting.Scheduling;

/// <summary>The plan that repeats an earlier run: each worker runs the same batches in the same order and with the same tests, so that a
/// framework orders them as it did. xunit 2 draws the order of its collections anew in every run, so there each collection becomes a batch
/// of its own, in the earlier order.</summary>
internal static class ReplayPlan
{
    /// <param name="worker">The only worker to repeat; null: all.</param>
    public static Plan Of(RunDocument run, TestCatalog catalog, TimingStore timings, int? worker)
    {
        var entries = catalog.Units.SelectMany(unit => unit.Entries).ToArray();
        var predictions = Predictor.Predict(entries, timings, out var known);
        var units = catalog.Units.SelectMany(unit => unit.Entries.Select(entry => (entry, unit))).ToDictionary(
            pair => pair.entry, pair => pair.unit);
        var batches = Batches(run, entries, predictions, units);
        return new Plan
        {
            SetUps = Scheduling.Plan.SetUpsOf(catalog),
            Seeds = [.. Enumerable.Range(0, run.Workers).Select(
                number => worker is null || worker == number ? batches.GetValueOrDefault(number, []) : [])],
            Tail = [],
            IsFixed = true,
            Seconds = batches.Values.SelectMany(list => list).Sum(batch => batch.Seconds),
            LowerBoundSeconds = batches.Values.Max(list => list.Sum(batch => batch.Seconds)),
            KnownTimings = entries.Length == 0 ? 1 : (double)known / entries.Length,
            Repeated = Repeated(run, entries),
            Predictions = batches.Where(pair => worker is null || worker == pair.Key)
                .SelectMany(pair => pair.Value).SelectMany(batch => batch.Entries).Distinct().ToDictionary(
                    entry => entry, entry => predictions[entry]),
        };
    }

    /// <summary>A failing test and the batches of its worker up to the one that it failed in; null: there is no such test.</summary>
    public static (IEnumerable<Batch> Batches, TestEntry Failing)? ToBisect(RunDocument run, Plan plan, Predicate<TestEntry> isMeant)
    {
        for (var worker = 0; worker < plan.Seeds.Length; worker++)
        {
            var seed = plan.Seeds[worker];
            for (var index = 0; index < seed.Length; index++)
            {
                var batch = seed[index];
                var failing = batch.Entries.FirstOrDefault(
                    entry => isMeant(entry) && MayHaveFailed(run, plan, entry, worker, batch.Round));
                if (failing is null)
                    continue;

                // A further time of a test has a process and databases of its own, so nothing before it can have made it fail.
                return (batch.Reason == BatchReasons.Repeat ? [batch] : seed[..(index + 1)], failing);
            }
        }

        return null;
    }

    // A test that was to run several times failed in some of them only.
    private static bool MayHaveFailed(RunDocument run, Plan plan, TestEntry entry, int worker, int? round)
    {
        if (!plan.Repeated.Contains(entry))
            return true;
        var known = new RecordedTests(run, [entry]);
        var failed = run.Tests.Where(test => known.Find(test) is not null)
            .SelectMany(test => test.Attempts)
            .Where(attempt => attempt.Outcome is not (nameof(TestOutcome.Passed) or nameof(TestOutcome.Skipped))).ToList();
        return failed.Count == 0 || failed.Exists(attempt => attempt.Worker == worker && (attempt.Round ?? 1) == (round ?? 1));
    }

    /// <summary>The catalog's units with the entries only that ran then.</summary>
    /// <param name="worker">On this worker; null: on any.</param>
    public static TestCatalog Select(RunDocument run, TestCatalog catalog, int? worker)
    {
        var known = new RecordedTests(run, catalog.Units.SelectMany(unit => unit.Entries));
        var ran = RanOn(run, worker).Select(known.Find).OfType<TestEntry>().ToHashSet();
        return catalog with
        {
            Units = [.. catalog.Units
                .Select(unit =>
                    unit with { Entries = [.. unit.Entries.Where(ran.Contains)] })
                .Where(unit => !unit.Entries.IsEmpty)],
        };
    }

    /// <summary>The names of tests that ran then and are not among those that were discovered.</summary>
    /// <param name="worker">On this worker; null: on any.</param>
    public static ImmutableArray<string> NotIn(RunDocument run, TestCatalog catalog, int? worker)
    {
        var known = new RecordedTests(run, catalog.Units.SelectMany(unit => unit.Entries).Concat(catalog.Explicit));
        return [.. RanOn(run, worker).Where(test => known.Find(test) is null).Select(test => TestNames.Full(test.Class, test.Name))];
    }

    private static IEnumerable<TestDocument> RanOn(RunDocument run, int? worker) =>
        run.Tests.Where(test => worker is null || test.Attempts.Any(attempt => attempt.Worker == worker));

    private static Dictionary<int, ImmutableArray<Batch>> Batches(
        RunDocument run, TestEntry[] entries, IReadOnlyDictionary<TestEntry, double> predictions,
        IReadOnlyDictionary<TestEntry, TestUnit> units)
    {
        var known = new RecordedTests(run, entries);
        var ran = run.Tests
            .SelectMany(
                test => test.Attempts.Select(
                    attempt => (attempt.Batch, attempt.StartedAt, attempt.Round, Entry: known.Find(test))))
            .Where(test => test.Entry is not null)
            .ToLookup(test => test.Batch);
        return run.Batches
            .Where(batch => ran.Contains(batch.Number))
            .GroupBy(batch => batch.Worker)
            .ToDictionary(group => group.Key, group => group.OrderBy(batch => batch.Number).SelectMany(batch => InOrder(
                [.. ran[batch.Number].OrderBy(test => test.StartedAt).Select(test => test.Entry!).Distinct()], predictions, units)
                    .Select(made => Of(made, ran[batch.Number].Max(test => test.Round))))
                    .ToImmutableArray());
    }

    // The first time is a batch like any other, among tests that run once. Each further time has a process of its own.
    private static Batch Of(Batch batch, int? round) => round > 1 ? Repeats.Again(batch, round.Value) : batch;

    private static FrozenSet<TestEntry> Repeated(RunDocument run, TestEntry[] entries)
    {
        var known = new RecordedTests(run, entries);
        return run.Tests.Where(test => test.Attempts.Any(attempt => attempt.Round is not null)).Select(known.Find).OfType<TestEntry>()
            .ToFrozenSet();
    }

    private static IEnumerable<Batch> InOrder(
        TestEntry[] entries, IReadOnlyDictionary<TestEntry, double> predictions, IReadOnlyDictionary<TestEntry, TestUnit> units)
    {
        var assembly = entries[0].Assembly;
        return assembly.Framework == TestFramework.XUnit2
            ? entries.GroupBy(entry => CollectionOf(units[entry])).Select(Make)
            : [Make(entries)];

        // Classes of one collection keep their order; they may be units of their own.
        static string CollectionOf(TestUnit unit) => unit.SetUps.FirstOrDefault(setUp => setUp.IsBond)?.Name ?? unit.Name;

        Batch Make(IEnumerable<TestEntry> together) =>
            BatchOf.Entries(assembly, together.Select(entry => (entry, predictions[entry])), BatchReasons.Plan, notOnWorker: null);
    }
}
