namespace ConcurrentTesting;

/// <summary>Everything a run needs to know, parsed and validated once, before anything starts. Immutable: change it with
/// <c>with</c>.</summary>
public sealed record ConcurrentTestSettings
{
    private readonly int? _workers;

    /// <summary>Workers that run tests at the same time, 1 to 256. Where it is not given, a run takes the number that pays: the cores, and
    /// more where the timings say that tests wait.</summary>
    public int Workers
    {
        get => _workers ?? Math.Clamp(System.Environment.ProcessorCount, 1, 256);
        init => _workers = value;
    }

    /// <summary>Whether somebody asked for a number of workers.</summary>
    internal bool HasWorkers => _workers is not null;

    /// <summary>Project files, solutions, built assemblies, folders or globs; one that begins with <c>!</c> is left out. In a build's C#
    /// they are relative to <see cref="RootDirectory"/>.</summary>
    public ImmutableArray<string> TestProjects { get; init; } = [];

    /// <summary>When the projects are built.</summary>
    public TestBuildMode Build { get; init; } = TestBuildMode.Auto;

    /// <summary>Takes the projects as they are built instead of building them: <see cref="TestBuildMode.Never"/>.</summary>
    public bool NoBuild
    {
        get => Build == TestBuildMode.Never;
        init => Build = value ? TestBuildMode.Never : Build == TestBuildMode.Never ? TestBuildMode.Auto : Build;
    }

    /// <summary>The MSBuild configuration that is built and run.</summary>
    public string Configuration { get; init; } = "Debug";

    /// <summary>The target framework moniker to run (<c>net8.0</c>); null runs all.</summary>
    public string? Framework { get; init; }

    /// <summary>A filter in VSTest's syntax; null runs all tests.</summary>
    public string? Filter { get; init; }

    /// <summary>The path of the user's .runsettings, into which the run's own are merged; null: none.</summary>
    public string? RunSettingsFile { get; init; }

    /// <summary>Collects code coverage also where the run settings name no collector for it, and leaves one merged Cobertura
    /// file.</summary>
    public bool Coverage { get; init; }

    /// <summary>The database engine that gives every worker databases of its own.</summary>
    public DatabaseEngine Database { get; init; } = DatabaseEngine.None;

    /// <summary>The server's administrative connection string. Secret: it is never written anywhere.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Where the template database comes from: SQL files or folders, <c>cmd:command</c>, <c>db:name</c>, and <c>watch:path</c> for
    /// what a command reads; <c>name=</c> before an entry makes it one of that database of <see cref="Databases"/> alone.</summary>
    public ImmutableArray<string> Template { get; init; } = [];

    /// <summary>Builds on the template in C#, after <see cref="Template"/>; null: nothing does.</summary>
    public TemplateHook? TemplateHook { get; init; }

    /// <summary>The names of the databases that each worker has; the first is the one that bare placeholders mean. Letters, digits and
    /// underscores.</summary>
    public ImmutableArray<string> Databases { get; init; } = ["main"];

    /// <summary>What separates the workers.</summary>
    public DatabaseIsolation Isolation { get; init; } = DatabaseIsolation.Database;

    /// <summary>How tests reach a throwaway PostgreSQL server; without effect on others.</summary>
    public ServerListen ServerListen { get; init; } = ServerListen.Socket;

    /// <summary>When a worker's databases are replaced by fresh clones.</summary>
    public DatabaseReset Reset { get; init; } = DatabaseReset.Never;

    /// <summary>What starts the processes in which tests run.</summary>
    public TestHostMode TestHost { get; init; } = TestHostMode.Auto;

    /// <summary>Whether assemblies of packages are compiled ahead, so that test hosts start sooner.</summary>
    public AheadOfTimeMode AheadOfTime { get; init; } = AheadOfTimeMode.Off;

    /// <summary>What goes to a worker as a whole.</summary>
    public TestGranularity Granularity { get; init; } = TestGranularity.Auto;

    /// <summary>Collections, classes and namespaces whose tests stay on one worker, by name.</summary>
    public ImmutableArray<string> Together { get; init; } = [];

