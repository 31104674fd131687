using Prometheus;
using static System.FormattableString;

namespace ConcurrentTesting.Reports.Prometheus;

/// <summary>Writes the figures of a finished run in Prometheus's text format, <c>metrics.prom</c>, for the node exporter's textfile
/// collector or promtool.</summary>
internal static class MetricsFile
{
    private static readonly string[] ErrorCauses = ["crashed", "timed_out", "retired"];
    private static readonly string[] RetryCauses = [.. RetryCounts.Causes.Select(Label)];
    private static readonly string[] RerunCauses =
        [.. new[] { BatchReasons.Requeue, BatchReasons.Alone, BatchReasons.ByName, BatchReasons.Rerun, BatchReasons.Retry }.Select(Label)];
    private static readonly string[] OutsideCauses = ["cleanup", "process_end", "error"];

    /// <exception cref="IOException">The output cannot be written.</exception>
    public static async Task WriteAsync(RunRecord record, Stream output, CancellationToken cancellationToken)
    {
        var registry = Metrics.NewCustomRegistry();
        var metrics = new RunMetrics(registry);
        Tests(record, metrics);
        Workers(record, metrics);
        End(record, metrics);
        await ExportAsync(record, metrics, registry, output, cancellationToken);
    }

    /// <summary>The same of a run that goes on: what only its end decides is not there, and no counter ever decreases.</summary>
    public static async Task WriteAsync(RunRecord record, LiveTests live, Stream output, CancellationToken cancellationToken)
    {
        var registry = Metrics.NewCustomRegistry();
        var metrics = new RunMetrics(registry);
        metrics.Active.Set(live.Active);
        Tests(record with { Tests = live.Settled }, metrics);
        RunningWorkers(record, metrics);
        await ExportAsync(record, metrics, registry, output, cancellationToken);
    }

    private static async Task ExportAsync(
        RunRecord record, RunMetrics metrics, CollectorRegistry registry, Stream output, CancellationToken cancellationToken)
    {
        Errors(record, metrics);
        Retries(record, metrics);
        MeasuredMetrics.Write(record, metrics);
        Run(record, metrics);
        if (record.Database is { } database)
            Databases(database, metrics);

        await registry.CollectAndExportAsTextAsync(output, cancellationToken);
    }

    private static void Tests(RunRecord record, RunMetrics metrics)
    {
        // An outcome, a worker or a count that did not occur is known to be zero, and an alert on it needs the series to exist.
        var outcomes = Enum.GetValues<TestOutcome>();
        var results = Array.ConvertAll(outcomes, outcome => metrics.Results.WithLabels(Label(outcome)));
        var durations = Array.ConvertAll(outcomes, outcome => metrics.TestDuration.WithLabels(Label(outcome)));
        foreach (var test in record.Tests)
        {
            results[(int)test.Outcome].Inc();
            durations[(int)test.Outcome].Observe(NotNegative(test.Final.Duration));
        }

        foreach (var cause in RerunCauses)
            metrics.Reruns.WithLabels(cause).IncTo(0);

        foreach (var cause in record.Tests.Where(test => test.Attempts.Length > 1).SelectMany(test => test.Attempts.Skip(1))
            .Where(IsRerun).CountBy(attempt => Label(attempt.Cause ?? "unknown")))
            metrics.Reruns.WithLabels(cause.Key).IncTo(cause.Value);

        foreach (var kind in OutsideCauses)
            metrics.Outside.WithLabels(kind).IncTo(0);

        foreach (var kind in record.Outside.Where(failure => !failure.IsFlaky).CountBy(failure => Label(failure.Kind)))
            metrics.Outside.WithLabels(kind.Key).IncTo(kind.Value);

        metrics.Discovered.Set(record.Discovered);
        metrics.Flaky.Set(record.Flaky);
        metrics.Muted.Set(record.Totals.Muted);
    }

    // A further time of a test that runs several times is no rerun.
    private static bool IsRerun(TestAttempt attempt) => attempt.Round is null || attempt.Cause is not (null or BatchReasons.Repeat);

