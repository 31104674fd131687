using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Prometheus;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Prometheus;

public sealed partial class MetricsFileTests
{
    [Fact]
    public async Task A_run_is_told_in_the_names_that_dashboards_use()
    {
        var lines = (await WriteAsync(FullRun())).Split('\n');

        lines.ShouldContain("concurrent_test_results_total{outcome=\"passed\"} 2");
        lines.ShouldContain("concurrent_test_results_total{outcome=\"failed\"} 1");
        lines.ShouldContain("concurrent_test_results_total{outcome=\"error\"} 0");
        lines.ShouldContain("concurrent_test_test_duration_seconds_count{outcome=\"passed\"} 2");
        lines.ShouldContain("concurrent_test_test_duration_seconds_bucket{outcome=\"passed\",le=\"0.01\"} 2");
        lines.ShouldContain("concurrent_test_flaky_tests 1");
        lines.ShouldContain("concurrent_test_test_reruns_total{cause=\"rerun\"} 1");
        lines.ShouldContain("concurrent_test_worker_duration_seconds{worker=\"0\"} 9");
        lines.ShouldContain("concurrent_test_worker_idle_seconds{worker=\"1\"} 4");
        lines.ShouldContain("concurrent_test_worker_errors_total{worker=\"0\",cause=\"timed_out\"} 1");
        lines.ShouldContain("concurrent_test_worker_errors_total{worker=\"1\",cause=\"crashed\"} 1");
        lines.ShouldContain("concurrent_test_worker_errors_total{worker=\"1\",cause=\"retired\"} 1");
        lines.ShouldContain("concurrent_test_worker_retries_total{cause=\"requeue\"} 2");
        lines.ShouldContain("concurrent_test_worker_retry_successes_total{cause=\"requeue\"} 1");
        lines.ShouldContain("concurrent_test_worker_retries_total{cause=\"session_start\"} 2");
        lines.ShouldContain("concurrent_test_worker_retry_successes_total{cause=\"session_start\"} 1");
        lines.ShouldContain("concurrent_test_database_retries_total{engine=\"postgresql\",cause=\"busy\"} 3");
        lines.ShouldContain("concurrent_test_database_retry_successes_total{engine=\"postgresql\"} 1");
        lines.ShouldContain("concurrent_test_template_hits_total{engine=\"postgresql\"} 1");
        lines.ShouldContain("concurrent_test_template_misses_total{engine=\"postgresql\"} 0");
        lines.ShouldContain("concurrent_test_database_clone_duration_seconds_count{engine=\"postgresql\"} 2");
        lines.ShouldContain("concurrent_test_health_checks_total{engine=\"postgresql\",outcome=\"ok\"} 12");
        lines.ShouldContain("concurrent_test_recycles_total{worker=\"0\"} 3");
        lines.ShouldContain("concurrent_test_leaked_databases{engine=\"postgresql\"} 1");
        lines.ShouldContain("concurrent_test_database_events_total{engine=\"postgresql\",cause=\"swept\"} 4");
        lines.ShouldContain("concurrent_test_run_duration_seconds 10");
        lines.ShouldContain("concurrent_test_run_lower_bound_seconds 6");
        lines.ShouldContain("concurrent_test_run_efficiency_ratio 0.75");
        lines.ShouldContain("concurrent_test_run_known_timings_ratio 0.5");
    }

    [Fact]
    public async Task What_did_not_go_wrong_is_zero_and_not_missing()
    {
        var lines = (await WriteAsync(RecordedRun.Of("/results", [RecordedRun.Test("Passes")]))).Split('\n');

        lines.ShouldContain("concurrent_test_worker_errors_total{worker=\"1\",cause=\"crashed\"} 0");
        lines.ShouldContain("concurrent_test_worker_retries_total{cause=\"requeue\"} 0");
        lines.ShouldContain("concurrent_test_worker_retries_total{cause=\"server_restart\"} 0");
        lines.ShouldContain("concurrent_test_test_reruns_total{cause=\"by_name\"} 0");
        lines.ShouldContain("concurrent_test_incidents_total{cause=\"worker_retired\"} 0");
        lines.ShouldContain("concurrent_test_outside_failures_total{cause=\"process_end\"} 0");
    }

    [Fact]
    public async Task What_did_not_go_wrong_of_databases_is_zero_and_not_missing()
    {
        var lines = (await WriteAsync(FullRun() with { Incidents = [] })).Split('\n');

        lines.ShouldContain("concurrent_test_health_checks_total{engine=\"postgresql\",outcome=\"failed\"} 0");
        lines.ShouldContain("concurrent_test_database_retries_total{engine=\"postgresql\",cause=\"conflict\"} 0");
    }