    /// <summary>Keeps the databases of failed tests and says how to connect to them.</summary>
    public bool KeepFailed { get; init; }

    /// <summary>PostgreSQL extensions that a template has from the start.</summary>
    public ImmutableArray<string> TemplateExtensions { get; init; } = [];

    /// <summary>Server settings for every session of a clone, as <c>name=value</c>: <c>statement_timeout=30s</c>.</summary>
    public ImmutableArray<string> DatabaseSettings { get; init; } = [];

    /// <summary>The folder of a database server's programs, for a throwaway server; null: looked for on the PATH and in the usual
    /// folders.</summary>
    public string? ServerBinaries { get; init; }

    /// <summary>What happens where the environment says production.</summary>
    public ProductionFallback ProductionFallback { get; init; } = ProductionFallback.Refuse;

    /// <summary>Guards that are overridden, by name: <c>production-environment</c>, <c>remote-server</c>, <c>standby-server</c> …</summary>
    public ImmutableArray<string> Allow { get; init; } = [];

    /// <summary>Database hosts beyond this machine that are for tests; <c>*</c> stands for anything.</summary>
    public ImmutableArray<string> AllowedHosts { get; init; } = [];

    /// <summary>Caches finished templates, and uses them again in later runs.</summary>
    public bool TemplateCache { get; init; } = true;

    /// <summary>The variables that tell a test its database, as <c>NAME=pattern</c>.</summary>
    public ImmutableArray<EnvironmentPattern> Environment { get; init; } = [EnvironmentPattern.Default];

    /// <summary>The file that recorded durations are read from and updated in.</summary>
    public string TimingsFile { get; init; } = ".nuke/temp/test-timings.json";

    /// <summary>The folder of the run's artifacts.</summary>
    public string ResultsDirectory { get; init; } = "artifacts/test-results";

    /// <summary>The JUnit file; null: <c>junit.xml</c> in <see cref="ResultsDirectory"/>.</summary>
    public string? JUnitFile { get; init; }

    /// <summary>What the JUnit file may contain.</summary>
    public JUnitFormat JUnitFormat { get; init; } = JUnitFormat.Full;

    /// <summary>The longest one test may run. Positive.</summary>
    public TimeSpan TestTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest one worker's whole work may take; null: no limit.</summary>
    public TimeSpan? WorkerTimeout { get; init; }

    /// <summary>The time between two health checks of a worker's database.</summary>
    public TimeSpan HealthCheckInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Database operations (tests, where they are not measured) until a worker is recycled; 0: never.</summary>
    public int MaxOperations { get; init; } = 1000;

    /// <summary>How often work that an infrastructure fault cost is tried again, 0 to 100.</summary>
    public int MaxRetries { get; init; } = 3;

    /// <summary>The delay before the first retry; later ones grow exponentially.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What the tests may take: those that fit run, the most valuable first, and the rest is left out as by a filter. Positive;
    /// null: all run.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>In which order tests run.</summary>
    public TestOrder Order { get; init; } = TestOrder.FailedFirst;

    /// <summary>How often tests run that no run has recorded yet, 1 to 100, where others of their assembly were. All runs are attempts of
    /// one result, and the worst of them decides.</summary>
    public int NewRuns { get; init; } = 1;

    /// <summary>Runs the selected tests again and again: so many times (<c>100</c>), or so long (<c>10m</c>). All runs of a test are
    /// attempts of one result, and the worst of them decides. Null: each test runs once.</summary>
    public string? Stress { get; init; }

    /// <summary>How often a failing test is run again, 0 to 100.</summary>
    public int Reruns { get; init; }

    /// <summary>Whether a test that failed at first and passed when it was rerun fails the run.</summary>
    public FlakyPolicy Flaky { get; init; } = FlakyPolicy.Pass;

    /// <summary>A JSON file of tests whose failures are muted until a date; null: none.</summary>
    public string? QuarantineFile { get; init; }

    /// <summary>Runs only what did not pass in the last run, as its run.json in the results directory says.</summary>
    public bool OnlyFailed { get; init; }

