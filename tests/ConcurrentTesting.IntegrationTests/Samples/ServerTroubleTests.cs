using System.Text.Json;
using System.Xml.Linq;
using ConcurrentTesting.IntegrationTests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Runs on a real server that fails them in the middle.</summary>
public sealed class ServerTroubleTests(DatabaseServers servers) : IDisposable
{
    // Before a test's time-out, and long before the next look at the databases, would tell of a death too.
    private static readonly TimeSpan SoonestOtherNotice = TimeSpan.FromSeconds(10);

    private readonly TroubledSuite _suite = new(isFirstRun: true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _suite.Dispose();

    [Theory]
    [InlineData(DatabaseEngine.PostgreSql, Hosts.Direct)]
    [InlineData(DatabaseEngine.MySql, Hosts.Direct)]
    [InlineData(DatabaseEngine.PostgreSql, Hosts.Console)]
    public async Task A_server_that_restarts_in_the_middle_costs_retries_and_no_test(DatabaseEngine engine, string host)
    {
        await using var server = await RestartingServer.StartAsync(servers, engine, Cancellation);
        // A server is back within a moment, in which many tests have to begin.
        using var run = Start(engine, server.ConnectionString, $"--workers 3 --test-host {host} --test-timings x.json", "DELAY=25", "ROWS=10");
        await run.SeenAsync("Progress:", Cancellation);
        await server.RestartAsync(Cancellation);

        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(10), ignoreOrder: true);
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed");
        outcome.Tests.ShouldContain(test => test.Attempts > 1, outcome.Output);
        var retries = outcome.Run.GetProperty("retries").EnumerateObject().ToList();
        retries.ShouldContain(retry => retry.Name == "server-restart" || retry.Name == "connection");
        retries.ShouldAllBe(retry => retry.Value.GetProperty("tried").GetInt32() >= retry.Value.GetProperty("succeeded").GetInt32() && retry.Value.GetProperty("succeeded").GetInt32() > 0);
        (await File.ReadAllTextAsync(Path.Combine(_suite.Results, "metrics.prom"), Cancellation)).ShouldMatch("""concurrent_test_worker_retry_successes_total\{cause="(server_restart|connection)"\} [1-9]""");
        (await server.OwnDatabasesAsync(Cancellation)).ShouldBe(0);
    }

    [Theory]
    [InlineData("direct", "testhost", 100)]
    [InlineData("console", "vstest.console", 40)]
    public async Task Of_thousands_of_results_none_is_lost_or_doubled_whatever_dies(string host, string second, int rowsEach)
    {
        await using var server = await RestartingServer.StartAsync(servers, DatabaseEngine.PostgreSql, Cancellation);

        var asked = 100 * rowsEach;
        _suite.KnowDurations(rowsEach, seconds: 0.002);

        // Visits are counted in the databases that are there: few are replaced meanwhile.
        using var run = Start(
            DatabaseEngine.PostgreSql, server.ConnectionString, $"--workers 4 --test-host {host} --test-reruns 1 --test-timeout 12s --test-max-operations 0",
            $"ROWS={rowsEach}", "FAIL=Rows20:7", "CRASH=Rows40:30", "HANG=Rows60:39", "FLAKY=Rows80:1", "INFRASTRUCTURE=Rows90:3");
        var memory = run.PeakMemoryAsync(Cancellation);
        var killed = new List<DateTimeOffset>();
        foreach (var (visits, victim) in new[] { (asked / 20, "testhost"), (asked * 3 / 20, second), (asked / 4, "testhost") })
        {
            await server.VisitsAsync(run, visits, Cancellation);
            var process = await run.DescendantAsync(victim, Cancellation);
            killed.Add(DateTimeOffset.UtcNow);
            await SampleRun.SignalAsync(process, "KILL", Cancellation);
        }

        await server.VisitsAsync(run, asked * 7 / 20, Cancellation);
        await server.ScalarAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname LIKE 'ct\\_r\\_%'", Cancellation);
        await server.VisitsAsync(run, asked * 9 / 20, Cancellation);
        await server.RestartAsync(Cancellation);

        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        var tests = outcome.Tests;
        tests.Count.ShouldBe(asked);
        tests.Select(test => (test.ClassName, test.Name)).Order().SequenceEqual(TroubledSuite.AllRows(rowsEach).Order()).ShouldBeTrue("the results are not the tests that were asked for");
        tests.Where(test => test.Outcome != "Passed").Select(test => (test.ClassName, test.Name, test.Outcome)).ShouldBe(
            [("Troubled.Rows20", "Row(number: 7)", "Failed"), ("Troubled.Rows40", "Row(number: 30)", "Failed"), ("Troubled.Rows60", "Row(number: 39)", "TimedOut")], ignoreOrder: true);
        tests.Single(test => test is { ClassName: "Troubled.Rows80", Name: "Row(number: 1)" }).Attempts.ShouldBeGreaterThan(1);
        outcome.Output.Split('\n')[^1].ShouldBe($"{asked - 3} passed, 3 failed, 0 skipped");
        CasesIn(Path.Combine(_suite.Results, "junit.xml"), "testcase").ShouldBe(asked);
        CasesIn(Path.Combine(_suite.Results, "test-results.trx"), "UnitTestResult").ShouldBe(asked);
        killed.ShouldAllBe(at => Ends(outcome).Any(end => end - at > TimeSpan.Zero && end - at < SoonestOtherNotice), "a death was noticed late");
        (await memory).ShouldBeInRange(50_000_000, 500_000_000);
        (await server.OwnDatabasesAsync(Cancellation)).ShouldBe(0);
        ProcessTree.WithVariable("CONCURRENT_TEST_RUN", outcome.Run.GetProperty("run").GetString()!).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(DatabaseEngine.PostgreSql)]
    [InlineData(DatabaseEngine.MySql)]
    public async Task A_server_that_is_gone_for_good_ends_the_run_as_incomplete_with_all_that_is_known(DatabaseEngine engine)
    {
        await using var server = await RestartingServer.StartAsync(servers, engine, Cancellation);
        using var run = Start(engine, server.ConnectionString, "--workers 2 --test-max-retries 1 --test-retry-delay 100ms", "DELAY=25");
        await run.SeenAsync("Progress:", Cancellation);
        await server.VisitsAsync(run, 20, Cancellation);
        await server.StopAsync(Cancellation);

        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        outcome.Duration.ShouldBeLessThan(TimeSpan.FromSeconds(60));
        outcome.Incidents.Count(kind => kind == "worker-retired").ShouldBe(2, outcome.Output);
        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(3), ignoreOrder: true);

