using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ConcurrentTesting.Reports.RunJson;

// These records are version 1 of run.json, property by property in the file's order; docs/run-json.md explains each. Null means that
// nothing was measured.

internal sealed record RunDocument
{
    /// <summary>Raised when a field goes away or changes its meaning; new fields do not raise it.</summary>
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required string Run { get; init; }
    public required int Workers { get; init; }
    public required int Seed { get; init; }
    public required string Host { get; init; }
    public required string Nuke { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>The settings as the table of parameters tells them, without anything secret.</summary>
    public required JsonObject Settings { get; init; }

    public required int Discovered { get; init; }

    /// <summary>The name of a <see cref="ConcurrentTestExitCode"/>.</summary>
    public required string Outcome { get; init; }

    public required int ExitCode { get; init; }
    public string? Reason { get; init; }
    public required ImmutableArray<TestDocument> Tests { get; init; }
    public required ImmutableArray<BatchDocument> Batches { get; init; }
    public required double LowerBoundSeconds { get; init; }
    public required double WallSeconds { get; init; }
    public required double? Efficiency { get; init; }
    public required SummaryDocument Summary { get; init; }
    public required ImmutableArray<Incident> Incidents { get; init; }
    public string? Machine { get; init; }
    public ImmutableArray<WorkerDocument> WorkerTimes { get; init; } = [];
    public DatabaseDocument? Database { get; init; }
    public ImmutableArray<string> Overrides { get; init; } = [];
    public ImmutableSortedDictionary<string, RetryCount> Retries { get; init; } = ImmutableSortedDictionary<string, RetryCount>.Empty;
    public ImmutableSortedDictionary<string, double> Phases { get; init; } = ImmutableSortedDictionary<string, double>.Empty;
    public BenchmarkDocument? Benchmark { get; init; }
    public ImmutableArray<OutsideDocument> Outside { get; init; } = [];
    public int Explicit { get; init; }

    /// <summary>Cases that were discovered, did not fit into the time that was given, and were not asked for.</summary>
    public int LeftOut { get; init; }

    public CoverageRecord? Coverage { get; init; }
    public ShardRecord? Shard { get; init; }
    public ImmutableArray<PartRecord> Parts { get; init; } = [];
}

internal sealed record UseDocument
{
    public required string Database { get; init; }
    public required int Worker { get; init; }
    public required bool? Used { get; init; }
    public required long? Connections { get; init; }
    public required long? Operations { get; init; }
    public required long? Reads { get; init; }
    public required long? Writes { get; init; }
    public required long UnseenSessions { get; init; }
}

internal sealed record BenchmarkDocument
{
    public ImmutableArray<PartDocument> Phases { get; init; } = [];
    public ImmutableArray<PartDocument> WorkerTime { get; init; } = [];
    public required double SequentialSeconds { get; init; }
    public required double? SpeedUp { get; init; }
    public required double? Imbalance { get; init; }
    public ImmutableArray<string> Slowest { get; init; } = [];
    public ImmutableArray<string> MostQueries { get; init; } = [];
    public ImmutableArray<SuspectedQueryDocument> SuspectedQueries { get; init; } = [];
}

internal sealed record PartDocument(string Name, double Seconds);

internal sealed record SuspectedQueryDocument(string Test, long Count, string Query);

internal sealed record TestDocument
{
    public required string Id { get; init; }
    public required string Assembly { get; init; }
    public required string Framework { get; init; }
    public required string Class { get; init; }
    public required string Name { get; init; }

    /// <summary>The name of a <see cref="TestOutcome"/>.</summary>
    public required string Outcome { get; init; }