    /// <summary>The run.json of an earlier run whose batches are repeated on the same workers in the same order; null: the run makes its
    /// own plan.</summary>
    public string? ReplayFile { get; init; }

    /// <summary>The only worker of <see cref="ReplayFile"/> that is repeated; null: all.</summary>
    public int? ReplayWorker { get; init; }

    /// <summary>The failing test of <see cref="ReplayFile"/> whose cause among the earlier tests is looked for; null: none.</summary>
    public string? Bisect { get; init; }

    /// <summary>Results folders of earlier runs, or the <c>run.events.jsonl</c> in them, whose reports are made again from what the run
    /// wrote down, also where the run was killed; nothing is run then. Empty: none.</summary>
    public ImmutableArray<string> ReportFrom { get; init; } = [];

    /// <summary>The part of the tests that this machine runs, <c>i/n</c> from <c>1/n</c> to <c>n/n</c>, or <c>auto</c> where the CI host
    /// tells it; null: all.</summary>
    public string? Shard { get; init; }

    /// <summary>How many parts there are, 1 to 256: for a plan, and for <c>auto</c> on hosts that tell only the part; null: not
    /// given.</summary>
    public int? ShardCount { get; init; }

    /// <summary>What a plan's part may take on its machine; decides on the number of parts where <see cref="ShardCount"/> is null.
    /// Positive.</summary>
    public TimeSpan ShardTarget { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The plan that says which part has which classes; null: by hash of the class. <see cref="ConcurrentTestRun.PlanAsync"/>
    /// writes it there, by default to <c>artifacts/test-plan/plan.json</c>.</summary>
    public string? PlanFile { get; init; }

    /// <summary>For whom a plan's matrix is printed.</summary>
    public TestPlanFormat PlanFormat { get; init; } = TestPlanFormat.Auto;

    /// <summary>The part that the build system was given, <c>i/n</c>, one of those that <c>auto</c> asks; null: none.</summary>
    public string? Partition { get; init; }

    /// <summary>The results folders of all parts, or folders that hold them, for <see cref="ConcurrentTestRun.MergeAsync"/>.</summary>
    public ImmutableArray<string> MergeFolders { get; init; } = [];

    /// <summary>The connection string of the PostgreSQL server whose queue this machine shares with others, 13 or later; null: the run is
    /// this machine's alone. Secret: it is never written anywhere.</summary>
    public string? Queue { get; init; }

    /// <summary>What the run is called in <see cref="Queue"/>; null: as the CI host names the pipeline and its attempt.</summary>
    public string? QueueRun { get; init; }

    /// <summary>Stops after this many failures; 0: never.</summary>
    public int FailFast { get; init; }

    /// <summary>Seeds the plan, random order and NUnit's random data; null: from the clock, and printed.</summary>
    public int? Seed { get; init; }

    /// <summary>Measures each test's database work.</summary>
    public bool Measure { get; init; } = true;

    /// <summary>The port on this machine's loopback where Prometheus finds the figures while the run goes on, 1 to 65535; null:
    /// none.</summary>
    public int? MetricsPort { get; init; }

    /// <summary>The port on this machine's loopback where a browser can watch the run while it goes on, 1 to 65535; 0: a free one; null:
    /// none.</summary>
    public int? LivePort { get; init; }

    /// <summary>The Pushgateway's URL that the figures are put to at the end; credentials in it are secret. Null: none.</summary>
    public string? MetricsPushUrl { get; init; }

    /// <summary>Reports where the time went.</summary>
    public bool Benchmark { get; init; }

    /// <summary>Discovers, plans and prints, and runs nothing.</summary>
    public bool List { get; init; }

    /// <summary>The run.json of another run that the report puts beside this one; null: none.</summary>
    public string? CompareFile { get; init; }

    /// <summary>Explains the parameters instead of running anything.</summary>
    public bool ShowHelp { get; init; }

    /// <summary>Zero tests are not an error.</summary>
    public bool AllowEmpty { get; init; }

    /// <summary>Cleaning lists and removes nothing. Only for <see cref="ConcurrentTestCleaning"/>; a run refuses it.</summary>
    public bool DryRun { get; init; }

    /// <summary>Adds VSTest's own diagnostic logs to the results.</summary>
    public bool Diagnostics { get; init; }

    /// <summary>The name of the file beside the timings that has the earlier runs.</summary>
    internal const string HistoryFileName = "test-history.jsonl";

    /// <summary>What the command line said of where the tests are and what they run on, as it is written to test the same once more, with a
    /// space before it and without secrets: <c> --test-database mysql</c>; empty where it said nothing.</summary>
    public string RepeatedArguments { get; init; } = "";

    /// <summary>The repository's root: the default folders are below it, and reported file paths are relative to it.</summary>
    public string RootDirectory { get; init; } = Directory.GetCurrentDirectory();

    /// <summary>The caller's folder: relative paths of parameters are relative to it.</summary>
    public string WorkingDirectory { get; init; } = Directory.GetCurrentDirectory();

    /// <summary>A folder for what outlives a run but may be deleted at any time: templates, timings.</summary>
    public string TemporaryDirectory { get; init; } = Path.Combine(Directory.GetCurrentDirectory(), ".nuke", "temp");

    /// <summary>What drives the run, for the record: <c>GitHubActions</c>, <c>Terminal</c> …</summary>
    public string Host { get; init; } = "Terminal";

    /// <summary>The NUKE in use and its version, for the record.</summary>
    public string Nuke { get; init; } = "none";

    /// <summary>Names of environment variables that hold secrets and are withheld from test processes.</summary>
    public ImmutableArray<string> SecretVariables { get; init; } = OwnSecretVariables;

    /// <summary>The variables of the parameters that are secret.</summary>
    internal static ImmutableArray<string> OwnSecretVariables =>
        ["NUKE_TEST_CONNECTION_STRING", "NUKE_TEST_METRICS_PUSH", "NUKE_TEST_QUEUE"];

    /// <summary>Writes a plan for several machines instead of running anything.</summary>
    internal bool MakesPlan { get; init; }

    /// <summary>Asks this machine to leave a run of <see cref="Queue"/> to the others.</summary>
    internal CancellationToken Leaving { get; init; }

    /// <summary>How this machine is called in a run of <see cref="Queue"/>; null: as it is called.</summary>
    internal string? QueueMachine { get; init; }

    /// <summary>How long what a machine has taken is its own without a sign of it; null: the default.</summary>
    internal TimeSpan? QueueLease { get; init; }

    /// <summary>How long the queue may be away; null: the default.</summary>
    internal TimeSpan? QueuePatience { get; init; }

    /// <summary>It asks for all tests that there are.</summary>
    internal bool RunsAll => RunsWholeClasses && this is { Shard: null, PlanFile: null };

    /// <summary>It asks for all tests of each class that it asks for; a part of several machines' run has whole classes.</summary>
    internal bool RunsWholeClasses => this is { Filter: null, OnlyFailed: false, ReplayFile: null, Budget: null };

    /// <summary>The settings of a run that must not touch any database: one worker, no variables of ours.</summary>
    internal ConcurrentTestSettings Sequential() => this with { Workers = 1, Database = DatabaseEngine.None, Environment = [] };

    /// <summary>The settings with every path absolute: the defaults are relative to <see cref="RootDirectory"/>.</summary>
    internal ConcurrentTestSettings WithAbsolutePaths() => this with
    {
        TimingsFile = Path.GetFullPath(TimingsFile, RootDirectory),
        ResultsDirectory = Path.GetFullPath(ResultsDirectory, RootDirectory),
        PlanFile = PlanFile is null ? null : Path.GetFullPath(PlanFile, RootDirectory),
        JUnitFile = Path.GetFullPath(JUnitFile ?? Path.Combine(ResultsDirectory, "junit.xml"), RootDirectory),
    };

    /// <summary>The settings without anything secret.</summary>
    public override string ToString() => $"{Number(Workers, "worker")}, {Database}, {Number(TestProjects.Length, "project")}";

    // Data must not use the rooms, which have a helper for counts.
    private static string Number(int count, string one) => count == 1 ? $"1 {one}" : $"{count} {one}s";
}
