using ConcurrentTesting.Console;
using ConcurrentTesting.Console.Hosts;
using ConcurrentTesting.Reports;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Reports.Export;
using ConcurrentTesting.Settings;

namespace ConcurrentTesting.Run.Merging;

/// <summary>Writes the artifacts of a run that was merged from several machines, and says what came of it.</summary>
/// <param name="settings">The settings of the merge.</param>
internal sealed class MergedArtifacts(ConcurrentTestSettings settings, Redactor redactor, ILogger logger)
{
    /// <summary>The run's settings, as far as they say what a run is; where its artifacts go is for the merge to say.</summary>
    public static ConcurrentTestSettings SettingsOf(ConcurrentTestSettings run, ConcurrentTestSettings merge) => run with
    {
        Coverage = false,
        Benchmark = false,
        RepeatedArguments = RepeatedArguments.OfParts(run.RepeatedArguments, merge.RepeatedArguments),
        ResultsDirectory = merge.ResultsDirectory,
        JUnitFile = merge.JUnitFile,
        JUnitFormat = merge.JUnitFormat,
        TimingsFile = merge.TimingsFile,
        CompareFile = merge.CompareFile,
        RootDirectory = merge.RootDirectory,
        WorkingDirectory = merge.WorkingDirectory,
        Host = merge.Host,
        Nuke = merge.Nuke,
    };

    /// <param name="notWritten">What was to be written before and is not there.</param>
    public async Task<ConcurrentTestResult> WriteAsync(
        RunRecord record, ImmutableArray<Incident> notWritten, CancellationToken cancellationToken)
    {
        var file = new HistoryFile(settings, (kind, message) => logger.LogWarning("{Kind}: {Message}", kind, message));
        var history = file.Read();
        var unused = UnusedDatabases(record).ToList();
        foreach (var incident in unused)
            logger.LogWarning("{Kind}: {Message}", incident.Kind, redactor.Redact(incident.Message));
        record = record with { History = history.ByTest(), Incidents = [.. record.Incidents, .. unused, .. notWritten] };
        var adding = Task.Run(() => file.AddAsync(history, record, redactor, cancellationToken), cancellationToken);
        var recorded = RecordedValue.All(record.Settings, redactor);
        var incidents = notWritten.AddRange(await RunArtifacts.WriteAsync(record, recorded, redactor, cancellationToken));
        await adding;
        foreach (var incident in incidents)
            logger.LogWarning("{Kind}: {Message}", incident.Kind, PlainText.Escape(redactor.Redact(incident.Message)));
        record = LostArtifacts.From(record, incidents);
        await MetricsPush.PutAsync(
            record with { Settings = record.Settings with { MetricsPushUrl = settings.MetricsPushUrl } }, logger, cancellationToken);
        Tell(record);
        return RunResult.Of(record) with
        {
            ClosingLines = RunConsole.ClosingLines(record, redactor),
            HostCommands = HostCommands.Of(record, redactor),
        };
    }

    // No part knows what the tests of the others used.
    private static IEnumerable<Incident> UnusedDatabases(RunRecord record) =>
        record.ExitCode == ConcurrentTestExitCode.Incomplete || record.Incidents.Any(told => told.Kind == IncidentKinds.DatabaseUnused)
            ? []
            : DatabaseUseFindings.Of(record).Where(finding => finding.Kind == IncidentKinds.DatabaseUnused)
                .Select(finding => new Incident(record.FinishedAt, finding.Kind, finding.Message));

    private void Tell(RunRecord record)
    {
        foreach (var part in record.Parts)
        {
            logger.LogInformation(
                "Part {Part} on {Machine}: {Results} in {Seconds:0.0} s, exit code {ExitCode}", part.Part, part.Machine,
                Quantity.Of(part.Tests, "result"), part.Seconds, part.ExitCode);
        }

        SavedRuns.Tell(record, redactor, logger);
    }
}
