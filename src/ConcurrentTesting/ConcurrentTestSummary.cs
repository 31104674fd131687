namespace ConcurrentTesting;

/// <summary>A run in a few figures. Null is what there was nothing to derive from, or what was not measured; never zero.</summary>
public sealed record ConcurrentTestSummary
{
    /// <summary>How long the tests that ran took on average, their last attempts.</summary>
    public TimeSpan? AverageDuration { get; init; }

    /// <summary>The duration that 95 % of them did not exceed.</summary>
    public TimeSpan? P95Duration { get; init; }

    /// <summary>SQL statements of all tests.</summary>
    public long? Queries { get; init; }

    /// <summary>How many of <see cref="Queries"/> changed rows.</summary>
    public long? Writes { get; init; }

    /// <summary>How long a worker was at work on average, from its start to its end.</summary>
    public TimeSpan? AverageWorkerDuration { get; init; }

    /// <summary>Connections that tests could not open.</summary>
    public long? ConnectionErrors { get; init; }

    /// <summary>What was tried again because of an infrastructure fault: batches, sessions, databases.</summary>
    public int WorkerRetries { get; init; }

    /// <summary>Tests that failed at first and passed in the end.</summary>
    public int Flaky { get; init; }
}
