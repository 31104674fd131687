using Prometheus;

namespace ConcurrentTesting.Reports.Prometheus;

/// <summary>A run's figures under the names that dashboards and alerts use: prefix <c>concurrent_test_</c>, base units, and the labels
/// worker, outcome, engine and cause alone. Never a label per test: slow tests belong in run.json and in the report. What was not measured
/// is not there, rather than zero.</summary>
internal sealed class RunMetrics
{
    public const string Prefix = "concurrent_test_";

    private static readonly double[] TestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
    private static readonly double[] DatabaseBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

    private readonly MetricFactory _factory;

    /// <param name="registry">A registry of our own: the default one adds figures of this process.</param>
    public RunMetrics(CollectorRegistry registry) => _factory = Metrics.WithCustomRegistry(registry);

    public Histogram TestDuration =>
        Histogram("test_duration_seconds", "How long the final attempts of tests took, by how they ended.", TestBuckets, "outcome");
    public Counter Results => Counter("results_total", "Tests by how they ended, each counted once.", "outcome");
    public Gauge Active => Gauge("active_tests", "Tests that are running now; only while the run goes on.");
    public Gauge Discovered => Gauge("discovered_tests", "Test cases that were discovered and asked for.");
    public Gauge Flaky => Gauge("flaky_tests", "Tests that failed at first and passed in the end.");
    public Gauge Muted => Gauge("muted_tests", "Tests that failed, are quarantined, and count as skipped.");
    public Counter Outside =>
        Counter("outside_failures_total", "Failures outside of any test: cleanup, process_end, error.", "cause");
    public Counter Reruns => Counter("test_reruns_total", "Attempts of tests beyond the first.", "cause");

    public Gauge Workers => Gauge("workers", "Workers that the run was asked for.");
    public Gauge Machines => Gauge("machine_workers", "Workers of each machine that the run was on.", "machine");
    public Gauge WorkerDuration => Gauge("worker_duration_seconds", "From a worker's start to its end.", "worker");
    public Gauge WorkerBusy => Gauge("worker_busy_seconds", "How long a worker ran batches.", "worker");
    public Gauge WorkerIdle =>
        Gauge("worker_idle_seconds", "How long a worker waited for work, for its database or for its session.", "worker");
    public Counter WorkerTests => Counter("worker_tests_total", "Results that a worker delivered, reruns too.", "worker");
    public Counter WorkerBatches => Counter("worker_batches_total", "Batches that a worker ran.", "worker");
    public Counter WorkerErrors =>
        Counter("worker_errors_total",
            "What went wrong on a worker: crashed (a batch's host ended badly), timed_out (a test was ended), retired.", "worker", "cause");
    public Counter WorkerRetries =>
        Counter("worker_retries_total",
            "What was tried again through no fault of a test's: batches (requeue, alone, by_name), tests by what failed them (connection, server_restart, too_many_connections, declared), session_start.", "cause");
    public Counter WorkerRetrySuccesses => Counter("worker_retry_successes_total", "Of what was tried again, what ended well.", "cause");
    public Counter Incidents => Counter("incidents_total", "What the run reported besides its results, by kind.", "cause");

    public Counter Operations =>
        Counter("database_operations_total",
            "Commands that test processes sent to databases, in tests, fixtures and outside of both, as their drivers told.", "worker",
            "engine");
    public Counter FixtureQueries =>
        Counter("fixture_queries_total", "SQL statements of set-ups and tear-downs that several tests share.", "worker");

    public Counter ServerSessions =>
        Counter("server_sessions_total", "Sessions that the server counted in workers' databases.", "worker", "engine");
    public Counter ServerTransactions =>
        Counter("server_transactions_total", "Transactions that the server counted in workers' databases.", "worker", "engine");
    public Counter ServerRowsRead =>
        Counter("server_rows_read_total", "Rows that the server read in workers' databases.", "worker", "engine");
    public Counter ServerRowsChanged => Counter(
        "server_rows_changed_total", "Rows that the server inserted, updated and deleted in workers' databases.", "worker", "engine");

    public Counter TemplateHits => Counter("template_hits_total", "Templates that were found and used.", "engine");
    public Counter TemplateMisses => Counter("template_misses_total", "Templates that had to be built.", "engine");
    public Gauge TemplateDuration => Gauge("template_duration_seconds", "How long it took to find or to build the template.", "engine");
    public Histogram CloneDuration =>
        Histogram("database_clone_duration_seconds", "How long cloning a database took.", DatabaseBuckets, "engine");
    public Histogram DropDuration =>
        Histogram("database_drop_duration_seconds", "How long dropping a database took.", DatabaseBuckets, "engine");
    public Counter HealthChecks =>
        Counter("health_checks_total", "Health checks of workers' databases by their result.", "engine", "outcome");
    public Counter DatabaseRetries => Counter(
        "database_retries_total", "Database operations of the run itself that were tried again, by what was wrong.", "engine", "cause");
    public Counter DatabaseRetrySuccesses =>
        Counter("database_retry_successes_total", "Of these operations, those that succeeded in the end.", "engine");
    public Counter Recycles =>
        Counter("recycles_total", "How often a worker's session and databases were replaced after their share of work.", "worker");
    public Counter Resets =>
        Counter("database_resets_total", "How often a worker got fresh databases between batches, classes or reruns.", "worker");
    public Gauge Leaked => Gauge("leaked_databases", "Databases of this run that could not be dropped.", "engine");
    public Counter DatabaseEvents =>
        Counter("database_events_total", "What else was counted of the databases, by kind.", "engine", "cause");

    public Gauge Wall => Gauge("run_duration_seconds", "Wall time of the run.");
    public Gauge LowerBound =>
        Gauge("run_lower_bound_seconds",
            "The shortest time the plan could have taken: the longest test or what has to stay together, or the work shared evenly, whichever is longer.");
    public Gauge TestTime => Gauge("run_test_seconds", "What the durations of all attempts add up to.");
    public Gauge Efficiency => Gauge(
        "run_efficiency_ratio", "The lower bound as a share of the time from the first worker's start to the last one's end, 0 to 1.");
    public Gauge Speedup => Gauge("run_speedup_ratio", "What the tests' durations add up to, over the wall time.");
    public Gauge Imbalance => Gauge("run_imbalance_ratio", "The busiest worker's time over the average of all; 1 is even.");
    public Gauge KnownTimings => Gauge("run_known_timings_ratio", "Share of the tests whose duration was known before the run, 0 to 1.");
    public Gauge ExitCode => Gauge("run_exit_code", "The exit code that the run ended with.");
    public Gauge FinishTime => Gauge("run_finish_timestamp_seconds", "When the run ended, in seconds since 1970.");

    /// <summary>What the drivers told of tests, by worker.</summary>
    public Collector Measured(MeasuredFigure figure) =>
        figure.IsPeak ? Gauge(figure.Metric, figure.Help, "worker") : Counter(figure.Metric, figure.Help, "worker");

    private Counter Counter(string name, string help, params string[] labels) => _factory.CreateCounter(Prefix + name, help, labels);

    private Gauge Gauge(string name, string help, params string[] labels) =>
        _factory.CreateGauge(Prefix + name, help, labels, new GaugeConfiguration { SuppressInitialValue = true });

    private Histogram Histogram(string name, string help, double[] buckets, params string[] labels) =>
        _factory.CreateHistogram(Prefix + name, help, labels, new HistogramConfiguration { Buckets = buckets });
}
