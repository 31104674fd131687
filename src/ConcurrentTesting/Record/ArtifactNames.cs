namespace ConcurrentTesting.Record;

/// <summary>Where a run's artifacts lie in its results directory; with the JUnit file, which may lie elsewhere, these are all of
/// them.</summary>
internal static class ArtifactNames
{
    /// <summary>Everything that is known of the run, for other tools.</summary>
    public const string Run = "run.json";

    /// <summary>VSTest's own files in one.</summary>
    public const string MergedTrx = "test-results.trx";

    /// <summary>The same results for CI servers; it lies here unless <c>--test-junit-file</c> says otherwise.</summary>
    public const string JUnit = "junit.xml";

    /// <summary>The figures for Prometheus.</summary>
    public const string Metrics = "metrics.prom";

    /// <summary>How long each test took, for the next plan.</summary>
    public const string Timings = "timings.json";

    /// <summary>What a person reads first.</summary>
    public const string Summary = "summary.md";

    /// <summary>The whole run as one page.</summary>
    public const string Report = "report.html";

    /// <summary>What the tests covered.</summary>
    public const string Coverage = "coverage.cobertura.xml";

    /// <summary>All that the run said, as it said it.</summary>
    public const string Log = "run.log";

    /// <summary>What happened, event by event; the reports can be made again from it.</summary>
    public const string Journal = "run.events.jsonl";

    /// <summary>The plan that a part of the tests belongs to.</summary>
    public const string Plan = "plan.json";

    /// <summary>What a part of the tests says of itself, last of all.</summary>
    public const string Part = "part.json";

    /// <summary>The last run.json that knows tests, once a run ended before its plan.</summary>
    public const string PreviousRun = $"{Previous}/{Run}";

    public const string Previous = "previous";

    /// <summary>What tests attached.</summary>
    public const string Attachments = "attachments";

    public const string Diagnostics = "diagnostics";

    private const string WorkerPrefix = "worker-";

    /// <summary>The files that have one name in every run.</summary>
    public static readonly IReadOnlyList<string> Files =
        [MergedTrx, Metrics, Timings, Run, Summary, Report, Coverage, Journal, Log, Plan, Part, PreviousRun];

    // The log, the journal and the learned timings are of the run itself; coverage was merged from files that are gone.
    private static readonly HashSet<string> KeptOfRun = [Log, Journal, Timings, Coverage, Plan, Part, PreviousRun];

    /// <summary>Whether an artifact is a report, which can be made again from the run's journal.</summary>
    public static bool IsMadeAgain(string name) =>
        name.StartsWith($"{Attachments}/", StringComparison.Ordinal)
        || (!KeptOfRun.Contains(name) && !IsWorker(name.Split('/')[0]) && !name.StartsWith($"{Diagnostics}/", StringComparison.Ordinal));

    /// <summary>The folder of a worker's own files.</summary>
    public static string Worker(int number) => FormattableString.Invariant($"{WorkerPrefix}{number}");

    /// <summary>Whether a folder's name is one that a worker may have.</summary>
    public static bool IsWorker(string name) =>
        name.StartsWith(WorkerPrefix, StringComparison.Ordinal) && name.Length > WorkerPrefix.Length
            && name[WorkerPrefix.Length..].All(char.IsAsciiDigit);
}
