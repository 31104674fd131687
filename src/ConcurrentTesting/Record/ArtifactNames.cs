namespace ConcurrentTesting.Record;

/// <summary>Where a run's artifacts lie in its results directory; with the JUnit file, which may lie elsewhere, these are all of them.</summary>
internal static class ArtifactNames
{
    public const string Run = "run.json";
    public const string JUnit = "junit.xml";
    public const string Log = "run.log";

    /// <summary>The last run.json that knows tests, once a run ended before its plan.</summary>
    public const string PreviousRun = $"{Previous}/{Run}";

    public const string Previous = "previous";
    public const string Diagnostics = "diagnostics";

    private const string WorkerPrefix = "worker-";

    /// <summary>The files that have one name in every run.</summary>
    public static readonly IReadOnlyList<string> Files =
        ["test-results.trx", "metrics.prom", "timings.json", Run, "summary.md", "report.html", CoverageRecord.FileName, Log, PreviousRun];

    /// <summary>The folder of a worker's own files.</summary>
    public static string Worker(int number) => FormattableString.Invariant($"{WorkerPrefix}{number}");

    /// <summary>Whether a folder's name is one that a worker may have.</summary>
    public static bool IsWorker(string name) =>
        name.StartsWith(WorkerPrefix, StringComparison.Ordinal) && name.Length > WorkerPrefix.Length && name[WorkerPrefix.Length..].All(char.IsAsciiDigit);
}
