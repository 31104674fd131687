using System.Globalization;
using ConcurrentTesting.IntegrationTests.Databases;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Runs on a real PostgreSQL server that fails them in the middle.</summary>
[Collection("PostgreSQL")]
public sealed class ServerTroubleTests(DatabaseServers servers) : IDisposable
{
    private const string OnServer = "--test-database postgresql --test-filter " + TroubledSuite.RowsOnly;

    private readonly TroubledSuite _suite = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _suite.Dispose();

    [Fact]
    public async Task A_server_that_restarts_in_the_middle_costs_retries_and_no_test()
    {
        await using var server = await RestartingServer.StartAsync(servers, Cancellation);
        using var run = Start(server.ConnectionString, "--workers 3 --test-timings x.json", "DELAY=25");
        await run.SeenAsync("Progress:", Cancellation);
        await VisitsAsync(server.ConnectionString, 20);
        await server.RestartAsync(Cancellation);

        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(3), ignoreOrder: true);
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed");
        outcome.Tests.ShouldContain(test => test.Attempts > 1);
        var retries = outcome.Run.GetProperty("retries").EnumerateObject().ToList();
        retries.ShouldContain(retry => retry.Name == "server-restart" || retry.Name == "connection");
        retries.ShouldAllBe(retry => retry.Value.GetProperty("tried").GetInt32() >= retry.Value.GetProperty("succeeded").GetInt32() && retry.Value.GetProperty("succeeded").GetInt32() > 0);
        (await File.ReadAllTextAsync(Path.Combine(_suite.Results, "metrics.prom"), Cancellation)).ShouldMatch("""concurrent_test_worker_retry_successes_total\{cause="(server_restart|connection)"\} [1-9]""");
        (await OwnDatabasesAsync(server.ConnectionString)).ShouldBe(0);
    }

    [Fact]
    public async Task A_server_that_is_gone_for_good_ends_the_run_as_incomplete_with_all_that_is_known()
    {
        await using var server = await RestartingServer.StartAsync(servers, Cancellation);
        using var run = Start(server.ConnectionString, "--workers 2 --test-max-retries 1 --test-retry-delay 100ms", "DELAY=25");
        await run.SeenAsync("Progress:", Cancellation);
        await VisitsAsync(server.ConnectionString, 20);
        await server.StopAsync(Cancellation);

        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        outcome.Duration.ShouldBeLessThan(TimeSpan.FromSeconds(60));
        outcome.Incidents.Count(kind => kind == "worker-retired").ShouldBe(2, outcome.Output);
        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(3), ignoreOrder: true);
        outcome.Tests.Count(test => test.Outcome == "Passed").ShouldBeGreaterThan(19);
        outcome.Tests.Where(test => test.Outcome != "Passed").ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_server_with_too_few_connections_retires_workers_and_the_others_do_the_work()
    {
        // Superusers have three more: the administrator's own sessions take five of these.
        await using var server = await RestartingServer.StartAsync(servers, Cancellation, "-c", "max_connections=11", "-c", "superuser_reserved_connections=0");

        var outcome = await RunAsync(server.ConnectionString, "--workers 8 --test-retry-delay 200ms");

        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(3), ignoreOrder: true);
        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Output.ShouldContain("too many clients");
        (await OwnDatabasesAsync(server.ConnectionString)).ShouldBe(0);
    }

    private SampleRun Start(string connectionString, string arguments, params string[] trouble) =>
        SampleRun.StartIn(_suite.Folder, ["dotnet", .. _suite.Command($"{OnServer} --test-template {_suite.Template} {arguments}")], [("NUKE_TEST_CONNECTION_STRING", connectionString), .. _suite.Variables(trouble)]);

    private async Task<SampleOutcome> RunAsync(string connectionString, string arguments, params string[] trouble)
    {
        using var run = Start(connectionString, arguments, trouble);
        return await run.EndAsync(Cancellation);
    }

    /// <summary>Until tests have left so many visits in the workers' databases.</summary>
    private static async Task VisitsAsync(string connectionString, int visits)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        bound.CancelAfter(TimeSpan.FromMinutes(1));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        do
        {
            await timer.WaitForNextTickAsync(bound.Token);
        }
        while (await ScalarAsync(connectionString, "SELECT coalesce(sum(xact_commit), 0) FROM pg_stat_database WHERE datname LIKE 'ct\\_r\\_%'") < visits);
    }

    private static Task<long> OwnDatabasesAsync(string connectionString) => ScalarAsync(connectionString, "SELECT count(*) FROM pg_database WHERE datname LIKE 'ct\\_r\\_%'");

    private static async Task<long> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Database=postgres;Pooling=False");
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancellation), CultureInfo.InvariantCulture);
    }
}
