using System.Text.Json.Nodes;

namespace ConcurrentTesting.Reports.RunJson;

/// <summary>Makes the document from the record.</summary>
internal static class RunDocumentSource
{
    /// <summary>The document but for its tests, which are what is large in it; see <see cref="TestLines"/>.</summary>
    /// <param name="settings">What is written of the run's settings.</param>
    public static RunDocument WithoutTests(RunRecord record, JsonObject settings, Redactor redactor)
    {
        var retries = RetryCounts.Of(record);
        return new RunDocument
        {
            Run = record.RunId,
            Workers = record.Settings.Workers,
            Seed = record.Seed,
            Host = record.Settings.Host,
            Nuke = record.Settings.Nuke,
            StartedAt = record.StartedAt.ToUniversalTime(),
            FinishedAt = record.FinishedAt.ToUniversalTime(),
            Settings = settings,
            Discovered = record.Discovered,
            Explicit = record.Explicit,
            LeftOut = record.LeftOut,
            Outcome = record.ExitCode.ToString(),
            ExitCode = (int)record.ExitCode,
            Reason = redactor.Redact(record.Reason),
            Tests = [],
            Outside = [.. record.Outside.Select(failure => From(failure, redactor))],
            Batches = [.. record.Batches.Select(batch => From(batch, record.Settings.ResultsDirectory, redactor))],
            LowerBoundSeconds = record.LowerBound.TotalSeconds,
            WallSeconds = record.Wall.TotalSeconds,
            Efficiency = record.Efficiency,
            Summary = Summarize(record, retries),
            Incidents = [.. record.Incidents.Select(
                incident => incident with { At = incident.At.ToUniversalTime(), Message = redactor.Redact(incident.Message) })],
            Machine = record.Machine,
            WorkerTimes = [.. record.Workers.Select(From)],
            Database = record.Database is { } database ? From(database, DatabaseUse.Of(record), redactor) : null,
            Overrides = [.. record.Overrides.Select(text => redactor.Redact(text))],
            Retries = retries,
            Phases = record.Phases,
            Benchmark = record.Settings.Benchmark ? From(RunBenchmark.Of(record), redactor) : null,
            Coverage = record.Coverage,
            Shard = record.Shard,
            Parts = record.Parts,
        };
    }

    private static OutsideDocument From(OutsideFailure failure, Redactor redactor) => new()
    {
        Kind = failure.Kind,
        Name = redactor.Redact(failure.Name),
        Assembly = failure.Assembly.Name,
        Framework = failure.Assembly.TargetFramework,
        Workers = failure.Workers,
        Message = Capped(failure.Message, TextCap.Message, redactor)!,
        Stack = Capped(failure.StackTrace, TextCap.Stream, redactor),
        Classes = failure.Classes,
        Flaky = failure.IsFlaky,
    };

    private static BenchmarkDocument From(RunBenchmark benchmark, Redactor redactor) => new()
    {
        Phases = [.. benchmark.Phases.Select(part => new PartDocument(part.Name, part.Time.TotalSeconds))],
        WorkerTime = [.. benchmark.WorkerTime.Select(part => new PartDocument(part.Name, part.Time.TotalSeconds))],
        SequentialSeconds = benchmark.Sequential.TotalSeconds,
        SpeedUp = benchmark.SpeedUp,
        Imbalance = benchmark.Imbalance,
        Slowest = [.. benchmark.Slowest.Select(test => redactor.Redact(test.Id))],
        MostQueries = [.. benchmark.MostQueries.Select(test => redactor.Redact(test.Id))],
        SuspectedQueries =
            [.. benchmark.Suspected.Select(
                query => new SuspectedQueryDocument(redactor.Redact(query.Test.Id), query.Count, redactor.Redact(query.Text)))],
    };

    private static BatchDocument From(BatchRecord batch, string results, Redactor redactor) => new()
    {
        Worker = batch.Worker,
        StartedAt = batch.StartedAt.ToUniversalTime(),
        Seconds = batch.Duration.TotalSeconds,
        Tests = batch.Tests,
        Reason = batch.Reason,
        Number = batch.Number,
        Assembly = batch.Assembly.Name,
        Framework = batch.Assembly.TargetFramework,
        Database = batch.Database,
        Trx = batch.TrxFile is { } file ? Path.GetRelativePath(results, file) : null,
        Error = Capped(batch.Error, TextCap.Message, redactor),
    };

    private static WorkerDocument From(WorkerRecord worker) => new()
    {
        Worker = worker.Number,
        StartedAt = worker.StartedAt.ToUniversalTime(),
        Seconds = worker.Duration.TotalSeconds,
        BusySeconds = worker.Busy.TotalSeconds,
        Batches = worker.Batches,
        Tests = worker.Tests,
        Recycles = worker.Recycles,
        Resets = worker.Resets,
        CloneSeconds = worker.Cloning.TotalSeconds,
        StartSeconds = worker.Starting.TotalSeconds,
        FirstTestSeconds = worker.FirstTest?.TotalSeconds,
        NotStarted = worker.NotStarted,
        Machine = worker.Machine,
    };

    private static UseDocument From(DatabaseUse use) => new()
    {
        Database = use.Database,
        Worker = use.Worker,
        Used = use.IsUsed,
        Connections = use.Connections,
        Operations = use.Drivers?.Operations,
        Reads = use.Drivers?.Reads,
        Writes = use.Drivers?.Writes,
        UnseenSessions = use.UnseenSessions,
    };

    private static DatabaseDocument From(DatabaseRecord database, ImmutableArray<DatabaseUse> uses, Redactor redactor) => new()
    {
        Engine = database.Engine,
        Template = database.Template is { } template ? redactor.Redact(template) : null,
        Fingerprint = database.Fingerprint,
        TemplateHit = database.TemplateHit,
        TemplateSeconds = database.TemplateTime?.TotalSeconds,
        CloneSeconds = [.. database.CloneTimes.Select(time => time.TotalSeconds)],
        DropSeconds = [.. database.DropTimes.Select(time => time.TotalSeconds)],
        Counts = database.Counts,
        Statistics = database.Statistics,
        Uses = [.. uses.Select(From)],
        Kept = [.. database.Kept.Select(kept => kept with { How = redactor.Redact(kept.How) })],
    };

    private static SummaryDocument Summarize(RunRecord record, ImmutableSortedDictionary<string, RetryCount> retries)
    {
        var figures = RunFigures.Of(record);
        return new SummaryDocument
        {
            Passed = record.Passed,
            Failed = record.Failed,
            Skipped = record.Skipped,
            Errors = record.Totals.Errors,
            TimedOut = record.Totals.TimedOut,
            Flaky = record.Flaky,
            TestSeconds = record.TestTime.TotalSeconds,
            AverageSeconds = figures.Average?.TotalSeconds,
            P95Seconds = figures.Percentile95?.TotalSeconds,
            Speedup = figures.Speedup,
            AverageWorkerSeconds = record.StartedWorkers.Select(worker => (double?)worker.Duration.TotalSeconds).Average(),
            KnownTimings = record.KnownTimings,
            Queries = figures.Measured.Queries,
            Writes = figures.Measured.Writes,
            ConnectionErrors = figures.Measured.ConnectionErrors,
            WorkerRetries = retries.Values.Sum(count => count.Tried),
        };
    }

    /// <summary>The text without secrets, at most so many bytes of it.</summary>
    public static string? Capped(string? text, int limit, Redactor redactor) =>
        text is null ? null : TextCap.Apply(redactor.Redact(text), limit);
}
