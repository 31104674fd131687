using Help = ConcurrentTesting.Settings.ConcurrentTestHelp;

namespace ConcurrentTesting.Settings;

/// <summary>All parameters, declared once: parsing, <c>--help</c>, the README's table and run.json's settings come from here.</summary>
internal static class ParameterTable
{
    public static ImmutableArray<Parameter> All { get; } =
    [
        Parameter.Create(
            Help.Workers, ValueKinds.WholeNumber(1, 256), s => s.Workers, (s, v) => s with { Workers = v }, aliases: ["TestWorkers"]),
        Parameter.Create(Help.TestProjects, ValueKinds.Projects, s => s.TestProjects, (s, v) => s with { TestProjects = v }),
        Parameter.Create(Help.TestBuild, ValueKinds.OneOf<TestBuildMode>(), s => s.Build, (s, v) => s with { Build = v }),
        Parameter.Create(Help.TestNoBuild, ValueKinds.Flag, s => s.NoBuild, (s, v) => s with { NoBuild = v }),
        Parameter.Create(Help.TestConfiguration, ValueKinds.Word, s => s.Configuration, (s, v) => s with { Configuration = v }),
        Parameter.Create(Help.TestFramework, ValueKinds.Word, s => s.Framework!, (s, v) => s with { Framework = v }),
        Parameter.Create(Help.TestFilter, ValueKinds.Filter, s => s.Filter!, (s, v) => s with { Filter = v }),
        Parameter.Create(Help.TestSettings, ValueKinds.RunSettings, s => s.RunSettingsFile!, (s, v) => s with { RunSettingsFile = v }),
        Parameter.Create(Help.TestCoverage, ValueKinds.Flag, s => s.Coverage, (s, v) => s with { Coverage = v }),
        Parameter.Create(Help.TestDatabase, ValueKinds.Engine, s => s.Database, (s, v) => s with { Database = v }),
        Parameter.Create(
            Help.TestConnectionString, ValueKinds.Secret, s => s.ConnectionString!, (s, v) => s with { ConnectionString = v },
            isSecret: true)
            .RecordedAs("HasConnectionString", s => s.ConnectionString is not null),
        Parameter.Create(Help.TestTemplate, ValueKinds.Template, s => s.Template,
            // An empty value means no template at all, so the build class's hook does not count either.
            (s, v) => s with { Template = v, TemplateHook = v.IsEmpty ? null : s.TemplateHook })
            .RecordedAs("Template", s => s.Template.Select(RecordedSettings.WithoutArguments)),
        Parameter.Create(Help.TestTemplateCache, ValueKinds.Flag, s => s.TemplateCache, (s, v) => s with { TemplateCache = v }),
        Parameter.Create(
            Help.TestTemplateExtensions, ValueKinds.ExtensionNames, s => s.TemplateExtensions, (s, v) => s with { TemplateExtensions = v }),
        Parameter.Create(Help.TestDatabases, ValueKinds.DatabaseNames, s => s.Databases, (s, v) => s with { Databases = v }),
        Parameter.Create(
            Help.TestDatabaseSettings, ValueKinds.DatabaseSettings, s => s.DatabaseSettings, (s, v) => s with { DatabaseSettings = v }),
        Parameter.Create(Help.TestIsolation, ValueKinds.OneOf<DatabaseIsolation>(), s => s.Isolation, (s, v) => s with { Isolation = v }),
        Parameter.Create(
            Help.TestServerListen, ValueKinds.OneOf<ServerListen>(), s => s.ServerListen, (s, v) => s with { ServerListen = v }),
        Parameter.Create(Help.TestReset, ValueKinds.OneOf<DatabaseReset>(), s => s.Reset, (s, v) => s with { Reset = v }),
        Parameter.Create(Help.TestHost, ValueKinds.OneOf<TestHostMode>(), s => s.TestHost, (s, v) => s with { TestHost = v }),
        Parameter.Create(
            Help.TestAheadOfTime, ValueKinds.OneOf<AheadOfTimeMode>(), s => s.AheadOfTime, (s, v) => s with { AheadOfTime = v }),
        Parameter.Create(
            Help.TestGranularity, ValueKinds.OneOf<TestGranularity>(), s => s.Granularity, (s, v) => s with { Granularity = v }),
        Parameter.Create(Help.TestTogether, ValueKinds.Names, s => s.Together, (s, v) => s with { Together = v }),
        Parameter.Create(Help.TestKeepFailed, ValueKinds.Flag, s => s.KeepFailed, (s, v) => s with { KeepFailed = v }),
        Parameter.Create(Help.TestServerBinaries, ValueKinds.Path, s => s.ServerBinaries!, (s, v) => s with { ServerBinaries = v }),
        Parameter.Create(
            Help.TestProductionFallback, ValueKinds.OneOf<ProductionFallback>(), s => s.ProductionFallback,
            (s, v) => s with { ProductionFallback = v }),
        Parameter.Create(Help.TestAllow, ValueKinds.Guards, s => s.Allow, (s, v) => s with { Allow = v }),
        Parameter.Create(Help.TestAllowedHosts, ValueKinds.Hosts, s => s.AllowedHosts, (s, v) => s with { AllowedHosts = v }),
        Parameter.Create(Help.TestEnvironment, ValueKinds.Patterns, s => s.Environment, (s, v) => s with { Environment = v })
            .RecordedAs("Environment", s => s.Environment.Select(RecordedSettings.Shown)),
        Parameter.Create(Help.TestTimings, ValueKinds.Path, s => s.TimingsFile, (s, v) => s with { TimingsFile = v }),
        Parameter.Create(Help.TestResultsDirectory, ValueKinds.Path, s => s.ResultsDirectory, (s, v) => s with { ResultsDirectory = v }),
        Parameter.Create(Help.TestJUnitFile, ValueKinds.Path, s => s.JUnitFile!, (s, v) => s with { JUnitFile = v }),
        Parameter.Create(Help.TestJUnitFormat, ValueKinds.OneOf<JUnitFormat>(), s => s.JUnitFormat, (s, v) => s with { JUnitFormat = v }),
        Parameter.Create(Help.TestTimeout, ValueKinds.Duration, s => s.TestTimeout, (s, v) => s with { TestTimeout = v }),
        Parameter.Create(Help.TestWorkerTimeout, ValueKinds.Limit, s => s.WorkerTimeout, (s, v) => s with { WorkerTimeout = v }),
        Parameter.Create(
            Help.TestHealthCheckInterval, ValueKinds.Duration, s => s.HealthCheckInterval, (s, v) => s with { HealthCheckInterval = v }),
        Parameter.Create(
            Help.TestMaxOperations, ValueKinds.WholeNumber(0, int.MaxValue), s => s.MaxOperations, (s, v) => s with { MaxOperations = v }),
        Parameter.Create(Help.TestMaxRetries, ValueKinds.WholeNumber(0, 100), s => s.MaxRetries, (s, v) => s with { MaxRetries = v }),
        Parameter.Create(Help.TestRetryDelay, ValueKinds.Delay, s => s.RetryDelay, (s, v) => s with { RetryDelay = v }),
        Parameter.Create(Help.TestReruns, ValueKinds.WholeNumber(0, 100), s => s.Reruns, (s, v) => s with { Reruns = v }),
        Parameter.Create(Help.TestFlaky, ValueKinds.OneOf<FlakyPolicy>(), s => s.Flaky, (s, v) => s with { Flaky = v }),
        Parameter.Create(Help.TestQuarantine, ValueKinds.ExistingFile, s => s.QuarantineFile!, (s, v) => s with { QuarantineFile = v }),
        Parameter.Create(Help.TestOnlyFailed, ValueKinds.Flag, s => s.OnlyFailed, (s, v) => s with { OnlyFailed = v }),
        Parameter.Create(Help.TestOrder, ValueKinds.Order, s => s.Order, (s, v) => s with { Order = v }),
        Parameter.Create(Help.TestBudget, ValueKinds.Limit, s => s.Budget, (s, v) => s with { Budget = v }),
        Parameter.Create(Help.TestNewRuns, ValueKinds.WholeNumber(1, 100), s => s.NewRuns, (s, v) => s with { NewRuns = v }),
        Parameter.Create(Help.TestStress, ValueKinds.Stress, s => s.Stress, (s, v) => s with { Stress = v }),
        Parameter.Create(Help.TestReplay, ValueKinds.ExistingFile, s => s.ReplayFile!, (s, v) => s with { ReplayFile = v }),
        Parameter.Create(Help.TestReplayWorker, ValueKinds.OptionalNumber(0), s => s.ReplayWorker, (s, v) => s with { ReplayWorker = v }),
        Parameter.Create(Help.TestBisect, ValueKinds.TestName, s => s.Bisect!, (s, v) => s with { Bisect = v }),
        Parameter.Create(Help.TestCompare, ValueKinds.ExistingFile, s => s.CompareFile!, (s, v) => s with { CompareFile = v }),
        Parameter.Create(Help.TestReportFrom, ValueKinds.Journals, s => s.ReportFrom, (s, v) => s with { ReportFrom = v })
            .NotRecorded(),
        Parameter.Create(Help.TestShard, ValueKinds.Shard, s => s.Shard!, (s, v) => s with { Shard = v }),
        Parameter.Create(Help.TestShardCount, ValueKinds.ShardCount, s => s.ShardCount, (s, v) => s with { ShardCount = v }),
        Parameter.Create(Help.TestShardTarget, ValueKinds.Duration, s => s.ShardTarget, (s, v) => s with { ShardTarget = v }),
        Parameter.Create(Help.TestPlan, ValueKinds.Path, s => s.PlanFile!, (s, v) => s with { PlanFile = v }),
        Parameter.Create(Help.TestPlanFormat, ValueKinds.OneOf<TestPlanFormat>(), s => s.PlanFormat, (s, v) => s with { PlanFormat = v }),
        Parameter.Create(Help.TestMerge, ValueKinds.Folders, s => s.MergeFolders, (s, v) => s with { MergeFolders = v }),
        Parameter.Create(Help.TestQueue, ValueKinds.Secret, s => s.Queue!, (s, v) => s with { Queue = v }, isSecret: true)
            .RecordedAs("HasQueue", s => s.Queue is not null),
        Parameter.Create(Help.TestQueueRun, ValueKinds.Word, s => s.QueueRun!, (s, v) => s with { QueueRun = v }),
        Parameter.Create(Help.TestFailFast, ValueKinds.WholeNumber(0, int.MaxValue), s => s.FailFast, (s, v) => s with { FailFast = v }),
        Parameter.Create(Help.TestSeed, ValueKinds.OptionalNumber(0), s => s.Seed, (s, v) => s with { Seed = v }),
        Parameter.Create(Help.TestMeasure, ValueKinds.Flag, s => s.Measure, (s, v) => s with { Measure = v }),
        Parameter.Create(Help.TestMetricsListen, ValueKinds.Port, s => s.MetricsPort, (s, v) => s with { MetricsPort = v }),
        Parameter.Create(Help.TestLive, ValueKinds.FreePort, s => s.LivePort, (s, v) => s with { LivePort = v }),
        Parameter.Create(
            Help.TestMetricsPush, ValueKinds.WebAddress, s => s.MetricsPushUrl!, (s, v) => s with { MetricsPushUrl = v }, isSecret: true),
        Parameter.Create(Help.TestBenchmark, ValueKinds.Flag, s => s.Benchmark, (s, v) => s with { Benchmark = v }),
        Parameter.Create(Help.TestList, ValueKinds.Flag, s => s.List, (s, v) => s with { List = v }),
        Parameter.Create(Help.TestHelp, ValueKinds.Flag, s => s.ShowHelp, (s, v) => s with { ShowHelp = v })
            .NotRecorded(),
        Parameter.Create(Help.TestAllowEmpty, ValueKinds.Flag, s => s.AllowEmpty, (s, v) => s with { AllowEmpty = v }),
        Parameter.Create(Help.TestDryRun, ValueKinds.Flag, s => s.DryRun, (s, v) => s with { DryRun = v })
            .NotRecorded(),
        Parameter.Create(Help.TestDiagnostics, ValueKinds.Flag, s => s.Diagnostics, (s, v) => s with { Diagnostics = v }),
    ];
}