    public required int Worker { get; init; }
    public required string? Database { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required double Seconds { get; init; }
    public required ImmutableArray<AttemptDocument> Attempts { get; init; }

    /// <summary>Each stands in the file as a property of the test, after the attempts; see <see cref="FigureProperties"/>.</summary>
    [JsonIgnore]
    public TestFigures Figures { get; set; } = TestFigures.NotMeasured;

    public bool Flaky { get; init; }

    /// <summary>In how many earlier runs it was flaky; null: in none that is known of.</summary>
    public int? FlakyRuns { get; init; }

    /// <summary>Why its failure is muted: it failed in its last attempt and counts as skipped.</summary>
    public string? Quarantine { get; init; }

    public string? Method { get; init; }

    /// <summary>VSTest's id of the test case, which data rows share.</summary>
    public Guid? CaseId { get; init; }

    /// <summary>The assembly's path, to run it again.</summary>
    public string? Path { get; init; }

    public string? File { get; init; }
    public int? Line { get; init; }

    /// <summary>How often it ran where it was to run several times; null: once.</summary>
    public RepeatCount? Repeats { get; init; }
}

/// <summary>What failed outside of tests; see <see cref="OutsideFailure"/>.</summary>
internal sealed record OutsideDocument
{
    /// <summary>One of <see cref="OutsideKinds"/>.</summary>
    public required string Kind { get; init; }

    public required string Name { get; init; }
    public required string Assembly { get; init; }
    public required string Framework { get; init; }
    public required ImmutableArray<int> Workers { get; init; }
    public required string Message { get; init; }
    public string? Stack { get; init; }
    public required ImmutableArray<string> Classes { get; init; }

    /// <summary>Everything that it left open passed elsewhere, and failing tests may be rerun: it does not count as failed.</summary>
    public bool Flaky { get; init; }
}

internal sealed record AttemptDocument
{
    public required int Number { get; init; }
    public required string Outcome { get; init; }
    public required int Worker { get; init; }
    public required int Batch { get; init; }
    public string? Database { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required double Seconds { get; init; }
    public string? Cause { get; init; }
    public string? Message { get; init; }
    public string? StackTrace { get; init; }

    /// <summary>Which of the times that the test was to run it belongs to, from 1; null where that was once.</summary>
    public int? Round { get; init; }
}

internal sealed record BatchDocument
{
    public required int Worker { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required double Seconds { get; init; }
    public required int Tests { get; init; }
    public required string Reason { get; init; }
    public required int Number { get; init; }
    public required string Assembly { get; init; }
    public required string Framework { get; init; }
    public string? Database { get; init; }

    /// <summary>VSTest's own TRX file, relative to the results where it is in them.</summary>
    public string? Trx { get; init; }

    public string? Error { get; init; }
}

internal sealed record SummaryDocument
{
    public required int Passed { get; init; }
    public required int Failed { get; init; }
    public required int Skipped { get; init; }
    public required int Errors { get; init; }
    public required int TimedOut { get; init; }
    public required int Flaky { get; init; }
    public required double TestSeconds { get; init; }
    public required double? AverageSeconds { get; init; }
    public required double? P95Seconds { get; init; }
    public required double? Speedup { get; init; }
    public required double? AverageWorkerSeconds { get; init; }
    public required double KnownTimings { get; init; }
    public long? Queries { get; init; }
    public long? Writes { get; init; }
    public long? ConnectionErrors { get; init; }
    public int WorkerRetries { get; init; }
}

internal sealed record WorkerDocument
{
    public required int Worker { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required double Seconds { get; init; }
    public required double BusySeconds { get; init; }
    public required int Batches { get; init; }
    public required int Tests { get; init; }
    public int Recycles { get; init; }
    public int Resets { get; init; }
    public double CloneSeconds { get; init; }
    public double StartSeconds { get; init; }
    public double? FirstTestSeconds { get; init; }
    public string? NotStarted { get; init; }
    public string? Machine { get; init; }
}

internal sealed record DatabaseDocument
{
    public required string Engine { get; init; }
    public string? Template { get; init; }
    public string? Fingerprint { get; init; }
    public bool? TemplateHit { get; init; }
    public double? TemplateSeconds { get; init; }
    public ImmutableArray<double> CloneSeconds { get; init; } = [];
    public ImmutableArray<double> DropSeconds { get; init; } = [];
    public ImmutableSortedDictionary<string, long> Counts { get; init; } = ImmutableSortedDictionary<string, long>.Empty;
    public ImmutableArray<DatabaseStatistics> Statistics { get; init; } = [];
    public ImmutableArray<UseDocument> Uses { get; init; } = [];
    public ImmutableArray<KeptRecord> Kept { get; init; } = [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunDocument))]
internal sealed partial class RunDocumentJson : JsonSerializerContext;
