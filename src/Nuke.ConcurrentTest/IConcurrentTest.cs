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
    Target ConcurrentTest => _ => PlainSecrets.Explain(this, _)
        .Description("Runs tests on several workers at once, each with databases of its own; --test-help explains its parameters")
        .Produces(ConcurrentTestResultsDirectory / "**" / "*")
        .Executes(() => ObservedRun.DoAsync(this, async (run, settings) =>
        {
            run.NameSharedResults(settings);
            await run.ExecuteAsync(settings);
            await run.HandOverAsync();
        }));

    /// <summary>Called when tests have run, well or not, with every test's figures: the place for a budget, or for a report of one's own.
    /// What it throws fails the target, with exit code 1 where the tests themselves passed. Not called where nothing was run: a refusal, a
    /// wrong setting, <c>--test-list</c>, Ctrl-C.</summary>
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

#pragma warning disable CS1591 // Each parameter's attribute says what it is.
    [Parameter(ConcurrentTestHelp.Workers)] string? Workers => TryGetValue(() => Workers);
    [Parameter(ConcurrentTestHelp.TestProjects)] string[]? TestProjects => TryGetValue(() => TestProjects);
    [Parameter(ConcurrentTestHelp.TestBuild)] string? TestBuild => TryGetValue(() => TestBuild);
    [Parameter(ConcurrentTestHelp.TestNoBuild)] string? TestNoBuild => TryGetValue(() => TestNoBuild);
    [Parameter(ConcurrentTestHelp.TestConfiguration)] string? TestConfiguration => TryGetValue(() => TestConfiguration);
    [Parameter(ConcurrentTestHelp.TestFramework)] string? TestFramework => TryGetValue(() => TestFramework);
    [Parameter(ConcurrentTestHelp.TestFilter)] string? TestFilter => TryGetValue(() => TestFilter);
    [Parameter(ConcurrentTestHelp.TestSettings)] string? TestSettings => TryGetValue(() => TestSettings);
    [Parameter(ConcurrentTestHelp.TestCoverage)] string? TestCoverage => TryGetValue(() => TestCoverage);
    [Parameter(ConcurrentTestHelp.TestDatabase)] string? TestDatabase => TryGetValue(() => TestDatabase);
    [Parameter(ConcurrentTestHelp.TestConnectionString)][Secret] string? TestConnectionString => TryGetValue(() => TestConnectionString);
    [Parameter(ConcurrentTestHelp.TestTemplate)] string[]? TestTemplate => TryGetValue(() => TestTemplate);
    [Parameter(ConcurrentTestHelp.TestTemplateCache)] string? TestTemplateCache => TryGetValue(() => TestTemplateCache);
    [Parameter(ConcurrentTestHelp.TestTemplateExtensions)] string[]? TestTemplateExtensions => TryGetValue(() => TestTemplateExtensions);
    [Parameter(ConcurrentTestHelp.TestDatabases)] string[]? TestDatabases => TryGetValue(() => TestDatabases);
    [Parameter(ConcurrentTestHelp.TestDatabaseSettings)] string[]? TestDatabaseSettings => TryGetValue(() => TestDatabaseSettings);
    [Parameter(ConcurrentTestHelp.TestIsolation)] string? TestIsolation => TryGetValue(() => TestIsolation);
    [Parameter(ConcurrentTestHelp.TestServerListen)] string? TestServerListen => TryGetValue(() => TestServerListen);
    [Parameter(ConcurrentTestHelp.TestHost)] string? TestHost => TryGetValue(() => TestHost);
    [Parameter(ConcurrentTestHelp.TestAheadOfTime)] string? TestAheadOfTime => TryGetValue(() => TestAheadOfTime);
    [Parameter(ConcurrentTestHelp.TestReset)] string? TestReset => TryGetValue(() => TestReset);
    [Parameter(ConcurrentTestHelp.TestGranularity)] string? TestGranularity => TryGetValue(() => TestGranularity);
    [Parameter(ConcurrentTestHelp.TestTogether)] string[]? TestTogether => TryGetValue(() => TestTogether);
    [Parameter(ConcurrentTestHelp.TestKeepFailed)] string? TestKeepFailed => TryGetValue(() => TestKeepFailed);
    [Parameter(ConcurrentTestHelp.TestServerBinaries)] string? TestServerBinaries => TryGetValue(() => TestServerBinaries);
    [Parameter(ConcurrentTestHelp.TestProductionFallback)] string? TestProductionFallback => TryGetValue(() => TestProductionFallback);
    [Parameter(ConcurrentTestHelp.TestAllow)] string[]? TestAllow => TryGetValue(() => TestAllow);
    [Parameter(ConcurrentTestHelp.TestAllowedHosts)] string[]? TestAllowedHosts => TryGetValue(() => TestAllowedHosts);
    [Parameter(ConcurrentTestHelp.TestEnvironment)] string[]? TestEnvironment => TryGetValue(() => TestEnvironment);
    [Parameter(ConcurrentTestHelp.TestTimings)] string? TestTimings => TryGetValue(() => TestTimings);
    [Parameter(ConcurrentTestHelp.TestResultsDirectory)] string? TestResultsDirectory => TryGetValue(() => TestResultsDirectory);
    [Parameter(ConcurrentTestHelp.TestJUnitFile)] string? TestJUnitFile => TryGetValue(() => TestJUnitFile);
    [Parameter(ConcurrentTestHelp.TestJUnitFormat)] string? TestJUnitFormat => TryGetValue(() => TestJUnitFormat);
    [Parameter(ConcurrentTestHelp.TestTimeout)] string? TestTimeout => TryGetValue(() => TestTimeout);
    [Parameter(ConcurrentTestHelp.TestWorkerTimeout)] string? TestWorkerTimeout => TryGetValue(() => TestWorkerTimeout);
    [Parameter(ConcurrentTestHelp.TestHealthCheckInterval)] string? TestHealthCheckInterval => TryGetValue(() => TestHealthCheckInterval);
    [Parameter(ConcurrentTestHelp.TestMaxOperations)] string? TestMaxOperations => TryGetValue(() => TestMaxOperations);
    [Parameter(ConcurrentTestHelp.TestMaxRetries)] string? TestMaxRetries => TryGetValue(() => TestMaxRetries);
    [Parameter(ConcurrentTestHelp.TestRetryDelay)] string? TestRetryDelay => TryGetValue(() => TestRetryDelay);
    [Parameter(ConcurrentTestHelp.TestReruns)] string? TestReruns => TryGetValue(() => TestReruns);
    [Parameter(ConcurrentTestHelp.TestFlaky)] string? TestFlaky => TryGetValue(() => TestFlaky);
    [Parameter(ConcurrentTestHelp.TestQuarantine)] string? TestQuarantine => TryGetValue(() => TestQuarantine);
    [Parameter(ConcurrentTestHelp.TestOnlyFailed)] string? TestOnlyFailed => TryGetValue(() => TestOnlyFailed);
    [Parameter(ConcurrentTestHelp.TestOrder)] string? TestOrder => TryGetValue(() => TestOrder);
    [Parameter(ConcurrentTestHelp.TestBudget)] string? TestBudget => TryGetValue(() => TestBudget);
    [Parameter(ConcurrentTestHelp.TestNewRuns)] string? TestNewRuns => TryGetValue(() => TestNewRuns);
    [Parameter(ConcurrentTestHelp.TestStress)] string? TestStress => TryGetValue(() => TestStress);
    [Parameter(ConcurrentTestHelp.TestReplay)] string? TestReplay => TryGetValue(() => TestReplay);
    [Parameter(ConcurrentTestHelp.TestReplayWorker)] string? TestReplayWorker => TryGetValue(() => TestReplayWorker);
    [Parameter(ConcurrentTestHelp.TestBisect)] string? TestBisect => TryGetValue(() => TestBisect);
    [Parameter(ConcurrentTestHelp.TestCompare)] string? TestCompare => TryGetValue(() => TestCompare);
    [Parameter(ConcurrentTestHelp.TestReportFrom)] string[]? TestReportFrom => TryGetValue(() => TestReportFrom);
    [Parameter(ConcurrentTestHelp.TestShard)] string? TestShard => TryGetValue(() => TestShard);
    [Parameter(ConcurrentTestHelp.TestShardCount)] string? TestShardCount => TryGetValue(() => TestShardCount);
    [Parameter(ConcurrentTestHelp.TestShardTarget)] string? TestShardTarget => TryGetValue(() => TestShardTarget);
    [Parameter(ConcurrentTestHelp.TestPlan)] string? TestPlan => TryGetValue(() => TestPlan);
    [Parameter(ConcurrentTestHelp.TestPlanFormat)] string? TestPlanFormat => TryGetValue(() => TestPlanFormat);
    [Parameter(ConcurrentTestHelp.TestMerge)] string[]? TestMerge => TryGetValue(() => TestMerge);
    [Parameter(ConcurrentTestHelp.TestQueue)][Secret] string? TestQueue => TryGetValue(() => TestQueue);
    [Parameter(ConcurrentTestHelp.TestQueueRun)] string? TestQueueRun => TryGetValue(() => TestQueueRun);
    [Parameter(ConcurrentTestHelp.TestFailFast)] string? TestFailFast => TryGetValue(() => TestFailFast);
    [Parameter(ConcurrentTestHelp.TestSeed)] string? TestSeed => TryGetValue(() => TestSeed);
    [Parameter(ConcurrentTestHelp.TestMeasure)] string? TestMeasure => TryGetValue(() => TestMeasure);
    [Parameter(ConcurrentTestHelp.TestMetricsListen)] string? TestMetricsListen => TryGetValue(() => TestMetricsListen);
    [Parameter(ConcurrentTestHelp.TestLive)] string? TestLive => TryGetValue(() => TestLive);
    [Parameter(ConcurrentTestHelp.TestMetricsPush)][Secret] string? TestMetricsPush => TryGetValue(() => TestMetricsPush);
    [Parameter(ConcurrentTestHelp.TestBenchmark)] string? TestBenchmark => TryGetValue(() => TestBenchmark);
    [Parameter(ConcurrentTestHelp.TestList)] string? TestList => TryGetValue(() => TestList);
    [Parameter(ConcurrentTestHelp.TestHelp)] string? TestHelp => TryGetValue(() => TestHelp);
    [Parameter(ConcurrentTestHelp.TestAllowEmpty)] string? TestAllowEmpty => TryGetValue(() => TestAllowEmpty);
    [Parameter(ConcurrentTestHelp.TestDryRun)] string? TestDryRun => TryGetValue(() => TestDryRun);
    [Parameter(ConcurrentTestHelp.TestDiagnostics)] string? TestDiagnostics => TryGetValue(() => TestDiagnostics);
#pragma warning restore CS1591
}
