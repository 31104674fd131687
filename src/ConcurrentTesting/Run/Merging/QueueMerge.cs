using ConcurrentTesting.Queue;
using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Run.Merging;

/// <summary>Makes one run's artifacts out of what its machines have acknowledged in the queue. The verdict is that of the run where it was
/// ended; one that nobody ended is incomplete.</summary>
internal static class QueueMerge
{
    /// <inheritdoc cref="ConcurrentTestRun.MergeAsync"/>
    public static async Task<ConcurrentTestResult> RunAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken)
    {
        var redactor = Redactor.Of(settings);
        var compared = settings.CompareFile is { } file ? ComparedDocument.Read(file) : null;
        var name = QueuedRun.NameOf(settings, Environment.GetEnvironmentVariable);
        var earlier = QueuedRun.EarlierOf(settings, Environment.GetEnvironmentVariable);
        var (found, queued) = await ReadAsync(settings, name, earlier, cancellationToken);
        var record = queued is null
            ? MergedRecord.Without(
                RecordedSettings.Of(settings),
                new RunEnd(ConcurrentTestExitCode.Incomplete, $"There is no run {name} in the queue: no machine has come to join it."),
                DateTimeOffset.UtcNow)
            : VerdictOf(QueuedRecord.Of(found, queued, settings, queued.Seal is not null), queued);
        if (found != name)
        {
            record = Incomplete(
                record,
                $"No machine has begun run {name}; the results are those of the attempt before, {found}. Try all jobs again, which run only what is not done, or give --test-queue-run {found} where its verdict is what you want.");
            logger.LogWarning("{Reason}", record.Reason);
        }

        await using var results = ResultsDirectory.Claim(record.Settings);
        await results.BeginAsync(logger);
        cancellationToken.ThrowIfCancellationRequested();
        ImmutableArray<Incident> notWritten = [];
        if (queued is not null)
        {
            var plan = new EventLines(redactor: null).Read(queued.Plan);
            if (plan.OfType<RunStarted>().Any(started => started.Settings.Coverage))
            {
                logger.LogWarning(
                    "What the tests covered is not merged: each machine has its {File} among its own artifacts", ArtifactNames.Coverage);
            }

            notWritten = await SaveTimingsAsync(record, plan, settings, redactor, logger, cancellationToken);
        }

        return await new MergedArtifacts(settings, redactor, logger).WriteAsync(
            record with { Compared = compared }, notWritten, cancellationToken);
    }

    // No machine has begun this attempt where only the reporting job is tried again, or where all machines died early. The earlier attempts
    // count then.
    private static async Task<(string Name, QueuedResults? Queued)> ReadAsync(
        ConcurrentTestSettings settings, string name, ImmutableArray<string> earlier, CancellationToken cancellationToken)
    {
        await using var connection = new QueueConnection(settings.Queue!, TimeProvider.System, settings.QueuePatience);
        foreach (var run in earlier.Prepend(name))
        {
            var reader = new QueueRun(connection, run, new QueueMachine(Guid.NewGuid(), Environment.MachineName, 0));
            if (await reader.ReadAsync(cancellationToken) is { } queued)
                return (run, queued);
        }

        return (name, null);
    }

    // The same results give the same verdict; where they do not, one of the two is wrong.
    private static RunRecord VerdictOf(RunRecord record, QueuedResults queued) => queued switch
    {
        { IsOld: true, Seal: { } old } => Incomplete(
            record,
            FormattableString.Invariant($"The run was ended at {old.At:u}, more than a day ago, and its verdict says nothing of today: give --test-queue-run the name of a run of today.")),
        { Seal: { } seal } when seal.ExitCode != (int)record.ExitCode => Incomplete(
            record,
            FormattableString.Invariant($"The run was ended with {seal.ExitCode} ({seal.Reason.TrimEnd('.')}), and what lies in the queue comes to {(int)record.ExitCode}: {record.Reason}")),
        _ => record,
    };

    private static RunRecord Incomplete(RunRecord record, string reason) =>
        record with { ExitCode = ConcurrentTestExitCode.Incomplete, Reason = reason };

    private static async Task<ImmutableArray<Incident>> SaveTimingsAsync(
        RunRecord record, ImmutableArray<RunEvent> plan, ConcurrentTestSettings settings, Redactor redactor, ILogger logger,
        CancellationToken cancellationToken)
    {
        var timings = await TimingStore.LoadAsync(
            settings.TimingsFile, message => logger.LogWarning("{Message}", message), cancellationToken);
        timings.Learn(plan.OfType<UnitPlanned>(), record.Tests);
        return await SavedTimings.WriteAsync(settings, timings.ToText(redactor), cancellationToken);
    }
}
