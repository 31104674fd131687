namespace ConcurrentTesting.Settings;

/// <summary>What <c>--help</c> and the README say of each parameter: its meaning and, after <c>". Default: "</c>, what holds where it is
/// not given. Constants, because the arguments of an attribute must be.</summary>
public static class ConcurrentTestHelp
{
    /// <summary><c>--workers</c></summary>
    public const string Workers = "Workers that run tests at the same time, 1 to 256; of these, a run starts those that pay. Default: the cores, and more where the timings say that tests wait";

    /// <summary><c>--test-projects</c></summary>
    public const string TestProjects =
        "Project files, solutions, built assemblies, folders or globs, of any repository; what begins with ! is left out. "
        + "Default: ConcurrentTestProjects of the build class";

    /// <summary><c>--test-build</c></summary>
    public const string TestBuild =
        "Whether the projects are built: always; never, which takes them as they are; or auto, which skips the build where nothing has changed that the last one read or wrote, and always builds on a CI host. Default: auto";

    /// <summary><c>--test-no-build</c></summary>
    public const string TestNoBuild = "The same as --test-build never. Default: false";

    /// <summary><c>--test-configuration</c></summary>
    public const string TestConfiguration = "MSBuild configuration that is built and run. Default: Debug";

    /// <summary><c>--test-framework</c></summary>
    public const string TestFramework = "Target framework to run, for example net8.0. Default: all";

    /// <summary><c>--test-filter</c></summary>
    public const string TestFilter = "Filter in VSTest's syntax, for example FullyQualifiedName~Orders&Category!=Slow. Default: none";

    /// <summary><c>--test-coverage</c></summary>
    public const string TestCoverage =
        "Collects code coverage also where the .runsettings name no collector: with coverlet.collector where a project has it, else with Microsoft.CodeCoverage. Default: false";

    /// <summary><c>--test-settings</c></summary>
    public const string TestSettings = "Your .runsettings file, into which the run's own settings are merged. Default: none";

    /// <summary><c>--test-database</c></summary>
    public const string TestDatabase =
        "Engine that gives every worker databases of its own: none, sqlite, postgresql or mysql. Default: none";

    /// <summary><c>--test-connection-string</c></summary>
    public const string TestConnectionString =
        "Connection string of a server on which databases may be created; secret, best given as NUKE_TEST_CONNECTION_STRING. Default: a throwaway server";

    /// <summary><c>--test-template</c></summary>
    public const string TestTemplate =
        "What the template database is made from, in this order: SQL files or folders, cmd:COMMAND, or db:NAME of an existing database; watch:PATH names what a "
        + "command reads, and NAME=ENTRY is for one of --test-databases alone; none is an empty database whatever the build says. Default: an empty database";

    /// <summary><c>--test-template-extensions</c></summary>
    public const string TestTemplateExtensions =
        "PostgreSQL extensions that are made for the template with the rights of the connection string; those that reach nothing need no mention. Default: none";

    /// <summary><c>--test-databases</c></summary>
    public const string TestDatabases =
        "Names of the databases that each worker has; {ConnectionString:NAME} is the connection string of one. Default: main";

    /// <summary><c>--test-database-settings</c></summary>
    public const string TestDatabaseSettings =
        "What every session of a worker's database starts with, as NAME=VALUE, for example statement_timeout=30s. Default: none";

    /// <summary><c>--test-isolation</c></summary>
    public const string TestIsolation =
        "What separates the workers: database, or server for suites that touch what belongs to the whole server. Default: database";

    /// <summary><c>--test-server-listen</c></summary>
    public const string TestServerListen =
        "How a throwaway PostgreSQL server is reached: socket, or tcp for suites and tools that want a host, a port and a password (127.0.0.1, a password made for the run). Default: socket";

    /// <summary><c>--test-reset</c></summary>
    public const string TestReset = "When a worker's databases are replaced by fresh ones: never, batch or class. Default: never";

    /// <summary><c>--test-host</c></summary>
    public const string TestHost =
        "What starts test processes: direct (the run itself; a host stays warm for further batches of xunit 2, NUnit and MSTest), console (vstest.console, a process a batch), or auto: direct where it is known to work. Default: auto";

    /// <summary><c>--test-ahead-of-time</c></summary>
    public const string TestAheadOfTime =
        "Assemblies of packages compiled ahead for faster test hosts: off, or auto: compiled in the background of a run by crossgen2 (a NuGet package, fetched then), used by later runs. Default: off";

    /// <summary><c>--test-granularity</c></summary>
    public const string TestGranularity =
        "What goes to a worker as a whole: class, collection (xunit collections and the namespaces of NUnit set-up fixtures), test (also parts of a class that would make "
        + "the run longer), or auto: classes and parts of long ones where workers have databases that the tests use, otherwise collections. Default: auto";

