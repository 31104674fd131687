namespace ConcurrentTesting.Scheduling.Sharding;

/// <summary>How a CI host tells each of several jobs or pods which part it is.</summary>
/// <param name="Name">As people call it.</param>
/// <param name="Index">The variable of the part.</param>
/// <param name="Count">The variable of the number of parts; null where the host tells none.</param>
/// <param name="First">What the first part's index is.</param>
internal sealed record ShardHost(string Name, string Index, string? Count, int First)
{
    private const string RunOnGitHub = "GITHUB_RUN_ID";
    private const string AttemptOnGitHub = "GITHUB_RUN_ATTEMPT";

    // These are GitHub's, GitLab's, Azure's, Buildkite's and CircleCI's.
    private static readonly ImmutableArray<string> Jobs =
        ["GITHUB_JOB", "CI_JOB_NAME", "SYSTEM_PHASENAME", "BUILDKITE_STEP_KEY", "CIRCLE_JOB"];

    private static readonly ImmutableArray<string> Commits =
        ["GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION", "BUILDKITE_COMMIT", "CIRCLE_SHA1"];

    private static readonly ImmutableArray<(string Run, string Attempt)> SharedAttempts =
        [(RunOnGitHub, AttemptOnGitHub), ("BUILD_BUILDID", "SYSTEM_STAGEATTEMPT")];

    /// <summary>The variable that names the whole pipeline, the same in each of its jobs and tries; null where there is none.</summary>
    public string? Run { get; init; }

    /// <summary>The variable whose number is larger in each later try of a job; null where there is none.</summary>
    public string? Attempt { get; init; }

    /// <summary>All hosts that tell; GitHub is none of them.</summary>
    public static ImmutableArray<ShardHost> All { get; } =
    [
        new("GitLab CI", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1) { Run = "CI_PIPELINE_ID", Attempt = "CI_JOB_ID" },
        new("Azure Pipelines", "SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1)
        {
            Run = "BUILD_BUILDID",
            Attempt = "SYSTEM_JOBATTEMPT",
        },
        new("Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0)
        {
            Run = "BUILDKITE_BUILD_ID",
            Attempt = "BUILDKITE_RETRY_COUNT",
        },
        new("CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0) { Run = "CIRCLE_WORKFLOW_ID" },
        new("Bazel", "TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", 0),
        new("Cloud Run", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", 0)
        {
            Run = "CLOUD_RUN_EXECUTION",
            Attempt = "CLOUD_RUN_TASK_ATTEMPT",
        },
        new("Kubernetes", "JOB_COMPLETION_INDEX", null, 0),
        new("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", null, 0) { Attempt = "AWS_BATCH_JOB_ATTEMPT" },
    ];

    /// <summary>What a host gives for the whole pipeline; null where none does.</summary>
    public static string? RunOf(Func<string, string?> variable) => Value(host => host.Run, RunOnGitHub, variable);

    /// <summary>What a host counts for this try of the pipeline or of its stage, the same in all jobs that work together; null where none
    /// does.</summary>
    public static int? SharedAttemptOf(Func<string, string?> variable) =>
        SharedAttempts.FirstOrDefault(pair => !string.IsNullOrEmpty(variable(pair.Run))) is { Attempt: { } attempt }
            && int.TryParse(variable(attempt), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>What a host counts for this try of the job; null where none does.</summary>
    public static long? AttemptOf(Func<string, string?> variable) =>
        long.TryParse(
            Value(host => host.Attempt, AttemptOnGitHub, variable), NumberStyles.None, CultureInfo.InvariantCulture, out var attempt)
            ? attempt : null;

    /// <summary>What a host calls the job, in each of its tries; null where none does.</summary>
    public static string? JobOf(Func<string, string?> variable) => FirstOf(Jobs, variable);

    /// <summary>The commit that a host runs; null where none names it.</summary>
    public static string? CommitOf(Func<string, string?> variable) =>
        FirstOf(Commits, variable) is { } commit and not "HEAD" ? commit : null;

    /// <summary>Index and count as they are in the documents.</summary>
    public string Variables => Count is null ? Index : $"{Index} and {Count}";

    private static string? Value(Func<ShardHost, string?> name, string onGitHub, Func<string, string?> variable) =>
        FirstOf(All.Select(name).Prepend(onGitHub).OfType<string>(), variable);

    private static string? FirstOf(IEnumerable<string> names, Func<string, string?> variable) =>
        names.Select(variable).FirstOrDefault(value => !string.IsNullOrEmpty(value));
}
