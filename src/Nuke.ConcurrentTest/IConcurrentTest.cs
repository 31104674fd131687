using ConcurrentTesting;
using ConcurrentTesting.Settings;
using JetBrains.Annotations;
using Nuke.Common;
using Nuke.Common.IO;
using Nuke.Common.Tooling;

namespace Nuke.ConcurrentTest;

/// <summary>Runs tests on several workers at once, each with databases of its own. A build inherits it and names its test projects:
/// <c>IEnumerable&lt;AbsolutePath&gt; IConcurrentTest.ConcurrentTestProjects = [RootDirectory / "tests"];</c></summary>
[PublicAPI]
public interface IConcurrentTest : INukeBuild
{
    /// <summary>Runs the tests and leaves results, reports and timings in <see cref="ConcurrentTestResultsDirectory"/>.</summary>
    Target ConcurrentTest => _ => GroupedHelp.Offer(this, PlainSecrets.Explain(this, _))
        .Description("Runs tests on several workers at once, each with databases of its own")
        .Produces(ConcurrentTestResultsDirectory / "**" / "*")
        .Executes(() => ObservedRun.DoAsync(this, async (run, settings) =>
        {
            run.NameSharedResults(settings);
            await run.ExecuteAsync(settings);
            await run.HandOverAsync();
        }));

    /// <summary>Called when tests have run, well or not, with every test's figures: the place for a budget, or for a report of one's own.
    /// What it throws fails the target, with exit code 1 where the tests themselves passed. Not called where nothing was run: a refusal, a
    /// wrong setting, <c>--test-list</c>, Ctrl-C. One of several parts is complete only when it has ended: copy its results after the
    /// target.</summary>
    /// <param name="result">The verdict, the run in a few figures, and each test with what it did to the databases.</param>
    void OnConcurrentTestCompleted(ConcurrentTestResult result)
    {
    }

    /// <summary>What the component sets itself.</summary>
    sealed Configure<ConcurrentTestSettings> ConcurrentTestSettingsBase => _ => _ with
    {
        RootDirectory = RootDirectory,
        WorkingDirectory = BuildParameters.CallerDirectory,
        TemporaryDirectory = TemporaryDirectory,
        ResultsDirectory = ConcurrentTestResultsDirectory,
        TestProjects = [.. ConcurrentTestProjects.Select(project => project.ToString())],
        SecretVariables = BuildParameters.SecretVariables(this),
        Host = Host.GetType().Name,
        Nuke = BuildParameters.NukeInUse,
        Partition = Partition.Total > 1 ? $"{Partition.Part}/{Partition.Total}" : null,
    };

    /// <summary>What the build sets in C#; parameters override it: <c>_ => _ with { Workers = 8 }</c>.</summary>
    Configure<ConcurrentTestSettings> ConcurrentTestSettings => _ => _;

    /// <summary>Project files, solutions, built assemblies, folders or globs whose tests are run.</summary>
    IEnumerable<AbsolutePath> ConcurrentTestProjects => [];

    /// <summary>The folder of the artifacts.</summary>
    AbsolutePath ConcurrentTestResultsDirectory => RootDirectory / "artifacts" / "test-results";