        // Of twenty visits, the last of each worker may have been seen before its test had ended, and results that the test host has not sent yet go with it.
        outcome.Tests.Count(test => test.Outcome == "Passed").ShouldBeGreaterThanOrEqualTo(20 - (2 * 4));
        outcome.Tests.Where(test => test.Outcome != "Passed").ShouldNotBeEmpty();
    }

    [Fact]
    public async Task What_a_test_has_locked_that_was_ended_holds_up_no_other_test()
    {
        await using var server = await RestartingServer.StartAsync(servers, DatabaseEngine.PostgreSql, Cancellation);

        var outcome = await RunAsync(DatabaseEngine.PostgreSql, server.ConnectionString, "--workers 1 --test-timeout 8s --test-fail-fast 3", "LOCK=Rows50:2");

        outcome.Tests.Where(test => test.Outcome != "Passed").Select(test => (test.ClassName, test.Name, test.Outcome))
            .ShouldBe([("Troubled.Rows50", "Row(number: 2)", "TimedOut")], outcome.Output);
        (await server.OwnDatabasesAsync(Cancellation)).ShouldBe(0);
    }

    /// <param name="message">The server's own.</param>
    /// <param name="options">How many sessions it bears: the administrator's take five of these.</param>
    [Theory]
    [InlineData(DatabaseEngine.PostgreSql, "too many clients", "-c", "max_connections=11", "-c", "superuser_reserved_connections=0")]
    [InlineData(DatabaseEngine.MySql, "Too many connections", "--max_connections=11")]
    public async Task A_server_with_too_few_connections_retires_workers_and_the_others_do_the_work(DatabaseEngine engine, string message, params string[] options)
    {
        await using var server = await RestartingServer.StartAsync(servers, engine, Cancellation, options);

        _suite.KnowDurations(rowsEach: 3, seconds: 1);

        var outcome = await RunAsync(engine, server.ConnectionString, "--workers 8 --test-retry-delay 200ms", "DELAY=20");

        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(3), ignoreOrder: true);
        outcome.ExitCode.ShouldBe(0, outcome.Output);
        // MySQL's sessions may end so soon one after another that there are enough for all.
        if (engine == DatabaseEngine.PostgreSql || outcome.Incidents.Contains("worker-retired"))
            outcome.Output.ShouldContain(message);
        (await server.OwnDatabasesAsync(Cancellation)).ShouldBe(0);
    }

    /// <summary>When batches ended whose host had died.</summary>
    private static IEnumerable<DateTimeOffset> Ends(SampleOutcome outcome) =>
        outcome.Run.GetProperty("batches").EnumerateArray()
            .Where(batch => batch.GetProperty("error").ValueKind == JsonValueKind.String)
            .Select(batch => batch.GetProperty("startedAt").GetDateTimeOffset().AddSeconds(batch.GetProperty("seconds").GetDouble()));

    private static int CasesIn(string file, string element) => XDocument.Load(file).Descendants().Count(found => found.Name.LocalName == element);

    private SampleRun Start(DatabaseEngine engine, string connectionString, string arguments, params string[] trouble)
    {
        var command = _suite.Command($"--test-database {engine} --test-filter {TroubledSuite.RowsOnly} --test-template {_suite.Template} {arguments}");
        return SampleRun.StartIn(_suite.Folder, ["dotnet", .. command], [("NUKE_TEST_CONNECTION_STRING", connectionString), .. _suite.Variables(trouble)]);
    }

    private async Task<SampleOutcome> RunAsync(DatabaseEngine engine, string connectionString, string arguments, params string[] trouble)
    {
        using var run = Start(engine, connectionString, arguments, trouble);
        return await run.EndAsync(Cancellation);
    }
}