    /// <summary><c>--test-together</c></summary>
    public const string TestTogether = "Collections, classes and namespaces whose tests stay on one worker. Default: none";

    /// <summary><c>--test-keep-failed</c></summary>
    public const string TestKeepFailed = "Keeps the databases of failed tests and says how to connect to them. Default: false";

    /// <summary><c>--test-server-binaries</c></summary>
    public const string TestServerBinaries =
        "Folder of a database server's programs, for a throwaway server. Default: looked for on the PATH and in the usual folders";

    /// <summary><c>--test-production-fallback</c></summary>
    public const string TestProductionFallback =
        "What happens where the environment says production: refuse, or sequential for one test after another without databases of their own. Default: refuse";

    /// <summary><c>--test-allow</c></summary>
    public const string TestAllow =
        "Guards to override: production-environment, remote-server, standby-server, replicated-server, archiving-server or reaching-sql. Default: none";

    /// <summary><c>--test-allowed-hosts</c></summary>
    public const string TestAllowedHosts =
        "Database hosts beyond this machine that are for tests; * stands for anything. Default: this machine and containers beside it";

    /// <summary><c>--test-template-cache</c></summary>
    public const string TestTemplateCache = "Caches templates and uses them again in later runs. Default: true";

    /// <summary><c>--test-environment</c></summary>
    public const string TestEnvironment =
        "Variables of the test processes as NAME=PATTERN; {ConnectionString}, {Database}, {Host}, {Port}, {Username}, {Password} and {Worker} are "
        + "replaced. Default: ConnectionStrings__Default={ConnectionString}";

    /// <summary><c>--test-timings</c></summary>
    public const string TestTimings = "File of recorded durations, read for the plan and updated. Default: .nuke/temp/test-timings.json";

    /// <summary><c>--test-results-directory</c></summary>
    public const string TestResultsDirectory = "Folder of the artifacts. Default: artifacts/test-results";

    /// <summary><c>--test-junit-file</c></summary>
    public const string TestJUnitFile = "JUnit file. Default: junit.xml in the results directory";

    /// <summary><c>--test-junit-format</c></summary>
    public const string TestJUnitFormat =
        "What the JUnit file may contain: full, or strict for readers that check it against the schema of Jenkins' xUnit plugin. Default: full";

    /// <summary><c>--test-timeout</c></summary>
    public const string TestTimeout = "Longest time for one test, for example 90s or 5m. Default: 5m";

    /// <summary><c>--test-worker-timeout</c></summary>
    public const string TestWorkerTimeout = "Longest time for one worker's whole work. Default: off";

    /// <summary><c>--test-health-check-interval</c></summary>
    public const string TestHealthCheckInterval = "Time between two health checks of a worker's database. Default: 60s";

    /// <summary><c>--test-max-operations</c></summary>
    public const string TestMaxOperations =
        "Database operations, or tests where those are not measured, until a worker is recycled; 0 is never. Default: 1000";

    /// <summary><c>--test-max-retries</c></summary>
    public const string TestMaxRetries = "Retries of work that an infrastructure fault cost, 0 to 100. Default: 3";

    /// <summary><c>--test-retry-delay</c></summary>
    public const string TestRetryDelay = "Delay before the first retry; later ones grow. Default: 1s";

    /// <summary><c>--test-reruns</c></summary>
    public const string TestReruns = "Times that a failing test is run again, 0 to 100. Default: 0";

    /// <summary><c>--test-flaky</c></summary>
    public const string TestFlaky =
        "What a test that failed at first and passed when rerun means for the verdict: pass or fail. Default: pass";

    /// <summary><c>--test-quarantine</c></summary>
    public const string TestQuarantine = "JSON file of tests whose failures are muted until a date. Default: none";

    /// <summary><c>--test-only-failed</c></summary>
    public const string TestOnlyFailed = "Runs only what did not pass in the last run. Default: false";

    /// <summary><c>--test-order</c></summary>
    public const string TestOrder =
        "What runs first: failed-first (what failed in its last run, then the longest), longest-first, or random by the seed. Default: failed-first";

    /// <summary><c>--test-budget</c></summary>
    public const string TestBudget =
        "Time for the tests, for example 60s: the most valuable that fit run (failed last, new, in a changed assembly, not run for longest), the rest is left out and counted. Default: off";

    /// <summary><c>--test-new-runs</c></summary>
    public const string TestNewRuns =
        "Times that tests run of which the timings know nothing yet, 1 to 100; one that fails any of them has failed. Default: 1";