    // GroupedHelp lists them, so NUKE does not; its schema, shell completion and files of parameters have them all the same.
#pragma warning disable CS1591 // Each parameter's attribute says what it is.
    [Parameter(ConcurrentTestHelp.Workers, List = false)] string? Workers => TryGetValue(() => Workers);
    [Parameter(ConcurrentTestHelp.TestProjects, List = false)] string[]? TestProjects => TryGetValue(() => TestProjects);
    [Parameter(ConcurrentTestHelp.TestBuild, List = false)] string? TestBuild => TryGetValue(() => TestBuild);
    [Parameter(ConcurrentTestHelp.TestNoBuild, List = false)] string? TestNoBuild => TryGetValue(() => TestNoBuild);
    [Parameter(ConcurrentTestHelp.TestConfiguration, List = false)] string? TestConfiguration => TryGetValue(() => TestConfiguration);
    [Parameter(ConcurrentTestHelp.TestFramework, List = false)] string? TestFramework => TryGetValue(() => TestFramework);
    [Parameter(ConcurrentTestHelp.TestFilter, List = false)] string? TestFilter => TryGetValue(() => TestFilter);
    [Parameter(ConcurrentTestHelp.TestSettings, List = false)] string? TestSettings => TryGetValue(() => TestSettings);
    [Parameter(ConcurrentTestHelp.TestCoverage, List = false)] string? TestCoverage => TryGetValue(() => TestCoverage);
    [Parameter(ConcurrentTestHelp.TestDatabase, List = false)] string? TestDatabase => TryGetValue(() => TestDatabase);
    [Parameter(ConcurrentTestHelp.TestConnectionString, List = false)]
    [Secret]
    string? TestConnectionString =>
        TryGetValue(() => TestConnectionString);
    [Parameter(ConcurrentTestHelp.TestTemplate, List = false)] string[]? TestTemplate => TryGetValue(() => TestTemplate);
    [Parameter(ConcurrentTestHelp.TestTemplateCache, List = false)] string? TestTemplateCache => TryGetValue(() => TestTemplateCache);
    [Parameter(ConcurrentTestHelp.TestTemplateExtensions, List = false)]
    string[]? TestTemplateExtensions =>
        TryGetValue(() => TestTemplateExtensions);
    [Parameter(ConcurrentTestHelp.TestDatabases, List = false)] string[]? TestDatabases => TryGetValue(() => TestDatabases);
    [Parameter(ConcurrentTestHelp.TestDatabaseSettings, List = false)]
    string[]? TestDatabaseSettings =>
        TryGetValue(() => TestDatabaseSettings);
    [Parameter(ConcurrentTestHelp.TestIsolation, List = false)] string? TestIsolation => TryGetValue(() => TestIsolation);
    [Parameter(ConcurrentTestHelp.TestServerListen, List = false)] string? TestServerListen => TryGetValue(() => TestServerListen);
    [Parameter(ConcurrentTestHelp.TestHost, List = false)] string? TestHost => TryGetValue(() => TestHost);
    [Parameter(ConcurrentTestHelp.TestAheadOfTime, List = false)] string? TestAheadOfTime => TryGetValue(() => TestAheadOfTime);
    [Parameter(ConcurrentTestHelp.TestReset, List = false)] string? TestReset => TryGetValue(() => TestReset);
    [Parameter(ConcurrentTestHelp.TestGranularity, List = false)] string? TestGranularity => TryGetValue(() => TestGranularity);
    [Parameter(ConcurrentTestHelp.TestTogether, List = false)] string[]? TestTogether => TryGetValue(() => TestTogether);
    [Parameter(ConcurrentTestHelp.TestKeepFailed, List = false)] string? TestKeepFailed => TryGetValue(() => TestKeepFailed);
    [Parameter(ConcurrentTestHelp.TestServerBinaries, List = false)] string? TestServerBinaries => TryGetValue(() => TestServerBinaries);
    [Parameter(ConcurrentTestHelp.TestProductionFallback, List = false)]
    string? TestProductionFallback =>
        TryGetValue(() => TestProductionFallback);
    [Parameter(ConcurrentTestHelp.TestAllow, List = false)] string[]? TestAllow => TryGetValue(() => TestAllow);
    [Parameter(ConcurrentTestHelp.TestAllowedHosts, List = false)] string[]? TestAllowedHosts => TryGetValue(() => TestAllowedHosts);
    [Parameter(ConcurrentTestHelp.TestEnvironment, List = false)] string[]? TestEnvironment => TryGetValue(() => TestEnvironment);
    [Parameter(ConcurrentTestHelp.TestTimings, List = false)] string? TestTimings => TryGetValue(() => TestTimings);
    [Parameter(ConcurrentTestHelp.TestResultsDirectory, List = false)]
    string? TestResultsDirectory =>
        TryGetValue(() => TestResultsDirectory);
    [Parameter(ConcurrentTestHelp.TestJUnitFile, List = false)] string? TestJUnitFile => TryGetValue(() => TestJUnitFile);
    [Parameter(ConcurrentTestHelp.TestJUnitFormat, List = false)] string? TestJUnitFormat => TryGetValue(() => TestJUnitFormat);
    [Parameter(ConcurrentTestHelp.TestTimeout, List = false)] string? TestTimeout => TryGetValue(() => TestTimeout);
    [Parameter(ConcurrentTestHelp.TestWorkerTimeout, List = false)] string? TestWorkerTimeout => TryGetValue(() => TestWorkerTimeout);
    [Parameter(ConcurrentTestHelp.TestHealthCheckInterval, List = false)]
    string? TestHealthCheckInterval =>
        TryGetValue(() => TestHealthCheckInterval);
    [Parameter(ConcurrentTestHelp.TestMaxOperations, List = false)] string? TestMaxOperations => TryGetValue(() => TestMaxOperations);
    [Parameter(ConcurrentTestHelp.TestMaxRetries, List = false)] string? TestMaxRetries => TryGetValue(() => TestMaxRetries);
    [Parameter(ConcurrentTestHelp.TestRetryDelay, List = false)] string? TestRetryDelay => TryGetValue(() => TestRetryDelay);
    [Parameter(ConcurrentTestHelp.TestReruns, List = false)] string? TestReruns => TryGetValue(() => TestReruns);
    [Parameter(ConcurrentTestHelp.TestFlaky, List = false)] string? TestFlaky => TryGetValue(() => TestFlaky);
    [Parameter(ConcurrentTestHelp.TestQuarantine, List = false)] string? TestQuarantine => TryGetValue(() => TestQuarantine);
    [Parameter(ConcurrentTestHelp.TestOnlyFailed, List = false)] string? TestOnlyFailed => TryGetValue(() => TestOnlyFailed);
    [Parameter(ConcurrentTestHelp.TestOrder, List = false)] string? TestOrder => TryGetValue(() => TestOrder);
    [Parameter(ConcurrentTestHelp.TestBudget, List = false)] string? TestBudget => TryGetValue(() => TestBudget);
    [Parameter(ConcurrentTestHelp.TestNewRuns, List = false)] string? TestNewRuns => TryGetValue(() => TestNewRuns);
    [Parameter(ConcurrentTestHelp.TestStress, List = false)] string? TestStress => TryGetValue(() => TestStress);
    [Parameter(ConcurrentTestHelp.TestReplay, List = false)] string? TestReplay => TryGetValue(() => TestReplay);
    [Parameter(ConcurrentTestHelp.TestReplayWorker, List = false)] string? TestReplayWorker => TryGetValue(() => TestReplayWorker);
    [Parameter(ConcurrentTestHelp.TestBisect, List = false)] string? TestBisect => TryGetValue(() => TestBisect);
    [Parameter(ConcurrentTestHelp.TestCompare, List = false)] string? TestCompare => TryGetValue(() => TestCompare);
    [Parameter(ConcurrentTestHelp.TestReportFrom, List = false)] string[]? TestReportFrom => TryGetValue(() => TestReportFrom);
    [Parameter(ConcurrentTestHelp.TestShard, List = false)] string? TestShard => TryGetValue(() => TestShard);
    [Parameter(ConcurrentTestHelp.TestShardCount, List = false)] string? TestShardCount => TryGetValue(() => TestShardCount);
    [Parameter(ConcurrentTestHelp.TestShardTarget, List = false)] string? TestShardTarget => TryGetValue(() => TestShardTarget);
    [Parameter(ConcurrentTestHelp.TestPlan, List = false)] string? TestPlan => TryGetValue(() => TestPlan);
    [Parameter(ConcurrentTestHelp.TestPlanFormat, List = false)] string? TestPlanFormat => TryGetValue(() => TestPlanFormat);
    [Parameter(ConcurrentTestHelp.TestMerge, List = false)] string[]? TestMerge => TryGetValue(() => TestMerge);
    [Parameter(ConcurrentTestHelp.TestQueue, List = false)][Secret] string? TestQueue => TryGetValue(() => TestQueue);
    [Parameter(ConcurrentTestHelp.TestQueueRun, List = false)] string? TestQueueRun => TryGetValue(() => TestQueueRun);
    [Parameter(ConcurrentTestHelp.TestFailFast, List = false)] string? TestFailFast => TryGetValue(() => TestFailFast);
    [Parameter(ConcurrentTestHelp.TestSeed, List = false)] string? TestSeed => TryGetValue(() => TestSeed);
    [Parameter(ConcurrentTestHelp.TestMeasure, List = false)] string? TestMeasure => TryGetValue(() => TestMeasure);
    [Parameter(ConcurrentTestHelp.TestMetricsListen, List = false)] string? TestMetricsListen => TryGetValue(() => TestMetricsListen);
    [Parameter(ConcurrentTestHelp.TestLive, List = false)] string? TestLive => TryGetValue(() => TestLive);
    [Parameter(ConcurrentTestHelp.TestMetricsPush, List = false)][Secret] string? TestMetricsPush => TryGetValue(() => TestMetricsPush);
    [Parameter(ConcurrentTestHelp.TestBenchmark, List = false)] string? TestBenchmark => TryGetValue(() => TestBenchmark);
    [Parameter(ConcurrentTestHelp.TestList, List = false)] string? TestList => TryGetValue(() => TestList);
    [Parameter(ConcurrentTestHelp.TestHelp, List = false)] string? TestHelp => TryGetValue(() => TestHelp);
    [Parameter(ConcurrentTestHelp.TestAllowEmpty, List = false)] string? TestAllowEmpty => TryGetValue(() => TestAllowEmpty);
    [Parameter(ConcurrentTestHelp.TestDryRun, List = false)] string? TestDryRun => TryGetValue(() => TestDryRun);
    [Parameter(ConcurrentTestHelp.TestDiagnostics, List = false)] string? TestDiagnostics => TryGetValue(() => TestDiagnostics);
#pragma warning restore CS1591
}