    [Fact]
    public async Task Every_metric_has_our_prefix_a_help_text_and_labels_of_few_values()
    {
        var text = await WriteAsync(FullRun());

        foreach (var type in text.Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)))
        {
            var name = type.Split(' ')[2];
            name.ShouldStartWith("concurrent_test_");
            text.ShouldContain($"# HELP {name} ");
        }

        Labels().Matches(text).Select(match => match.Groups[1].Value).Distinct().ShouldBe(["outcome", "le", "cause", "worker", "machine", "engine"], ignoreOrder: true);
        text.ShouldNotContain("\nprocess_");
        text.ShouldNotContain("dotnet_");
    }

    [Fact]
    public async Task What_was_not_measured_is_not_there()
    {
        var text = await WriteAsync(RecordedRun.Of("/results", []) with { Efficiency = null, Workers = [] });

        text.ShouldNotContain("efficiency");
        text.ShouldNotContain("speedup");
        text.ShouldNotContain("concurrent_test_template");
        text.ShouldNotContain("queries");
        text.ShouldContain("concurrent_test_results_total{outcome=\"passed\"} 0");
    }

    [Fact]
    public async Task Two_files_do_not_share_their_counts()
    {
        (await WriteAsync(FullRun())).ShouldBe(await WriteAsync(FullRun()));
    }

    [Fact]
    public async Task Promtool_has_nothing_to_say()
    {
        Assert.SkipUnless(IsInstalled("promtool"), "promtool is not installed: Debian's package prometheus has it");
        var start = new ProcessStartInfo("promtool", ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var promtool = Process.Start(start)!;
        await promtool.StandardInput.WriteAsync(await WriteAsync(FullRun()));
        promtool.StandardInput.Close();

        var output = await promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);

        (output + error).ShouldBe("");
        promtool.ExitCode.ShouldBe(0);
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static RunRecord FullRun() => RecordedRun.Of(
        "/results",
        [
            RecordedRun.Test("Passes"),
            RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed)),
            RecordedRun.Test("Slow", RecordedRun.Attempt(TestOutcome.TimedOut)),
            RecordedRun.Test("Flaky", RecordedRun.Attempt(TestOutcome.Failed), RecordedRun.Attempt(number: 2, batch: 3) with { Cause = "rerun" }),
            RecordedRun.Test("Lost", RecordedRun.Attempt(TestOutcome.Error), RecordedRun.Attempt(TestOutcome.Error, 2, batch: 1) with { Cause = "requeue" }, RecordedRun.Attempt(TestOutcome.Skipped, 3, batch: 2) with { Cause = "requeue" }),
        ],
        RecordedRun.Batch(0),
        RecordedRun.Batch(1, worker: 1, error: "killed", reason: "requeue"),
        RecordedRun.Batch(2, reason: "requeue"),
        RecordedRun.Batch(3, reason: "rerun")) with
    {
        Workers = [.. RecordedRun.Of("/results", []).Workers.Select(worker => worker.Number == 0 ? worker with { Recycles = 3 } : worker)],
        Incidents = [new Incident(RecordedRun.Start, "worker-retired", "it kept failing", 1), new Incident(RecordedRun.Start, "retry-session-start", "no session", 1)],
        PreparationRetries = ImmutableSortedDictionary<string, RetryCount>.Empty.Add("session-start", new RetryCount(2, 1)),
        Database = new DatabaseRecord
        {
            Engine = "postgresql",
            TemplateHit = true,
            TemplateTime = TimeSpan.FromMilliseconds(40),
            CloneTimes = [TimeSpan.FromMilliseconds(4), TimeSpan.FromMilliseconds(6)],
            DropTimes = [TimeSpan.FromMilliseconds(2)],
            Counts = ImmutableSortedDictionary<string, long>.Empty.Add("health_checks_ok", 12).Add("leaked", 1).Add("swept", 4).Add("retries", 5).Add("retries_busy", 3).Add("retries_server_full", 2).Add("retries_succeeded", 1),
        },
    };

    private static async Task<string> WriteAsync(RunRecord record)
    {
        using var stream = new MemoryStream();
        await MetricsFile.WriteAsync(record, stream, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    [GeneratedRegex("[{,](\\w+)=\"")]
    private static partial Regex Labels();
}
