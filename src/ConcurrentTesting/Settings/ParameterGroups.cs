namespace ConcurrentTesting.Settings;

/// <summary>Parameters that belong together, in the order in which a user comes to need them, with a command that shows them at
/// work.</summary>
internal sealed record ParameterGroup(string Title, string Example, ImmutableArray<string> Names);

/// <summary>What <c>--help</c> and <c>--test-help</c> print.</summary>
internal static class ParameterGroups
{
    private const int Width = 100;
    private const string Indent = "      ";

    public static ImmutableArray<ParameterGroup> All { get; } =
    [
        new("What to run", "./build.sh ConcurrentTest --test-projects tests --test-filter 'FullyQualifiedName~Orders&Category!=Slow'",
            [
                "TestProjects", "TestFilter", "TestOnlyFailed", "TestBudget", "TestOrder", "TestList", "TestHelp", "TestBuild",
                "TestNoBuild", "TestConfiguration", "TestFramework", "TestSettings", "TestAllowEmpty",
            ]),
        new("Databases", "./build.sh ConcurrentTest --test-database postgresql --test-template db/schema",
            [
                "TestDatabase", "TestConnectionString", "TestTemplate", "TestTemplateCache", "TestTemplateExtensions", "TestDatabases",
                "TestDatabaseSettings", "TestEnvironment",
                "TestReset", "TestIsolation", "TestServerListen", "TestServerBinaries", "TestKeepFailed", "TestHealthCheckInterval",
                "TestMaxOperations",
            ]),
        new("Trouble", "./build.sh ConcurrentTest --test-replay failed.json --test-bisect Shop.Tests.OrderTests.Pays",
            [
                "TestTimeout", "TestWorkerTimeout", "TestFailFast", "TestReruns", "TestFlaky", "TestQuarantine", "TestNewRuns",
                "TestStress", "TestReplay",
                "TestReplayWorker", "TestBisect", "TestSeed",
                "TestMaxRetries", "TestRetryDelay", "TestProductionFallback", "TestAllow", "TestAllowedHosts", "TestDiagnostics",
            ]),
        new("Speed", "./build.sh ConcurrentTest --workers 8 --test-benchmark",
            ["Workers", "TestBenchmark", "TestTimings", "TestGranularity", "TestTogether", "TestHost", "TestAheadOfTime"]),
        new("Many machines", "./build.sh ConcurrentTest --test-shard 2/4 --test-plan artifacts/test-plan/plan.json",
            ["TestShard", "TestShardCount", "TestShardTarget", "TestPlan", "TestPlanFormat", "TestMerge", "TestQueue", "TestQueueRun"]),
        new("Results", "./build.sh ConcurrentTest --test-results-directory artifacts/nightly --test-coverage",
            ["TestResultsDirectory", "TestReportFrom", "TestJUnitFile", "TestJUnitFormat", "TestCompare", "TestCoverage", "TestMeasure",
                "TestLive", "TestMetricsListen", "TestMetricsPush"]),
        new("Tools", "./build.sh ConcurrentTestClean --test-dry-run", ["TestDryRun"]),
    ];

    /// <summary>All groups with their parameters; one that no group names comes last.</summary>
    public static string Text()
    {
        var text = new StringBuilder();
        foreach (var group in Groups())
        {
            text.Append(group.Title).Append('\n').Append("  ").Append(group.Example).Append('\n');
            foreach (var name in group.Names)
                Append(text, ParameterTable.All.First(parameter => parameter.Name == name));
            text.Append('\n');
        }

        return text.Append("In the environment NUKE_ and the name: NUKE_TEST_TIMEOUT=2m; in .nuke/parameters.json \"TestTimeout\": \"2m\".\n")
            .Append("The command line wins over the environment, that over the file, the file over C#.")
            .ToString();
    }

    private static ImmutableArray<ParameterGroup> Groups()
    {
        var named = All.SelectMany(group => group.Names).ToHashSet(StringComparer.Ordinal);
        ImmutableArray<string> others = [.. ParameterTable.All.Select(parameter => parameter.Name).Where(name => !named.Contains(name))];
        return others.IsEmpty ? All : [.. All[..^1], All[^1] with { Names = [.. All[^1].Names, .. others] }];
    }

    private static void Append(StringBuilder text, Parameter parameter)
    {
        text.Append("    ").Append(parameter.Argument).Append('\n').Append(Indent);
        var column = Indent.Length;
        foreach (var word in $"{parameter.Meaning} (default: {parameter.Default})".Split(' '))
        {
            if (column + word.Length > Width)
            {
                text.Append('\n').Append(Indent);
                column = Indent.Length;
            }

            text.Append(word).Append(' ');
            column += word.Length + 1;
        }

        text.Length--;
        text.Append('\n');
    }
}