    private static void Workers(RunRecord record, RunMetrics metrics)
    {
        metrics.Workers.Set(record.Settings.Workers);
        foreach (var worker in record.StartedWorkers)
        {
            var label = Invariant($"{worker.Number}");
            metrics.WorkerDuration.WithLabels(label).Set(NotNegative(worker.Duration));
            metrics.WorkerBusy.WithLabels(label).Set(NotNegative(worker.Busy));
            metrics.WorkerIdle.WithLabels(label).Set(NotNegative(worker.Duration - worker.Busy));
            metrics.WorkerTests.WithLabels(label).IncTo(worker.Tests);
            metrics.WorkerBatches.WithLabels(label).IncTo(worker.Batches);
            metrics.Recycles.WithLabels(label).IncTo(worker.Recycles);
            metrics.Resets.WithLabels(label).IncTo(worker.Resets);
        }
    }

    /// <summary>How long a worker has been at work is known at its end; its batches are known as they end.</summary>
    private static void RunningWorkers(RunRecord record, RunMetrics metrics)
    {
        metrics.Workers.Set(record.Settings.Workers);
        foreach (var worker in record.Batches.GroupBy(batch => batch.Worker))
        {
            metrics.WorkerTests.WithLabels(Invariant($"{worker.Key}")).IncTo(worker.Sum(batch => batch.Tests));
            metrics.WorkerBatches.WithLabels(Invariant($"{worker.Key}")).IncTo(worker.Count());
        }
    }

    private static void Errors(RunRecord record, RunMetrics metrics)
    {
        foreach (var worker in record.StartedWorkers)
        {
            foreach (var cause in ErrorCauses)
                metrics.WorkerErrors.WithLabels(Invariant($"{worker.Number}"), cause).IncTo(0);
        }

        var crashed = record.Batches.Where(batch => batch.Error is not null).Select(batch => (batch.Worker, Cause: "crashed"));
        var timedOut = record.Tests.Where(test => !IsPassedAtOnce(test)).SelectMany(test => test.Attempts)
            .Where(attempt => attempt.Outcome == TestOutcome.TimedOut).Select(attempt => (attempt.Worker, Cause: "timed_out"));
        var retired = record.Incidents.Where(incident => incident is { Kind: IncidentKinds.WorkerRetired, Worker: not null }).Select(
            incident => (incident.Worker!.Value, Cause: "retired"));
        foreach (var ((worker, cause), count) in crashed.Concat(timedOut).Concat(retired).CountBy(error => error))
            metrics.WorkerErrors.WithLabels(Invariant($"{worker}"), cause).IncTo(count);

        foreach (var kind in IncidentKinds.All)
            metrics.Incidents.WithLabels(Label(kind)).IncTo(0);

        foreach (var (kind, count) in record.Incidents.CountBy(incident => Label(incident.Kind)))
            metrics.Incidents.WithLabels(kind).IncTo(count);
    }

    // This is what most tests do.
    private static bool IsPassedAtOnce(TestRecord test) => test.Attempts is [{ Outcome: TestOutcome.Passed }];

    private static void Retries(RunRecord record, RunMetrics metrics)
    {
        foreach (var cause in RetryCauses)
        {
            metrics.WorkerRetries.WithLabels(cause).IncTo(0);
            metrics.WorkerRetrySuccesses.WithLabels(cause).IncTo(0);
        }

        foreach (var (cause, count) in RetryCounts.Of(record))
        {
            metrics.WorkerRetries.WithLabels(Label(cause)).IncTo(count.Tried);
            metrics.WorkerRetrySuccesses.WithLabels(Label(cause)).IncTo(count.Succeeded);
        }
    }

    private static void Run(RunRecord record, RunMetrics metrics)
    {
        var figures = RunFigures.Of(record);
        metrics.Wall.Set(NotNegative(record.Wall));
        metrics.LowerBound.Set(NotNegative(record.LowerBound));
        metrics.TestTime.Set(NotNegative(record.TestTime));
        metrics.KnownTimings.Set(record.KnownTimings);
        if (record.Parts.IsEmpty)
            metrics.Machines.WithLabels(record.Machine).Set(record.Settings.Workers);
        foreach (var part in record.Parts)
            metrics.Machines.WithLabels(part.Machine).Inc(part.Workers);
        SetIfMeasured(() => metrics.Efficiency, record.Efficiency);
        SetIfMeasured(() => metrics.Speedup, figures.Speedup);
        SetIfMeasured(() => metrics.Imbalance, figures.Imbalance);
    }

