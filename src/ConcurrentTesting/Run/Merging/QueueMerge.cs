using ConcurrentTesting.Queue;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Run.Merging;

/// <summary>
/// Makes one run's artifacts out of what its machines have acknowledged in the queue. The verdict is that of the run where it was ended;
/// one that nobody ended is incomplete.
/// </summary>
internal static class QueueMerge
{
    /// <inheritdoc cref="ConcurrentTestRun.MergeAsync"/>
    public static async Task<ConcurrentTestResult> RunAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken)
    {
        var redactor = Redactor.Of(settings);
        var compared = settings.CompareFile is { } file ? ComparedDocument.Read(file) : null;
        var name = QueuedRun.NameOf(settings, Environment.GetEnvironmentVariable);
        var queued = await ReadAsync(settings, name, cancellationToken);
        var record = queued is null
            ? MergedRecord.Without(
                RecordedSettings.Of(settings),
                new RunEnd(ConcurrentTestExitCode.Incomplete, $"There is no run {name} in the queue: no machine has come to join it."),
                DateTimeOffset.UtcNow)
            : VerdictOf(QueuedRecord.Of(name, queued, settings, queued.Seal is not null), queued.Seal);
        await using var results = ResultsDirectory.Claim(record.Settings);
        await results.BeginAsync(logger);
        cancellationToken.ThrowIfCancellationRequested();
        if (queued is not null)
            await SaveTimingsAsync(record, queued, settings, redactor, logger, cancellationToken);
        return await new MergedArtifacts(settings, redactor, logger).WriteAsync(record with { Compared = compared }, [], cancellationToken);
    }

    private static async Task<QueuedResults?> ReadAsync(ConcurrentTestSettings settings, string name, CancellationToken cancellationToken)
    {
        await using var connection = new QueueConnection(settings.Queue!, TimeProvider.System, settings.QueuePatience);
        var reader = new QueueRun(connection, name, new QueueMachine(Guid.NewGuid(), Environment.MachineName, 0));
        return await reader.ReadAsync(cancellationToken);
    }

    // The same results come to the same verdict; where they do not, something is wrong with one of the two.
    private static RunRecord VerdictOf(RunRecord record, QueueSeal? seal) => seal is null || seal.ExitCode == (int)record.ExitCode
        ? record
        : record with
        {
            ExitCode = ConcurrentTestExitCode.Incomplete,
            Reason = FormattableString.Invariant($"The run was ended with {seal.ExitCode} ({seal.Reason.TrimEnd('.')}), and what lies in the queue comes to {(int)record.ExitCode}: {record.Reason}"),
        };

    private static async Task SaveTimingsAsync(
        RunRecord record, QueuedResults queued, ConcurrentTestSettings settings, Redactor redactor, ILogger logger,
        CancellationToken cancellationToken)
    {
        try
        {
            var timings = await TimingStore.LoadAsync(
                settings.TimingsFile, message => logger.LogWarning("{Message}", message), cancellationToken);
            timings.Learn(new EventLines(redactor: null).Read(queued.Plan).OfType<UnitPlanned>(), record.Tests);
            foreach (var path in new[] { settings.TimingsFile, Path.Combine(settings.ResultsDirectory, ArtifactNames.Timings) })
                await timings.SaveAsync(path, redactor, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("The durations for the next run could not be written: {Reason}", exception.Message);
        }
    }
}
