namespace ConcurrentTesting.Run;

/// <summary>Settings that make no sense together, each of which is fine by itself.</summary>
internal static class RefusedSettings
{
    /// <returns>The settings, without what others of them make meaningless.</returns>
    /// <exception cref="ConcurrentTestException">Two of them are given.</exception>
    public static ConcurrentTestSettings Check(ConcurrentTestSettings settings)
    {
        foreach (var (what, others, why) in Rules(settings))
        {
            if (Array.Find(others, other => other.IsGiven).Name is { } other)
                throw new ConcurrentTestException(ConcurrentTestExitCode.BadSettings, $"{what} cannot go with {other}: {why}.");
        }

        Require(settings.ReplayWorker is null || settings.ReplayFile is not null || settings.ReportFrom.Length > 0,
            $"--test-replay-worker {settings.ReplayWorker} needs --test-replay with the run.json whose worker is meant");
        Require(settings.ShardCount is null || settings.MakesPlan || settings.Shard is not null,
            $"--test-shard-count {settings.ShardCount} needs --test-shard: without it each machine would run all tests");

        if (settings.Database != DatabaseEngine.None)
            settings = WithVariables(settings);

        // Each time of a stressed run counts, so no failure is run again to see whether it passes.
        return settings.Stress is null ? settings : settings with { Reruns = 0 };
    }

    // Tests that cannot reach their database would take one from elsewhere, the same one for all workers.
    private static ConcurrentTestSettings WithVariables(ConcurrentTestSettings settings)
    {
        var further = settings.Databases.Skip(1);
        if (settings.Environment is [var only] && only == EnvironmentPattern.Default)
        {
            settings = settings with
            {
                Environment = [only, .. further.Select(EnvironmentPattern.DefaultOf).Where(variable => variable.Name != only.Name)],
            };
        }

        var named = settings.Environment.SelectMany(pattern => pattern.Databases(settings.Databases)).ToHashSet(StringComparer.Ordinal);
        if (named.FirstOrDefault(name => !settings.Databases.Contains(name)) is { } unknown)
        {
            Require(false,
                $"--test-environment names the database {unknown}, and --test-databases has {string.Join(" and ", settings.Databases)}; did you mean {NearestName.Of(unknown, settings.Databases)}");
        }

        var unreachable = further.FirstOrDefault(name => !named.Contains(name));
        Require(unreachable is null,
            $"--test-databases {unreachable}: no variable of --test-environment leads to it, so that tests would use another one in its place: add NAME={{ConnectionString:{unreachable}}}");
        return settings;
    }

    private static void Require(bool isSound, string otherwise)
    {
        if (!isSound)
            throw new ConcurrentTestException(ConcurrentTestExitCode.BadSettings, $"{otherwise}.");
    }

    private static IEnumerable<(string What, (string Name, bool IsGiven)[] Others, string Why)> Rules(ConcurrentTestSettings settings)
    {
        var replay = ("--test-replay", settings.ReplayFile is not null);
        var bisect = ("--test-bisect", settings.Bisect is not null);
        var plan = ("ConcurrentTestPlan", settings.MakesPlan);
        var shard = ("--test-shard", settings.Shard is not null);
        var part = ("--test-plan", settings.PlanFile is not null && !settings.MakesPlan);
        if (settings.Stress is not null)
        {
            yield return (
                "--test-stress", [bisect, replay, plan, shard, part],
                "it runs the tests of one machine again and again, in an order of its own. Give one of them");
        }

        if (settings.Budget is not null)
        {
            yield return (
                "--test-budget", [("--test-stress", settings.Stress is not null), bisect, replay, plan, shard, part],
                "it chooses among all tests of one machine what runs once. Give one of them");
        }

        if (settings.NewRuns > 1)
            yield return ("--test-new-runs", [bisect, replay], "a run that is repeated has the tests that it had. Leave one of them out");
        if (settings.Order != TestOrder.FailedFirst)
            yield return ("--test-order", [bisect, replay], "a run that is repeated has the order that it had. Leave one of them out");
    }
}
