using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Run;

/// <summary>Set-ups that may guard something else than the database, a port or a file, and are split over workers all the same. The run
/// names each once, and again where a failure looks like it.</summary>
internal static partial class SplitGuards
{
    private const int MostNamed = 5;

    /// <summary>Names what the plan splits.</summary>
    public static void Report(RunRecorder recorder, TestCatalog catalog, Plan plan, int workers)
    {
        var guards = In(catalog, plan, workers);
        foreach (var guard in guards.Take(MostNamed))
            recorder.Report(IncidentKinds.GuardSplit, guard.Sentence("runs"));
        if (guards.Length > MostNamed)
        {
            recorder.Report(
                IncidentKinds.GuardSplit,
                $"The tests of {Quantity.Of(guards.Length - MostNamed, "more collection")} like these run on several workers; --test-granularity collection keeps each collection together");
        }
    }

    /// <summary>Names what was split where a test failed as tests do that share a port or a file.</summary>
    public static void ReportSuspects(RunRecorder recorder, TestCatalog catalog, Plan plan, int workers)
    {
        var guards = In(catalog, plan, workers);
        if (guards.IsEmpty)
            return;
        var suspects = recorder.Tests.SelectMany(
            test => test.Attempts.Where(IsSuspect).Take(1).Select(attempt => (Test: test, attempt.Message)));
        var found = suspects.SelectMany(
            suspect => Around(suspect.Test, guards).Select(guard => (Guard: guard, suspect.Test, suspect.Message)));
        foreach (var guard in found.GroupBy(item => item.Guard).Take(MostNamed))
        {
            var (_, test, message) = guard.First();
            recorder.Report(
                IncidentKinds.GuardSuspected,
                $"{test.ClassName}.{test.Name} failed with \"{FirstLine.Marked(message!.Trim())}\": {guard.Key.Sentence("ran")}");
        }
    }

    /// <summary>Whether a message is of one process that found a port or a file in another's hands.</summary>
    public static bool IsSharedResource(string message) => SharedResource().IsMatch(message);

    private static bool IsSuspect(TestAttempt attempt) =>
        attempt.Outcome == TestOutcome.Failed && attempt.Message is { } message && IsSharedResource(message);

    // The test's own guards come first; a test outside of all guards may have met a test of any of them.
    private static IEnumerable<SplitGuard> Around(TestRecord test, ImmutableArray<SplitGuard> guards)
    {
        var own = guards.Where(guard => guard.Assembly == test.Assembly && guard.Classes.Contains(test.ClassName)).ToList();
        return own.Count > 0 ? own : guards;
    }

    private static ImmutableArray<SplitGuard> In(TestCatalog catalog, Plan plan, int workers)
    {
        // A further time of a test does not count here: it is kept apart from the first time where it has to be.
        var batches = plan.Batches.Where(batch => batch.Reason != BatchReasons.Repeat)
            .SelectMany((batch, index) => batch.Entries.Select(entry => (entry, index)))
            .ToLookup(item => item.entry, item => item.index);
        return [.. catalog.Units.SelectMany(unit => unit.SetUps.Where(setUp => setUp.Guard is not null).Select(setUp => (setUp, unit)))
            .GroupBy(pair => (pair.setUp, pair.unit.Assembly), pair => pair.unit)
            .Select(guard => new SplitGuard(
                guard.Key.setUp,
                guard.Key.Assembly,
                Math.Min(workers, guard.SelectMany(unit => unit.Entries).SelectMany(entry => batches[entry]).Distinct().Count()),
                [.. guard.SelectMany(unit => unit.Entries).Select(entry => entry.ClassName)]))
            .Where(guard => guard.Workers > 1)];
    }

    [GeneratedRegex(
        "address already in use|EADDRINUSE|only one usage of each socket address|being used by another process|sharing violation|failed to bind to address", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SharedResource();

    private sealed record SplitGuard(SharedSetUp SetUp, TestAssembly Assembly, int Workers, ImmutableHashSet<string> Classes)
    {
        public string Sentence(string runs)
        {
            var name = SetUp.Name == "assembly" ? $"the assembly-wide collection of {Assembly.Name}" : SetUp.Name;
            var handle = SetUp.Handle.Any(char.IsWhiteSpace) ? $"\"{SetUp.Handle}\"" : SetUp.Handle;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{name} {SetUp.Guard} and {runs} on {Workers} workers; if it guards more than the database: --test-together {handle}");
        }
    }
}