    private static void End(RunRecord record, RunMetrics metrics)
    {
        metrics.ExitCode.Set((int)record.ExitCode);
        metrics.FinishTime.Set(record.FinishedAt.ToUnixTimeMilliseconds() / 1000d);
    }

    private static void Databases(DatabaseRecord database, RunMetrics metrics)
    {
        var (hits, misses) = Templates(database);
        metrics.TemplateHits.WithLabels(database.Engine).IncTo(hits);
        metrics.TemplateMisses.WithLabels(database.Engine).IncTo(misses);
        if (database.TemplateTime is { } time)
            metrics.TemplateDuration.WithLabels(database.Engine).Set(NotNegative(time));

        Observe(metrics.CloneDuration, database.Engine, database.CloneTimes);
        Observe(metrics.DropDuration, database.Engine, database.DropTimes);
        foreach (var name in CountNames.Always)
            Count(metrics, database.Engine, name, 0);
        foreach (var (name, count) in database.Counts)
            Count(metrics, database.Engine, name, count);
    }

    /// <summary>The counts know of several templates, the record itself of one.</summary>
    private static (long Hits, long Misses) Templates(DatabaseRecord database)
    {
        var hits = database.Counts.GetValueOrDefault(CountNames.TemplateHits);
        var misses = database.Counts.GetValueOrDefault(CountNames.TemplateMisses);
        return hits + misses > 0 ? (hits, misses) : (database.TemplateHit == true ? 1 : 0, database.TemplateHit == false ? 1 : 0);
    }

    private static void Count(RunMetrics metrics, string engine, string name, long count)
    {
        switch (name)
        {
            case CountNames.TemplateHits or CountNames.TemplateMisses or CountNames.Retries:
                // These are written above, or are the sum of the retries by cause.
                break;
            case CountNames.RetriesSucceeded:
                metrics.DatabaseRetrySuccesses.WithLabels(engine).IncTo(count);
                break;
            case CountNames.Leaked:
                metrics.Leaked.WithLabels(engine).Set(count);
                break;
            default:
                CountByKind(metrics, engine, name, count);
                break;
        }
    }

    private static void CountByKind(RunMetrics metrics, string engine, string name, long count)
    {
        if (name.StartsWith(CountNames.HealthChecks, StringComparison.Ordinal))
            metrics.HealthChecks.WithLabels(engine, name[CountNames.HealthChecks.Length..]).IncTo(count);
        else if (name.StartsWith(CountNames.RetriesByCause, StringComparison.Ordinal))
            metrics.DatabaseRetries.WithLabels(engine, name[CountNames.RetriesByCause.Length..]).IncTo(count);
        else
            metrics.DatabaseEvents.WithLabels(engine, Label(name)).IncTo(count);
    }

    private static void Observe(Histogram histogram, string engine, IEnumerable<TimeSpan> times)
    {
        foreach (var time in times)
            histogram.WithLabels(engine).Observe(NotNegative(time));
    }

    /// <summary>A metric that is not asked for is not declared either.</summary>
    private static void SetIfMeasured(Func<Gauge> gauge, double? value)
    {
        if (value is { } measured)
            gauge().Set(measured);
    }

    private static double NotNegative(TimeSpan time) => Math.Max(0, time.TotalSeconds);

    private static string Label(TestOutcome outcome) => outcome switch
    {
        TestOutcome.Passed => "passed",
        TestOutcome.Failed => "failed",
        TestOutcome.Skipped => "skipped",
        TestOutcome.Error => "error",
        _ => "timed_out",
    };

    /// <summary>Words of the record in the spelling of labels.</summary>
    private static string Label(string word) => word.Replace(' ', '_').Replace('-', '_');
}
