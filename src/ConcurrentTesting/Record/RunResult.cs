using System.Collections.ObjectModel;

namespace ConcurrentTesting.Record;

/// <summary>What a finished run tells whoever called it.</summary>
internal static class RunResult
{
    public static ConcurrentTestResult Of(RunRecord record) => new()
    {
        ExitCode = record.ExitCode,
        Reason = record.Reason,
        Passed = record.Passed,
        Failed = record.Failed,
        Skipped = record.Skipped,
        WallSeconds = record.Wall.TotalSeconds,
        LowerBoundSeconds = record.LowerBound.TotalSeconds,
        Efficiency = record.Efficiency,
        TestSeconds = record.TestTime.TotalSeconds,
        Summary = Summarize(record),
        ResultsDirectory = record.HasArtifacts ? Path.GetFullPath(record.Settings.ResultsDirectory, record.Settings.RootDirectory) : null,
        RepeatedArguments = record.Settings.RepeatedArguments,
        Tests = [.. record.Tests.Select(Of)],
    };

    private static ConcurrentTestSummary Summarize(RunRecord record)
    {
        var figures = RunFigures.Of(record);
        return new ConcurrentTestSummary
        {
            AverageDuration = figures.Average,
            P95Duration = figures.Percentile95,
            Queries = figures.Measured.Queries,
            Writes = figures.Measured.Writes,
            AverageWorkerDuration = record.StartedWorkers.Select(worker => (double?)worker.Duration.Ticks).Average() is { } ticks
                ? TimeSpan.FromTicks((long)ticks)
                : null,
            ConnectionErrors = figures.Measured.ConnectionErrors,
            WorkerRetries = RetryCounts.Of(record).Values.Sum(count => count.Tried),
            Flaky = record.Flaky,
        };
    }

    private static ConcurrentTestCase Of(TestRecord test)
    {
        var figures = test.Final.Figures ?? TestFigures.NotMeasured;
        return new ConcurrentTestCase
        {
            Id = test.Id,
            Assembly = test.Assembly.Name,
            Class = test.ClassName,
            Name = test.Name,
            Outcome = Of(test.Outcome),
            Attempts = test.Attempts.Length,
            IsFlaky = test.IsFlaky,
            Worker = test.Final.Worker,
            Duration = test.Final.Duration,
            Operations = figures.Operations,
            Queries = figures.Queries,
            Reads = figures.Reads,
            Writes = figures.Writes,
            QueryTime = figures.QuerySeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            Connections = figures.Connections,
            ConnectionErrors = figures.ConnectionErrors,
            AllocatedBytes = figures.AllocatedBytes,
            PeakBytes = figures.PeakBytes,
            Figures = ReferenceEquals(figures, TestFigures.NotMeasured)
                ? ReadOnlyDictionary<string, double>.Empty
                : new Dictionary<string, double>(figures.Known()),
        };
    }

    private static ConcurrentTestOutcome Of(TestOutcome outcome) => outcome switch
    {
        TestOutcome.Passed => ConcurrentTestOutcome.Passed,
        TestOutcome.Failed => ConcurrentTestOutcome.Failed,
        TestOutcome.Skipped => ConcurrentTestOutcome.Skipped,
        TestOutcome.TimedOut => ConcurrentTestOutcome.TimedOut,
        _ => ConcurrentTestOutcome.Error,
    };
}
