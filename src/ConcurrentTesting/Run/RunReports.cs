using ConcurrentTesting.Console;
using ConcurrentTesting.Console.Hosts;
using ConcurrentTesting.Reports;
using ConcurrentTesting.Reports.Export;
using ConcurrentTesting.Reports.Live;
using ConcurrentTesting.Run.Merging;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Scheduling.Sharding;
using ConcurrentTesting.Settings;

namespace ConcurrentTesting.Run;

/// <summary>The end of every run, however it went: artifacts, timings, the last words on the console.</summary>
internal static class RunReports
{
    private const int MostTold = 10;

    /// <param name="live">Shows the run to who watches it; null: nobody asked for it.</param>
    public static async Task<ConcurrentTestResult> WriteAsync(
        RunJournal journal, RunEnd end, RunConsole console, ResultsDirectory results, LiveServer? live)
    {
        // A run that is cancelled still writes its reports.
        var cancellationToken = CancellationToken.None;
        var settings = journal.Run.Settings;
        var worked = journal.Run.Recorder.ToRecord(end);
        DateTimeOffset? finishedAt = null;
        var writes = !settings.List && await TakePlaceAsync(results, journal, worked);
        if (writes)
        {
            var file = new HistoryFile(settings, (kind, message) => journal.Run.Recorder.Report(kind, message));
            var reading = Task.Run(file.Read, cancellationToken);
            TellFewerRows(journal);
            ImmutableArray<Incident> lost;
            using (journal.Phase(PhaseNames.Timings))
                lost = await SaveTimingsAsync(journal, worked, console.Redactor, isComplete: end.ExitCode is null, cancellationToken);
            foreach (var (kind, message) in DatabaseUseFindings.Of(worked))
                journal.Run.Recorder.Report(kind, message);
            if (journal is { Catalog: { } catalog, Plan: { } plan })
                SplitGuards.ReportSuspects(journal.Run.Recorder, catalog, plan, settings.Workers);
            lost = [.. lost, .. await WriteCoverageAsync(journal, cancellationToken), .. journal.FindGaps()];
            var history = await reading;
            journal.Remember(history.ByTest());
            Report(journal, lost);
            var record = journal.End(EndWithout(lost, worked, end));
            finishedAt = record.FinishedAt;
            using (journal.Phase(PhaseNames.Reports))
            {
                // No report reads the history file.
                var adding = Task.Run(() => file.AddAsync(history, record, console.Redactor, cancellationToken), cancellationToken);
                ImmutableArray<Incident> incidents =
                [
                    .. await WritePlanAsync(journal, cancellationToken),
                    .. await RunArtifacts.WriteAsync(
                        record, RecordedValue.All(record.Settings, console.Redactor), console.Redactor, cancellationToken),
                ];
                await adding;
                incidents = [.. incidents, .. journal.FindGaps()];
                Report(journal, incidents);
                end = EndWithout(lost.Concat(incidents), worked, end);
            }
        }

        // The artifacts cannot know how long writing them took, so the record ends when they say.
        var final = journal.ToRecord(end, finishedAt) with { HasArtifacts = writes };
        if (!settings.List)
        {
            await MetricsPush.PutAsync(final with { Settings = settings }, journal.Run.Log, cancellationToken);
            RunTrace.Export(final, console.Redactor, Environment.GetEnvironmentVariable, journal.Run.Log);
        }
        results.Seal = writes ? PartSeal.Of(final, journal.Shared) : null;
        console.Finish(final);
        await TellEndAsync(live, final);
        return RunResult.Of(final) with
        {
            ClosingLines = RunConsole.ClosingLines(final, console.Redactor),
            HostCommands = HostCommands.Of(final, console.Redactor),
        };
    }

    private static async Task TellEndAsync(LiveServer? live, RunRecord final)
    {
        var report = Path.Combine(final.Settings.ResultsDirectory, ArtifactNames.Report);
        if (live is not null)
            await live.EndAsync(final, final.HasArtifacts && File.Exists(report) ? report : null);
    }

    // A refused run, or one with a wrong setting, says nothing of the tests, so the last run's artifacts stay.
    private static async Task<bool> TakePlaceAsync(ResultsDirectory results, RunJournal journal, RunRecord record)
    {
        if (!results.HasBegun && record.ExitCode is (ConcurrentTestExitCode.Refused or ConcurrentTestExitCode.BadSettings))
            return false;
        await journal.BeginAsync(
            results, comesToNothing: !LastFailures.KnowsTests((int)record.ExitCode, record.Tests.Length + record.Outside.Length));
        return true;
    }