    /// <summary><c>--test-stress</c></summary>
    public const string TestStress =
        "Runs the selected tests again and again and reports each one's failure rate: a number of times, or how long (10m); one failure fails the run. Default: off";

    /// <summary><c>--test-replay</c></summary>
    public const string TestReplay = "run.json of an earlier run whose order is repeated. Default: none";

    /// <summary><c>--test-replay-worker</c></summary>
    public const string TestReplayWorker = "The only worker of --test-replay that is repeated, from 0. Default: all";

    /// <summary><c>--test-bisect</c></summary>
    public const string TestBisect = "Failing test of --test-replay: finds the earlier test that makes it fail. Default: none";

    /// <summary><c>--test-compare</c></summary>
    public const string TestCompare = "run.json of another run that the report puts beside this one. Default: none";

    /// <summary><c>--test-report-from</c></summary>
    public const string TestReportFrom =
        "Results folders of earlier runs whose reports are made again, also of killed ones; nothing is run. Default: none";

    /// <summary><c>--test-shard</c></summary>
    public const string TestShard =
        "Part of the tests that this machine runs: i/n, from 1/n to n/n, or auto where the CI host or --partition tells it. Default: all tests";

    /// <summary><c>--test-shard-count</c></summary>
    public const string TestShardCount =
        "Number of parts, 1 to 256: of a plan, and for --test-shard auto on hosts that tell the part alone. Default: chosen by --test-shard-target, or the host's";

    /// <summary><c>--test-shard-target</c></summary>
    public const string TestShardTarget =
        "Longest time that a plan gives the tests of one machine; decides how many machines there are. Default: 5m";

    /// <summary><c>--test-plan</c></summary>
    public const string TestPlan =
        "plan.json with the parts of --test-shard, which ConcurrentTestPlan writes there. Default: parts by hash of the class; ConcurrentTestPlan writes artifacts/test-plan/plan.json";

    /// <summary><c>--test-plan-format</c></summary>
    public const string TestPlanFormat =
        "What ConcurrentTestPlan prints the parts for: github, gitlab (a child pipeline), json, or auto for the CI host it runs on. Default: auto";

    /// <summary><c>--test-merge</c></summary>
    public const string TestMerge =
        "Results folders of all parts, or a folder that holds them, which ConcurrentTestMerge makes one run of. Default: none";

    /// <summary><c>--test-queue</c></summary>
    public const string TestQueue =
        "Connection string of a PostgreSQL server, 13 or later, whose queue several machines share; secret, best given as NUKE_TEST_QUEUE. Default: none";

    /// <summary><c>--test-queue-run</c></summary>
    public const string TestQueueRun =
        "Name of the run in the queue, the same on all of its machines. Default: the CI host's id of the pipeline, on GitHub with its attempt";

    /// <summary><c>--test-fail-fast</c></summary>
    public const string TestFailFast = "Failures after which the run stops; 0 is never. Default: 0";

    /// <summary><c>--test-seed</c></summary>
    public const string TestSeed = "Seed of the plan, of random order and of NUnit's random data. Default: from the clock, printed";

    /// <summary><c>--test-measure</c></summary>
    public const string TestMeasure = "Measures each test's database work. Default: true";

    /// <summary><c>--test-metrics-listen</c></summary>
    public const string TestMetricsListen =
        "Port on 127.0.0.1 where Prometheus can scrape the run's metrics while it goes on. Default: none";

    /// <summary><c>--test-live</c></summary>
    public const string TestLive =
        "Shows the report in a browser while the run goes on: auto, or a port on 127.0.0.1; the address is printed. Default: none";

    /// <summary><c>--test-metrics-push</c></summary>
    public const string TestMetricsPush =
        "Address of a Pushgateway that gets the run's metrics at its end; a group may follow, for example http://gateway:9091/metrics/job/shop. Default: none";

    /// <summary><c>--test-benchmark</c></summary>
    public const string TestBenchmark = "Reports where the time went. Default: false";

    /// <summary><c>--test-list</c></summary>
    public const string TestList = "Discovers, plans and prints, and runs nothing. Default: false";

    /// <summary><c>--test-help</c></summary>
    public const string TestHelp = "Explains the parameters in groups, with examples, and runs nothing. Default: false";

    /// <summary><c>--test-allow-empty</c></summary>
    public const string TestAllowEmpty = "Zero tests are not an error. Default: false";

    /// <summary><c>--test-dry-run</c></summary>
    public const string TestDryRun = "ConcurrentTestClean lists what it would remove, and removes nothing. Default: false";

    /// <summary><c>--test-diagnostics</c></summary>
    public const string TestDiagnostics = "Adds VSTest's own diagnostic logs to the artifacts. Default: false";
}
