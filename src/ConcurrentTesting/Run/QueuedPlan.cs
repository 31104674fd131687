using ConcurrentTesting.Execution;
using ConcurrentTesting.Queue;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Run;

/// <summary>What a leader fills a run in the queue with, and what all machines have to share.</summary>
internal static class QueuedPlan
{
    public const string Discovery = "discovery";

    /// <param name="fingerprint">What all machines have to share.</param>
    /// <param name="name">The run's name in the queue.</param>
    public static QueuePlan Of(
        ImmutableSortedDictionary<string, string> fingerprint, RunJournal journal, QueuedTests tests, EventLines lines, string name) => new(
            fingerprint,
            lines.Write(EventsOf(journal, tests, lines, name).ToList()),
            [.. tests.Entries.Select(entry => TestOf(entry, tests, journal.Run.Secrets))],
            [.. journal.Catalog!.Units.SelectMany(unit => ItemsOf(unit, journal, tests))]);

    /// <summary>A test as the queue names it.</summary>
    public static string NameOf(TestAssembly assembly, string className, string name) =>
        QueueText.Of($"{assembly.Source}/{TestNames.Full(className, name)}");

    private static QueueTest TestOf(TestEntry entry, QueuedTests tests, Redactor secrets) =>
        new(secrets.Redact(NameOf(entry)), entry.CaseCount)
        {
            Peers = tests.FirstOfPeers(entry),
            NeedsPeers = entry.Need is not null,
        };

    private static string NameOf(TestEntry entry) => NameOf(entry.Assembly, entry.ClassName, entry.DisplayName);

    private static IEnumerable<RunEvent> EventsOf(RunJournal journal, QueuedTests tests, EventLines lines, string name)
    {
        var (run, catalog, plan) = (journal.Run, journal.Catalog!, journal.Plan!);
        var at = run.Recorder.Now;
        yield return new RunStarted
        {
            At = at,
            Run = name,
            Machine = Environment.MachineName,
            Seed = run.Seed,
            Settings = RecordedSettings.Of(run.Settings),
        };
        foreach (var assembly in tests.Assemblies)
            yield return lines.Explain(assembly, at);
        yield return new TestsDiscovered(catalog.CaseCount, catalog.Explicit.Sum(entry => entry.CaseCount)) { At = at };
        foreach (var unit in catalog.Units)
            yield return PlannedUnits.Of(unit, plan.Predictions, journal.Timings!, at);
        yield return new RunPlanned(catalog.CaseCount, run.Settings.Workers, plan.Expected, plan.KnownTimings) { At = at };
        foreach (var happened in Explicit(catalog))
            yield return happened;
    }

    private static IEnumerable<RunEvent> Explicit(TestCatalog catalog)
    {
        var told = new ToldEvents();
        new RunRecorder(TimeProvider.System, told, Quarantine.None).AddExplicit(catalog.Explicit);
        return told.All.Where(happened => happened is not AssemblyFound);
    }

    // An item holds whole classes, so that fixtures run once, and a single class where each class needs untouched databases.
    private static IEnumerable<QueueItem> ItemsOf(TestUnit unit, RunJournal journal, QueuedTests tests)
    {
        var isByClass = journal.Run.Settings.Reset == DatabaseReset.Class;
        var groups = unit.Entries.GroupBy(entry => isByClass ? ClassBatches.GroupOf(entry) : "", StringComparer.Ordinal);
        return groups.Select(entries => new QueueItem
        {
            Assembly = tests.NumberOf(unit.Assembly),
            Tests = [.. entries.Select(tests.NumberOf)],
            Cases = entries.Sum(entry => entry.CaseCount),
            Seconds = entries.Sum(entry => journal.Plan!.Predictions[entry]),
            FailedLast = entries.Any(entry => journal.Timings!.Find(entry)?.LastOutcome is { } last && last != nameof(TestOutcome.Passed)),
            Reason = BatchReasons.Plan,
            IsAlone = isByClass,
            Groups = [.. ExclusiveGroup.Of(entries).Select(group => QueueText.OfGroup(group, journal.Run.Secrets)).Distinct()],
        });
    }

    private sealed class ToldEvents : IRunObserver
    {
        public List<RunEvent> All { get; } = [];

        public void Happened(RunEvent happened) => All.Add(happened);
    }
}
