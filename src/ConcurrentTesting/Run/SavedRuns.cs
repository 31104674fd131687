using ConcurrentTesting.Console;
using ConcurrentTesting.Console.Hosts;
using ConcurrentTesting.Reports;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Settings;

namespace ConcurrentTesting.Run;

/// <summary>Makes the reports of earlier runs again, each where its journal lies. Nothing runs; the verdict is the run's own.</summary>
internal static class SavedRuns
{
    // The first of these that applies decides, as in a run.
    private static readonly ImmutableArray<ConcurrentTestExitCode> Worst =
    [
        ConcurrentTestExitCode.Cancelled, ConcurrentTestExitCode.Refused, ConcurrentTestExitCode.BadSettings,
        ConcurrentTestExitCode.Incomplete,
        ConcurrentTestExitCode.TestsFailed, ConcurrentTestExitCode.Success,
    ];

    /// <exception cref="ConcurrentTestException">A journal cannot be read, or its folder cannot be written.</exception>
    public static async Task<ConcurrentTestResult> ReportAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken)
    {
        // All journals are read first, so that an unreadable one leaves the others' reports as they are.
        var journals = settings.ReportFrom.Select(path => SavedJournal.Read(Path.GetFullPath(path, settings.WorkingDirectory))).ToList();
        var results = new List<ConcurrentTestResult>();
        foreach (var journal in journals)
            results.Add(await ReportAsync(journal, settings, logger, cancellationToken));
        return results.MinBy(result => Worst.IndexOf(result.ExitCode))!;
    }

    private static async Task<ConcurrentTestResult> ReportAsync(
        SavedJournal journal, ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken)
    {
        var redactor = Redactor.Of(settings);
        var record = journal.ToRecord();
        await using var results = ResultsDirectory.Claim(record.Settings);
        logger.LogInformation("The reports of run {RunId} are made again from {Journal}", record.RunId, journal.Path);
        await results.BeginAgainAsync(logger);
        (record, var lostCoverage) = await WithCoverageAsync(record, cancellationToken);
        var recorded = RecordedValue.All(record.Settings, redactor);
        var incidents = await RunArtifacts.WriteAsync(record, recorded, redactor, cancellationToken);
        foreach (var incident in incidents)
            logger.LogWarning("{Kind}: {Message}", incident.Kind, PlainText.Escape(redactor.Redact(incident.Message)));
        record = LostArtifacts.From(record, incidents.AddRange(lostCoverage));
        Tell(record, redactor, logger);
        return RunResult.Of(record) with
        {
            ClosingLines = RunConsole.ClosingLines(record, redactor),
            HostCommands = HostCommands.Of(record with { Settings = record.Settings with { Host = settings.Host } }, redactor),
        };
    }

    // The collectors' files of a run that did not come to its end have not been merged yet.
    private static async Task<(RunRecord Record, ImmutableArray<Incident> Lost)> WithCoverageAsync(
        RunRecord record, CancellationToken cancellationToken)
    {
        if (record.Coverage is not null || record.Batches.All(batch => batch.Coverage is null))
            return (record, []);
        var (coverage, notWritten) = await CoverageMerge.WriteAsync(record.Batches, record.Settings, record.FinishedAt, cancellationToken);
        ImmutableArray<Incident> lost = notWritten is null ? [] : [notWritten];
        return (record with { Coverage = coverage, Incidents = record.Incidents.AddRange(lost) }, lost);
    }

    /// <summary>Prints the failures and what a record comes to.</summary>
    public static void Tell(RunRecord record, Redactor redactor, ILogger logger)
    {
        var failures = new FailurePrinter(record.Settings, redactor, logger);
        foreach (var test in record.Entries.Where(test => test.Outcome is TestOutcome.Failed or TestOutcome.TimedOut))
            failures.Print(test);
        failures.Finish();
        logger.LogInformation("{Summary}", string.Join('\n', RunClosing.Lines(record, redactor)));
    }
}
