using System.Text.Json.Nodes;
using ConcurrentTesting.Reports.Html;
using ConcurrentTesting.Reports.JUnit;
using ConcurrentTesting.Reports.Markdown;
using ConcurrentTesting.Reports.Prometheus;
using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Reports.Trx;

namespace ConcurrentTesting.Reports;

/// <summary>Writes everything that a run leaves behind for people and for other tools.</summary>
internal static class RunArtifacts
{
    /// <summary>Writes <c>test-results.trx</c>, the JUnit file, <c>metrics.prom</c>, <c>run.json</c>, <c>report.html</c> and
    /// <c>summary.md</c>. What stops one of them stops no other.</summary>
    /// <param name="settings">What run.json has of the settings.</param>
    /// <param name="redactor">Knows more secrets than the settings hold, for example the passwords of the workers' databases.</param>
    /// <returns>
    /// What could not be written, and what was wrong with the test hosts' own files, as incidents. Those of the test hosts' files are in
    /// the artifacts too.
    /// </returns>
    /// <exception cref="OperationCanceledException">
    /// Of <paramref name="cancellationToken"/>; what was complete by then is there.
    /// </exception>
    public static async Task<ImmutableArray<Incident>> WriteAsync(
        RunRecord record, JsonObject settings, Redactor redactor, CancellationToken cancellationToken)
    {
        var results = record.Settings.ResultsDirectory;
        var attachments = new AttachmentFolder(results);
        var incidents = ImmutableArray.CreateBuilder<Incident>();

        incidents.AddRange((await HostFiles.RedactAsync(results, redactor, cancellationToken))
            .Select(failure =>
                new Incident(
                    record.FinishedAt, IncidentKinds.SecretNotRemoved,
                    $"{failure.File} may hold a password that could not be taken out of it: {failure.Reason} Delete it before you publish the artifacts.")));

        // Each report takes a core. Reports without attachments do not wait for the TRX file, whose inputs are seldom damaged.
        var known = With(record, incidents.ToImmutable());
        var early = WriteAllAsync(WithoutAttachments(known, settings, redactor, cancellationToken), record.FinishedAt, cancellationToken);
        var rest = WriteTrxAndItsReadersAsync(known, attachments, redactor, cancellationToken);
        await Task.WhenAll(early, rest);
        var (found, lost) = await rest;
        if (!found.IsEmpty)
        {
            early = WriteAllAsync(
                WithoutAttachments(With(known, found), settings, redactor, cancellationToken), record.FinishedAt, cancellationToken);
        }

        incidents.AddRange(found);
        incidents.AddRange(lost);
        incidents.AddRange(await early);
        var told = With(record, incidents.ToImmutable());
        if (LostArtifacts.From(told, told.Incidents) is { } worse && worse.ExitCode != record.ExitCode)
        {
            // The reports say that another one could not be written, as the exit code does, so they are written once more.
            await WriteAllAsync(
                WithoutAttachments(worse, settings, redactor, cancellationToken)
                    .Concat(WithAttachments(worse, attachments, redactor, cancellationToken)),
                record.FinishedAt, cancellationToken);
        }

        return incidents.ToImmutable();
    }

    private static RunRecord With(RunRecord record, ImmutableArray<Incident> incidents) =>
        incidents.IsEmpty ? record : record with { Incidents = [.. record.Incidents, .. incidents] };

    // The TRX file comes first, because the others tell what it found and where the attachments lie.
    private static async Task<(ImmutableArray<Incident> Found, ImmutableArray<Incident> Lost)> WriteTrxAndItsReadersAsync(
        RunRecord record, AttachmentFolder attachments, Redactor redactor, CancellationToken cancellationToken)
    {
        var path = PathOf(record, ArtifactNames.MergedTrx);
        var found = await Task.Run(
            () => WriteTrxAsync(record, path, attachments, redactor, cancellationToken), CancellationToken.None);
        var readers = WithAttachments(With(record, found), attachments, redactor, cancellationToken);
        return (found, await WriteAllAsync(readers, record.FinishedAt, cancellationToken));
    }

    private static async Task<ImmutableArray<Incident>> WriteAllAsync(
        IEnumerable<(string Path, Func<Stream, Task> Write)> files, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var written = await Task.WhenAll(files.Select(file => Task.Run(
            () => TryWriteAsync(file.Path, file.Write, at, cancellationToken), CancellationToken.None)));
        return [.. written.OfType<Incident>()];
    }

    private static IEnumerable<(string Path, Func<Stream, Task> Write)> WithAttachments(
        RunRecord record, AttachmentFolder attachments, Redactor redactor, CancellationToken cancellationToken)
    {
        var text = new ReportText(redactor);
        yield return (record.Settings.JUnitFile ?? PathOf(record, ArtifactNames.JUnit), stream =>
            Now(() => JUnitWriter.Write(record, stream, attachments, text, cancellationToken)));
        yield return (PathOf(record, ArtifactNames.Report), stream =>
            Now(() => HtmlReport.Write(record, stream, attachments, text)));
    }

    private static IEnumerable<(string Path, Func<Stream, Task> Write)> WithoutAttachments(
        RunRecord record, JsonObject settings, Redactor redactor, CancellationToken cancellationToken)
    {
        var text = new ReportText(redactor);
        yield return (PathOf(record, ArtifactNames.Run), stream =>
            Now(() => RunJsonFile.Write(record, settings, stream, redactor, cancellationToken)));
        yield return (PathOf(record, ArtifactNames.Metrics), stream => MetricsFile.WriteAsync(record, stream, cancellationToken));
        yield return (PathOf(record, ArtifactNames.Summary), stream =>
            stream.WriteAsync(Encoding.UTF8.GetBytes(SummaryMarkdown.Of(record, text)), cancellationToken).AsTask());
    }

    private static string PathOf(RunRecord record, string name) => Path.Combine(record.Settings.ResultsDirectory, name);

    private static async Task<ImmutableArray<Incident>> WriteTrxAsync(
        RunRecord record, string path, AttachmentFolder attachments, Redactor redactor, CancellationToken cancellationToken)
    {
        if (record.Batches.Any(batch => batch.TrxFile is { } input && Path.GetFullPath(input) == Path.GetFullPath(path)))
            return [NotWritten(path, "a test host has written its own results there", record.FinishedAt)];

        ImmutableArray<Incident> found = [];
        var failure = await TryWriteAsync(
            path,
            stream => Now(() => found = TrxMerger.Merge(record, stream, attachments, new ReportText(redactor), cancellationToken)),
            record.FinishedAt,
            cancellationToken);
        return failure is null ? found : [.. found, failure];
    }

    /// <summary>Writes one artifact; what stops it becomes an incident.</summary>
    public static async Task<Incident?> TryWriteAsync(
        string path, Func<Stream, Task> write, DateTimeOffset at, CancellationToken cancellationToken)
    {
        try
        {
            await ArtifactFile.WriteAsync(path, write, cancellationToken);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return NotWritten(path, exception.Message, at);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A defect of ours in one report must not cost the others.
            return NotWritten(path, exception.ToString(), at);
        }
    }

    private static Incident NotWritten(string path, string cause, DateTimeOffset at) =>
        new(at, IncidentKinds.ArtifactNotWritten,
            $"{path} was not written: {cause.TrimEnd('.')}. Make room, or choose another place by --test-results-directory or --test-junit-file.");

    private static Task Now(Action write)
    {
        write();
        return Task.CompletedTask;
    }
}