    private static async Task<ImmutableArray<Incident>> WriteCoverageAsync(RunJournal journal, CancellationToken cancellationToken)
    {
        var run = journal.Run;
        if (run.Recorder.Batches.All(batch => batch.Coverage is null))
            return [];
        using var phase = journal.Phase(PhaseNames.Coverage);
        (var coverage, var notWritten) = await CoverageMerge.WriteAsync(
            run.Recorder.Batches, run.Settings, run.Time.GetUtcNow(), cancellationToken);
        if (coverage is not null)
            run.Recorder.Add(new CoverageMerged(coverage) { At = run.Recorder.Now });
        return notWritten is null ? [] : [notWritten];
    }

    private static async Task<ImmutableArray<Incident>> WritePlanAsync(RunJournal journal, CancellationToken cancellationToken)
    {
        if (journal.ShardPlan is not { } plan)
            return [];
        var path = Path.Combine(journal.Run.Settings.ResultsDirectory, ArtifactNames.Plan);
        return await RunArtifacts.TryWriteAsync(
            path, stream => stream.WriteAsync(ShardPlanFile.Write(plan), cancellationToken).AsTask(), journal.Run.Time.GetUtcNow(),
            cancellationToken)
            is { } incident ? [incident] : [];
    }

    private static void Report(RunJournal journal, IEnumerable<Incident> incidents)
    {
        foreach (var incident in incidents)
            journal.Run.Recorder.Report(incident.Kind, incident.Message, incident.Worker);
    }

    // A reader of the artifacts would miss the lost results, so the run is no success.
    private static RunEnd EndWithout(IEnumerable<Incident> lost, RunRecord worked, RunEnd end) =>
        worked.ExitCode == ConcurrentTestExitCode.Success && LostArtifacts.Without(lost, worked.Reason) is { } reason
            ? new RunEnd(ConcurrentTestExitCode.Incomplete, reason)
            : end;

    // Rows come from files, databases and clocks: fewer rows than before are no failure, but may be a mistake.
    private static void TellFewerRows(RunJournal journal)
    {
        if (journal is not { Timings: { } timings, Catalog: { } catalog })
            return;
        var fewer = timings.WithFewerRows(catalog, journal.Run.Recorder.Tests).ToList();
        foreach (var (test, before, now) in fewer.Take(MostTold))
        {
            journal.Run.Recorder.Report(
                IncidentKinds.FewerRows,
                $"{TestNames.Full(test.ClassName, test.DisplayName)} gave {Quantity.Of(now, "row")}; in the last run it gave {Quantity.Of(before, "row")}. Check where its data comes from.");
        }

        if (fewer.Count > MostTold)
        {
            journal.Run.Recorder.Report(
                IncidentKinds.FewerRows,
                $"{Quantity.Of(fewer.Count - MostTold, "more test")} gave fewer rows than in the last run.");
        }
    }

    /// <param name="worked">What the run came to before its reports.</param>
    /// <param name="isComplete">It came to its end.</param>
    /// <returns>What could not be written.</returns>
    private static async Task<ImmutableArray<Incident>> SaveTimingsAsync(
        RunJournal journal, RunRecord worked, Redactor redactor, bool isComplete, CancellationToken cancellationToken)
    {
        if (journal is not { Timings: { } timings, Catalog: { } catalog })
            return [];

        var settings = journal.Run.Settings;
        isComplete &= settings is { Filter: null, OnlyFailed: false, Shard: null, Budget: null }
            && catalog.Assemblies.All(assembly => assembly.Filter is null);
        foreach (var assembly in catalog.Assemblies)
            timings.LearnContent(assembly, AssemblyContent.Of(assembly.Path), worked.StartedAt);
        timings.Learn(catalog, worked.Tests, isComplete);
        BatchCosts.Learn(
            timings, catalog, worked, PlanCosts.For(settings.Workers, Environment.ProcessorCount, known: 1).Loading);
        return await SavedTimings.WriteAsync(settings, timings.ToText(redactor), cancellationToken);
    }
}
