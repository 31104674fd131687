using System.Security.Cryptography;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run;

/// <summary>The end of a run that only plans: writes the plan of several machines, and what a CI host needs to start them.</summary>
internal static class ShardPlanning
{
    public const string DefaultFile = "artifacts/test-plan/plan.json";

    // Fewer than half of the durations say little of the others.
    private const double Few = 0.5;

    /// <param name="catalog">All tests, one unit a class.</param>
    /// <param name="id">Tells the plan from earlier ones of the same tests.</param>
    /// <param name="seed">What they were discovered with.</param>
    /// <param name="secrets">What no name in the plan may tell.</param>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <exception cref="ConcurrentTestException">The plan cannot be written, or the host cannot start as many jobs.</exception>
    public static async Task<RunEnd> WriteAsync(
        TestCatalog catalog, ConcurrentTestSettings settings, string id, int seed, Redactor secrets, Func<string, string?> variable,
        ILogger log, CancellationToken cancellationToken)
    {
        if (catalog.CaseCount == 0 && !settings.AllowEmpty)
            return new RunEnd(ConcurrentTestExitCode.Incomplete, "No tests were found to plan; --test-allow-empty makes that a success.");
        var timings = await TimingStore.LoadAsync(settings.TimingsFile, message => log.LogWarning("{Message}", message), cancellationToken);
        var plan = ShardPlanner.ByTimings(catalog, settings, timings, id).Without(secrets) with
        {
            Timings = HashOf(settings.TimingsFile),
            Seed = seed,
        };
        var format = ShardMatrix.FormatOf(settings.PlanFormat, variable);
        var matrix = ShardMatrix.Of(plan.Parts.Length, format);
        var file = settings.PlanFile ?? Path.GetFullPath(DefaultFile, settings.RootDirectory);
        try
        {
            await ArtifactFile.WriteAsync(
                file, stream => stream.WriteAsync(ShardPlanFile.Write(plan), cancellationToken).AsTask(), cancellationToken);
            await ArtifactFile.WriteAsync(
                Path.Combine(Path.GetDirectoryName(file)!, format == TestPlanFormat.GitLab ? "pipeline.yml" : "matrix.json"),
                stream => stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(matrix), cancellationToken).AsTask(),
                cancellationToken);
            if (format == TestPlanFormat.GitHub)
                ShardMatrix.SetOutputs(plan.Parts.Length, variable);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                $"The plan could not be written to {file}: {exception.Message.TrimEnd('.')}. Give another --test-plan.", exception);
        }

        Tell(plan, settings, matrix, log);
        return new RunEnd(
            ConcurrentTestExitCode.Success,
            $"The plan divides {Quantity.Of(plan.Tests, "test")} into {Quantity.Of(plan.Parts.Length, "part")}: {file}");
    }

    private static void Tell(ShardPlan plan, ConcurrentTestSettings settings, string matrix, ILogger log)
    {
        foreach (var part in plan.Parts)
        {
            log.LogInformation(
                "Part {Part}: {Tests} in {Classes}, expected to take {Seconds:0.0} s", part.Part, Quantity.Of(part.Tests, "test"),
                Quantity.Of(part.Classes.Length, "class"), part.Seconds);
        }

        if (plan.Timings is null)
        {
            log.LogWarning(
                "No recorded durations were found in {File}: the parts are divided by the number of tests{Count}",
                settings.TimingsFile, settings.ShardCount is null ? ", and how many parts there are is a guess" : "");
        }
        else if (plan.Known < Few)
        {
            log.LogWarning(
                "{File} has the durations of {Known:0} % of the tests: what the parts take{Count} is a guess",
                settings.TimingsFile, plan.Known * 100, settings.ShardCount is null ? ", and how many there are," : "");
        }

        TellOfTarget(plan, settings, log);
        log.LogInformation("{Matrix}", matrix.TrimEnd());
    }

    private static void TellOfTarget(ShardPlan plan, ConcurrentTestSettings settings, ILogger log)
    {
        if (settings.ShardCount is not null || plan.Parts.MaxBy(part => part.Seconds) is not { } longest
            || !(longest.Seconds > settings.ShardTarget.TotalSeconds))
            return;
        if (plan.Parts.Length == Shard.Most)
        {
            log.LogWarning(
                "Part {Part} takes longer than --test-shard-target: there are no more than {Most} parts", longest.Part, Shard.Most);
        }
        else
        {
            log.LogWarning(
                "Part {Part} takes longer than --test-shard-target: {Class} is the longest of what cannot be divided further", longest.Part,
                longest.Classes.FirstOrDefault()?.Class);
        }
    }

    private static string? HashOf(string file) =>
        File.Exists(file) ? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))) : null;
}
