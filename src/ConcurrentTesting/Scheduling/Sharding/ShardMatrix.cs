namespace ConcurrentTesting.Scheduling.Sharding;

/// <summary>What a CI host needs to start as many jobs as a plan has parts: numbers only, because hosts limit what one job hands to
/// another.</summary>
internal static class ShardMatrix
{
    // GitLab allows no more for the keyword parallel.
    private const int MostOfGitLab = 200;

    /// <summary>The format that fits the host which runs the plan.</summary>
    public static TestPlanFormat FormatOf(TestPlanFormat format, Func<string, string?> variable) => format != TestPlanFormat.Auto ? format
        : variable("GITHUB_ACTIONS") == "true" ? TestPlanFormat.GitHub
        : variable("GITLAB_CI") == "true" ? TestPlanFormat.GitLab
        : TestPlanFormat.Json;

    /// <exception cref="ConcurrentTestException">The host cannot start as many jobs.</exception>
    public static string Of(int parts, TestPlanFormat format) => format == TestPlanFormat.GitLab ? ChildPipeline(parts)
        : JsonSerializer.Serialize(new { part = Enumerable.Range(1, parts) });

    /// <summary>Hands the matrix to later jobs of a workflow on GitHub.</summary>
    public static void SetOutputs(int parts, Func<string, string?> variable)
    {
        if (variable("GITHUB_OUTPUT") is { Length: > 0 } file)
            File.AppendAllText(file, FormattableString.Invariant($"matrix={Of(parts, TestPlanFormat.GitHub)}\ncount={parts}\n"));
    }

    // GitLab joins this job with an included file, which says what .concurrent-test does.
    private static string ChildPipeline(int parts) => parts > MostOfGitLab
        ? throw new ConcurrentTestException(
            ConcurrentTestExitCode.BadSettings,
            $"GitLab starts up to {MostOfGitLab} jobs in parallel and the plan has {parts} parts: give --test-shard-count, or a longer --test-shard-target.")
        : FormattableString.Invariant($"concurrent-test:\n  extends: .concurrent-test\n{(parts > 1 ? $"  parallel: {parts}\n" : "")}");
}
