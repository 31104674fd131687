using ConcurrentTesting.IntegrationTests.Databases;
using ConcurrentTesting.IntegrationTests.Samples;
using ConcurrentTesting.Queue;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run.Merging;
using ConcurrentTesting.Tests.Queue;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Queue;

/// <summary>Machines are processes here, and what befalls them is real: nothing is lost, nothing is done twice, and no run is green that did not run all.</summary>
public sealed class MachineProofTests(DatabaseServers servers) : IAsyncLifetime
{
    private const string Never = "-";

    private static int _runs;

    private readonly string _run = $"proof-{Interlocked.Increment(ref _runs)}";
    private readonly List<MachineProcess> _machines = [];
    private RestartingServer? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RestartingServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await RestartingServer.StartAsync(servers, DatabaseEngine.PostgreSql, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        _machines.ForEach(machine => machine.Dispose());
        await Server.DisposeAsync();
    }

    [Fact]
    public async Task What_a_killed_machine_had_others_do_and_what_it_had_acknowledged_stands()
    {
        // One worker, and classes of one test: it has acknowledged what it began before the last.
        var killed = Machine("killed", 10, 1, 1, 2, 20, "Class4.Test0");
        await killed.SaysAsync(line => line.EndsWith("Class4.Test0", StringComparison.Ordinal));
        await killed.KillAsync();
        var acknowledged = await CountAsync("results");
        acknowledged.ShouldBeGreaterThan(0);

        var other = Machine("other", 10, 1, 1, 2, 20, Never);
        (await other.EndAsync()).ShouldBe(0, string.Join('\n', other.Lines));

        other.Begun.Count.ShouldBe(10 - (int)acknowledged);
        await ShouldBeWholeAsync(10);
        (await Server.ScalarAsync($"SELECT losses FROM concurrent_test.runs WHERE run = '{_run}'", Cancellation)).ShouldBe(1);
        var retried = Machine("retried", 10, 1, 1, 2, 20, Never);
        (await retried.EndAsync()).ShouldBe(10, "a sealed run's verdict is repeated");
        retried.Begun.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_machine_that_is_killed_before_it_has_taken_anything_leaves_all_to_the_others()
    {
        var killed = Machine("killed", 10, 1, 1, 2, 20, Never, "waits");
        await killed.SaysAsync(line => line.StartsWith("This machine leads run", StringComparison.Ordinal));
        await killed.KillAsync();
        (await CountAsync("items", "state <> 'open'")).ShouldBe(0);

        var other = Machine("other", 10, 1, 1, 2, 20, Never);

        (await other.EndAsync()).ShouldBe(0, string.Join('\n', other.Lines));
        killed.Begun.ShouldBeEmpty();
        other.Begun.Count.ShouldBe(10);
        await ShouldBeWholeAsync(10);
        (await Server.ScalarAsync($"SELECT losses FROM concurrent_test.runs WHERE run = '{_run}'", Cancellation)).ShouldBe(0);
    }

    [Fact]
    public async Task What_failed_beside_the_batches_of_a_machine_that_is_killed_is_in_the_verdict()
    {
        var killed = Machine("killed", 10, 1, 1, 2, 20, "Class4.Test0", "beside");
        await killed.SaysAsync(line => line.EndsWith("Class4.Test0", StringComparison.Ordinal));
        await killed.KillAsync();

        var other = Machine("other", 10, 1, 1, 2, 20, Never);

        (await other.EndAsync()).ShouldBe(1, string.Join('\n', other.Lines));
        other.Lines[^1].ShouldContain("No test failed, but this did: Test process");
    }

    [Fact]
    public async Task A_machine_that_wakes_up_after_its_lease_is_fenced_off()
    {
        var frozen = Machine("frozen", 4, 3, 2, 1.5, 300, Never);
        await frozen.BeginsTestAsync();
        await frozen.SignalAsync("STOP");
        var other = Machine("other", 4, 3, 2, 1.5, 10, Never);

        (await other.EndAsync()).ShouldBe(0, string.Join('\n', other.Lines));
        await frozen.SignalAsync("CONT");

        (await frozen.EndAsync()).ShouldBe(0, string.Join('\n', frozen.Lines));
        await ShouldBeWholeAsync(12);
    }

    [Fact]
    public async Task What_a_machine_says_that_wakes_up_in_the_middle_of_a_run_does_not_count()
    {
        // The run is not over when it wakes up, and what it then tells of its first batch would make it red.
        var frozen = Machine("frozen", 4, 3, 1, 1.5, 300, Never, "fails");
        await frozen.BeginsTestAsync();
        await frozen.SignalAsync("STOP");
        var taken = frozen.Begun.Select(test => test[..test.LastIndexOf('.')]).ShouldHaveSingleItem();
        var other = Machine("other", 4, 3, 2, 1.5, 10, "Class3.Test2");
        await Task.WhenAll(other.SaysAsync(line => line == $"{taken}.Test2"), other.SaysAsync(line => line.EndsWith("Class3.Test2", StringComparison.Ordinal)));

        await frozen.SignalAsync("CONT");
        await EventuallyAsync(async () => await CountAsync("machines", "name = 'frozen' AND seen_at > clock_timestamp() - interval '1 s'") == 1);
        await other.SignalAsync("TERM");

        (await other.EndAsync()).ShouldBe(0, string.Join('\n', other.Lines));
        (await frozen.EndAsync()).ShouldBe(0, string.Join('\n', frozen.Lines));
        frozen.Lines.ShouldContain("fenced");
        frozen.Lines.ShouldContain(line => line.EndsWith("Class3.Test2", StringComparison.Ordinal), "it went on with new work");
        await ShouldBeWholeAsync(12);
    }

    [Fact]
    public async Task Nobody_is_taken_for_lost_while_the_server_is_frozen_for_longer_than_a_lease_and_a_question_last()
    {
        var machines = Enumerable.Range(0, 3).Select(number => Machine($"machine-{number}", 60, 4, 2, 5, 100, Never)).ToList();
        await Task.WhenAll(machines.Select(machine => machine.BeginsTestAsync()));

        await Server.FreezeAsync(TimeSpan.FromSeconds(12), Cancellation);

        foreach (var machine in machines)
            (await machine.EndAsync()).ShouldBe(0, string.Join('\n', machine.Lines.Where(line => !line.StartsWith("test", StringComparison.Ordinal))));
        await ShouldBeWholeAsync(240);
        (await Server.ScalarAsync($"SELECT losses FROM concurrent_test.runs WHERE run = '{_run}'", Cancellation)).ShouldBe(0);
    }

    [Fact]
    public async Task Of_processes_that_come_at_once_one_leads()
    {
        await using var queue = new QueueConnection(Server.ConnectionString + ";Database=postgres", TimeProvider.System);
        await using var holding = new NpgsqlConnection(Server.ConnectionString + ";Database=postgres");
        await queue.AskAsync((_, _) => Task.FromResult(true), Cancellation);
        await holding.OpenAsync(Cancellation);
        await using var transaction = await holding.BeginTransactionAsync(Cancellation);
        await using var command = new NpgsqlCommand("LOCK TABLE concurrent_test.runs", holding);
        await command.ExecuteNonQueryAsync(Cancellation);
        var machines = Enumerable.Range(0, 3).Select(number => Machine($"machine-{number}", 20, 2, 1, 5, 20, Never, "tells")).ToList();
        await EventuallyAsync(async () => await Server.ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ConcurrentTest queue' AND wait_event_type = 'Lock'", Cancellation) == 3);

        await transaction.CommitAsync(Cancellation);

        foreach (var machine in machines)
            (await machine.EndAsync()).ShouldBe(0, string.Join('\n', machine.Lines));
        machines.Count(machine => machine.Lines.Any(line => line.StartsWith("This machine leads run", StringComparison.Ordinal))).ShouldBe(1);
        machines.Count(machine => machine.Lines.Any(line => line.StartsWith("This machine joins run", StringComparison.Ordinal))).ShouldBe(2);
        await ShouldBeWholeAsync(40);
    }

    [Fact]
    public async Task Machines_outlive_a_server_that_restarts_and_freezes_and_connections_that_are_cut()
    {
        await using var proxy = new CuttingProxy(Server.ConnectionString);
        var machines = Enumerable.Range(0, 4).Select(number => Machine(proxy.ConnectionString, $"machine-{number}", 40, 4, 2, 5, 60, Never)).ToList();
        await Task.WhenAll(machines.Select(machine => machine.BeginsTestAsync()));

        var cut = 0;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(150));
        for (var round = 0; round < 6; round++)
        {
            await timer.WaitForNextTickAsync(Cancellation);
            cut += proxy.Cut();
        }

        await Server.RestartAsync(Cancellation);
        await Server.FreezeAsync(TimeSpan.FromSeconds(2), Cancellation);
        cut += proxy.Cut();

        foreach (var machine in machines)
            (await machine.EndAsync()).ShouldBe(0, string.Join('\n', machine.Lines.Where(line => !line.StartsWith("test", StringComparison.Ordinal))));
        cut.ShouldBeGreaterThan(4);
        await ShouldBeWholeAsync(160);
    }

    [Fact]
    public async Task Machines_come_late_leave_early_and_are_killed_while_the_run_goes_on()
    {
        var machines = Enumerable.Range(0, 3).Select(number => Machine($"machine-{number}", 40, 4, 2, 2, 400, Never)).ToList();
        await Task.WhenAll(machines.Select(machine => machine.BeginsTestAsync()));
        var late = Machine("late", 40, 4, 2, 2, 400, Never);
        await late.BeginsTestAsync();
        await machines[0].SignalAsync("TERM");
        await machines[1].KillAsync();

        (await machines[0].EndAsync()).ShouldBe(0, string.Join('\n', machines[0].Lines));
        (await machines[2].EndAsync()).ShouldBe(0);
        (await late.EndAsync()).ShouldBe(0);

        late.Begun.ShouldNotBeEmpty();
        await ShouldBeWholeAsync(160);
    }

    [Fact]
    public async Task A_test_that_machines_die_with_is_given_up_and_makes_the_run_incomplete()
    {
        const string Poison = "Class1.Test0";
        for (var death = 0; death < 3; death++)
        {
            var dying = Machine($"dying-{death}", 3, 1, 1, 0.5, 5, Poison);
            await dying.SaysAsync(line => line.EndsWith(Poison, StringComparison.Ordinal));
            await dying.KillAsync();
        }

        var last = Machine("last", 3, 1, 1, 0.5, 5, Never);

        (await last.EndAsync()).ShouldBe(2, string.Join('\n', last.Lines));
        last.Lines[^1].ShouldContain("1 of its tests is not done");
        last.Begun.ShouldNotContain(line => line.EndsWith(Poison, StringComparison.Ordinal));
        (await CountAsync("results")).ShouldBe(2);
    }

    [Fact]
    public async Task A_machine_that_found_other_tests_ends_with_what_differs()
    {
        var one = Machine("one", 2, 2, 1, 5, 10, "Class0.Test0");
        await one.BeginsTestAsync();

        var other = Machine("other", 2, 3, 1, 5, 10, Never);

        (await other.EndAsync()).ShouldBe(2);
        other.Lines[^1].ShouldContain("2 only here: Shop.Tests (net10.0)/Shop.Tests.Class0.Test2");
    }

    [Fact]
    public async Task A_report_of_an_attempt_that_no_machine_began_is_of_the_one_before_and_no_verdict()
    {
        await using var proxy = new CuttingProxy(Server.ConnectionString);
        var machine = MachineProcess.Start(proxy.ConnectionString, $"{_run}-1", "one", 4, 2, 2, 5, 10, Never);
        _machines.Add(machine);
        (await machine.EndAsync()).ShouldBe(0);

        var again = await MergeAsync(proxy.ConnectionString, attempt: 3);

        again.ExitCode.ShouldBe(2, again.Output);
        again.Tests.Count.ShouldBe(8);
        again.Reason.ShouldContain($"No machine has begun run {_run}-3; the results are those of the attempt before, {_run}-1.");
        await Server.ScalarAsync($"WITH old AS (UPDATE concurrent_test.runs SET sealed_at = sealed_at - interval '2 days' WHERE run = '{_run}-1' RETURNING 1) SELECT count(*) FROM old", Cancellation);
        var late = await MergeAsync(proxy.ConnectionString, attempt: 1);
        late.ExitCode.ShouldBe(2, late.Output);
        late.Reason.ShouldContain("more than a day ago");
    }

    private async Task<SampleOutcome> MergeAsync(string connectionString, int attempt)
    {
        var folder = Directory.CreateTempSubdirectory("merged-queue-").FullName;
        try
        {
            using var run = SampleRun.StartIn(
                folder, ["dotnet", Repository.Build, "ConcurrentTestMerge", "--root", folder, "--test-template", "none"],
                ("NUKE_TEST_QUEUE", connectionString), ("GITHUB_RUN_ID", _run), ("GITHUB_RUN_ATTEMPT", $"{attempt}"));
            return await run.EndAsync(Cancellation);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task ShouldBeWholeAsync(int tests)
    {
        (await CountAsync("tests", "state = 'done'")).ShouldBe(tests);
        (await CountAsync("tests", "state <> 'done'")).ShouldBe(0);
        (await CountAsync("results", "outcome = 'Passed'")).ShouldBe(tests, "lost or doubled");
        (await Server.ScalarAsync($"SELECT count(DISTINCT test) FROM concurrent_test.results WHERE run = '{_run}'", Cancellation)).ShouldBe(tests);
        (await CountAsync("runs", "exit_code = 0")).ShouldBe(1);

        // The verdict and the reports are made of what the machines told, and not of what is counted above.
        await using var queue = new QueueConnection(Server.ConnectionString + ";Database=postgres", TimeProvider.System);
        var results = await new QueueRun(queue, _run, new QueueMachine(Guid.NewGuid(), "reader", 0)).ReadAsync(Cancellation);
        var record = QueuedRecord.Of(_run, results!, new ConcurrentTestSettings(), isSealed: true);
        (record.ExitCode, record.Tests.Length).ShouldBe((ConcurrentTestExitCode.Success, tests), record.Reason);
        record.Tests.ShouldAllBe(test => test.Attempts.Length == 1 && test.Outcome == TestOutcome.Passed);
    }

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await holds())
            await timer.WaitForNextTickAsync(bound.Token);
    }

    private Task<long> CountAsync(string table, string where = "true") =>
        Server.ScalarAsync($"SELECT count(*) FROM concurrent_test.{table} WHERE run = '{_run}' AND {where}", Cancellation);

    private MachineProcess Machine(string name, params object[] played) => Machine(Server.ConnectionString + ";Database=postgres", name, played);

    private MachineProcess Machine(string connectionString, string name, params object[] played)
    {
        var machine = MachineProcess.Start(connectionString, _run, name, played);
        _machines.Add(machine);
        return machine;
    }
}
