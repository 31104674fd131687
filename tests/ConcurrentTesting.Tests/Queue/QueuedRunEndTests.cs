using ConcurrentTesting.Catalog;
using ConcurrentTesting.Queue;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run.Merging;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Execution;
using ConcurrentTesting.VsTest;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Queue;

/// <summary>How a run ends that machines share, when something happens close to its end or to the queue.</summary>
public sealed class QueuedRunEndTests(QueueServer server) : IClassFixture<QueueServer>, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static int _runs;

    private readonly string _run = $"ending-{Interlocked.Increment(ref _runs)}";
    private readonly TestCatalog _catalog = Catalogs.Of(classes: 4, testsPerClass: 2);
    private readonly List<SharedMachine> _machines = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var machine in _machines)
            await machine.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_machine_that_is_asked_to_leave_when_all_is_done_ends_with_the_verdict(bool isAlone)
    {
        var (other, last) = (Machine("other"), Machine("last"));
        last.WorkerEnds = last.Leave;
        var waiting = isAlone ? null : other.RunAsync(_catalog, Pass);

        var end = await last.RunAsync(_catalog, Pass);

        (end.ExitCode, end.Reason).ShouldBe((ConcurrentTestExitCode.Success, end.Reason));
        if (waiting is not null)
            (await waiting).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        (await RecordAsync()).ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_machine_that_is_asked_to_leave_before_it_has_joined_fills_no_run_and_ends_well_where_others_are_there(bool areOthers)
    {
        await using var other = new PlayedMachine(server.ConnectionString, _run, "other");
        if (areOthers)
            await other.JoinAsync(PlayedMachine.Plan(1));
        var early = Machine("early");
        early.Leave();

        var end = await early.RunAsync(_catalog, Pass);

        end.ExitCode.ShouldBe(areOthers ? ConcurrentTestExitCode.Success : ConcurrentTestExitCode.Incomplete, end.Reason);
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.machines WHERE run = '{_run}'")).ShouldBe(areOthers ? 1 : 0);
    }

    [Fact]
    public async Task A_machine_that_is_asked_to_leave_before_it_has_joined_a_run_that_is_over_ends_with_its_verdict()
    {
        var verdict = await Machine("one").RunAsync(_catalog, Pass);
        var late = Machine("late");
        late.Leave();

        var end = await late.RunAsync(_catalog, Pass);

        (end.ExitCode, end.Reason).ShouldBe((ConcurrentTestExitCode.Success, verdict.Reason));
    }

    [Fact]
    public async Task A_run_whose_machines_told_other_results_than_the_queue_counts_is_not_green()
    {
        var machine = Machine("one");
        machine.WorkerEnds = () => server.ScalarAsync(
            $"WITH gone AS (DELETE FROM concurrent_test.results WHERE run = '{_run}' AND test = 3 RETURNING 1) SELECT count(*) FROM gone").GetAwaiter().GetResult();

        var end = await machine.RunAsync(_catalog, Pass);

        end.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        end.Reason.ShouldContain("1 batch of one told other results than the queue has counted");
    }

    [Fact]
    public async Task A_run_ends_with_what_happened_last_on_whichever_machine()
    {
        await Machine("one").RunAsync(_catalog, Pass);
        var (results, lines) = (await ReadAsync(), new EventLines(new Redactor()));
        var early = new QueuedMachine(
            Guid.NewGuid(), 2, "early", 1, MachineState.Left, [lines.Write([new IncidentReported("told", "It left.", null) { At = DateTimeOffset.UtcNow.AddHours(-1) }])]);

        var (alone, both) = (RecordOf(results), RecordOf(results with { Machines = [.. results.Machines, early] }));

        both.Incidents.ShouldContain(incident => incident.Message == "early: It left.");
        both.FinishedAt.ShouldBe(alone.FinishedAt);
        both.FinishedAt.ShouldBeGreaterThanOrEqualTo(both.StartedAt);
    }

    [Theory]
    [InlineData("Port-5432")]
    [InlineData(null)]
    public async Task A_machine_that_the_queue_does_not_hear_ends_exclusive_tests_before_another_begins_them(string? group)
    {
        var catalog = Catalogs.Of(classes: 1, testsPerClass: 1);
        var unit = catalog.Units[0];
        catalog = catalog with { Units = [unit with { Entries = [unit.Entries[0] with { Marks = group is null ? [] : [group] }] }] };
        var (begun, ended, back) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        var machine = Machine("cut", settings => settings with { Workers = 1, QueueLease = TimeSpan.FromSeconds(3) });
        var running = machine.RunAsync(catalog, HangOnceAsync);
        await begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await using var holding = new NpgsqlConnection(server.ConnectionString);
        await holding.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await holding.BeginTransactionAsync(TestContext.Current.CancellationToken);

        // Its heart waits for the row, as it would for a server that is away.
        await using var command = new NpgsqlCommand($"SELECT FROM concurrent_test.machines WHERE run = '{_run}' FOR UPDATE", holding);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await Eventually(async () => ended.Task.IsCompleted || await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.claims WHERE run = '{_run}' AND until > clock_timestamp()") == 0);

        ended.Task.IsCompleted.ShouldBe(group is not null);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        back.TrySetResult();
        var end = await running;
        end.ExitCode.ShouldBe(ConcurrentTestExitCode.Success, end.Reason);
        machine.Fake.Runs.Count.ShouldBe(group is null ? 1 : 2);
        (await server.ScalarAsync($"SELECT losses FROM concurrent_test.runs WHERE run = '{_run}'")).ShouldBe(0, "it gave them back itself");

        async Task<HostRunEnd> HangOnceAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
        {
            if (!begun.TrySetResult())
                return await Pass(run, events, cancellationToken);
            events.ActiveTests([FakeHost.Told(run.Entries[0])]);
            await back.Task.WaitAsync(cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            if (!cancellationToken.IsCancellationRequested)
                return await Pass(run, events, cancellationToken);
            ended.TrySetResult();
            return new HostRunEnd("it was ended");
        }
    }

    private static async Task Eventually(Func<Task<bool>> holds)
    {
        using var bound = new CancellationTokenSource(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await holds())
            await timer.WaitForNextTickAsync(bound.Token);
    }

    private static Task<HostRunEnd> Pass(HostRun run, IHostEvents events, CancellationToken cancellationToken) => FakeHost.GiveAll(run, events, _ => TestOutcome.Passed);

    private SharedMachine Machine(string name, Func<ConcurrentTestSettings, ConcurrentTestSettings>? configure = null)
    {
        var machine = new SharedMachine(server.ConnectionString, _run, name, configure);
        _machines.Add(machine);
        return machine;
    }

    private RunRecord RecordOf(QueuedResults results) => QueuedRecord.Of(_run, results, new ConcurrentTestSettings(), results.Seal is not null);

    private async Task<RunRecord> RecordAsync() => RecordOf(await ReadAsync());

    private async Task<QueuedResults> ReadAsync()
    {
        await using var connection = new QueueConnection(server.ConnectionString, TimeProvider.System);
        return (await new QueueRun(connection, _run, new QueueMachine(Guid.NewGuid(), "reader", 0)).ReadAsync(CancellationToken.None))!;
    }
}
