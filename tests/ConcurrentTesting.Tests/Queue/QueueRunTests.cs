using ConcurrentTesting.Queue;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Queue;

/// <summary>What machines may count on, one thing after another.</summary>
public sealed class QueueRunTests(QueueServer server) : IClassFixture<QueueServer>
{
    private static int _runs;

    private readonly string _run = $"run-{Interlocked.Increment(ref _runs)}";

    [Fact]
    public async Task Of_machines_that_come_at_once_one_leads()
    {
        var machines = Enumerable.Range(0, 8).Select(_ => Machine()).ToList();

        var joined = await Task.WhenAll(machines.Select(machine => machine.JoinAsync(PlayedMachine.Plan(2, 2, 2))));

        joined.Count(one => one.IsLeader).ShouldBe(1);
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.tests WHERE run = '{_run}'")).ShouldBe(6);
        (await server.ScalarAsync($"SELECT count(DISTINCT number) FROM concurrent_test.machines WHERE run = '{_run}'")).ShouldBe(8);
    }

    [Fact]
    public async Task A_machine_with_another_fingerprint_is_told_the_runs_and_does_not_come_in()
    {
        await Machine().JoinAsync(PlayedMachine.Plan(2));

        var joined = await Machine().JoinAsync(PlayedMachine.Plan(3));

        joined.Fingerprint["discovery"].ShouldBe("2");
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.machines WHERE run = '{_run}'")).ShouldBe(1);
    }

    [Fact]
    public async Task What_failed_last_comes_first_and_then_the_longest()
    {
        var plan = PlayedMachine.Plan(1, 3, 2);
        var machine = Machine(workers: 16);
        await machine.JoinAsync(plan with { Items = [plan.Items[0] with { FailedLast = true }, .. plan.Items[1..]] });

        var claims = new[] { await machine.ClaimAsync(), await machine.ClaimAsync(), await machine.ClaimAsync() };

        claims.Select(claim => claim!.Tests.Length).ShouldBe([1, 3, 2]);
    }

    [Fact]
    public async Task Batches_shrink_with_what_remains()
    {
        var machine = Machine(workers: 2);
        await machine.JoinAsync(PlayedMachine.Plan([.. Enumerable.Repeat(1, 40)]));

        var sizes = new List<int>();
        while (await machine.ClaimAsync() is { } claim)
        {
            sizes.Add(claim.Tests.Length);
            await machine.PassAsync(claim);
        }

        sizes.Sum().ShouldBe(40);
        sizes[0].ShouldBe(10);
        sizes.ShouldBe(sizes.OrderDescending());
        sizes[^1].ShouldBe(1);
    }

    [Fact]
    public async Task A_worker_is_given_the_assembly_that_it_has_a_host_of()
    {
        var plan = PlayedMachine.Plan([.. Enumerable.Repeat(1, 40)]);
        var machine = Machine();
        await machine.JoinAsync(plan with { Items = [.. plan.Items.Select(item => item with { Assembly = item.Tests[0] % 2 })] });

        (await machine.ClaimAsync(host: 1))!.Assembly.ShouldBe(1);
        (await machine.ClaimAsync(host: 0))!.Assembly.ShouldBe(0);
    }

    [Fact]
    public async Task Exclusive_groups_hold_across_machines()
    {
        var plan = PlayedMachine.Plan(1, 1, 1, 1);
        string[][] groups = [["port"], ["port"], [], ["exclusive"]];
        var (one, other) = (Machine(), Machine());
        plan = plan with { Items = [.. plan.Items.Select((item, index) => item with { Groups = [.. groups[index]] })] };
        await one.JoinAsync(plan);
        await other.JoinAsync(plan);

        var first = await one.ClaimAsync();
        var second = await other.ClaimAsync();

        first!.Tests.ShouldBe([0]);
        second!.Tests.ShouldBe([2]);
        (await other.ClaimAsync()).ShouldBeNull();
        await one.PassAsync(first);
        (await one.ClaimAsync())!.Tests.ShouldBe([1]);
    }

    [Fact]
    public async Task What_comes_back_for_another_machine_goes_there_unless_there_is_none()
    {
        var (one, other) = (Machine(), Machine());
        await one.JoinAsync(PlayedMachine.Plan(1));
        await other.JoinAsync(PlayedMachine.Plan(1));
        var claim = await one.ClaimAsync();
        await one.PassAsync(claim!, PlayedMachine.Item([0], "retry") with { NotHere = true });

        (await one.ClaimAsync(worker: 1)).ShouldBeNull();
        await other.Run.LeaveAsync(isEarly: true, [], hasFailed: false, CancellationToken.None);
        (await one.ClaimAsync(worker: 1))!.Tests.ShouldBe([0]);
    }

    [Fact]
    public async Task A_test_that_machines_are_lost_with_is_alone_before_it_is_given_up_and_the_others_are_done()
    {
        const int Poison = 3;
        var (one, other) = (Machine(), Machine());
        await one.JoinAsync(PlayedMachine.Plan(2, 4, 2), lease: 600);
        await other.JoinAsync(PlayedMachine.Plan(2, 4, 2), lease: 600);

        var lost = 0;
        for (var round = 0; round < 40; round++)
        {
            var machine = round % 2 == 0 ? one : other;
            if (await machine.ClaimAsync() is not { } claim)
                continue;
            if (!claim.Tests.Contains(Poison))
                await machine.PassAsync(claim);
            else
                lost += (int)await server.ScalarAsync($"WITH late AS (UPDATE concurrent_test.items SET until = clock_timestamp() - interval '1s' WHERE run = '{_run}' AND lease = {claim.Lease} RETURNING lease) SELECT count(DISTINCT lease) FROM late");
        }

        lost.ShouldBe(QueueSql.MostLosses);
        (await one.Run.ReadAsync(CancellationToken.None))!.NotDone.ShouldHaveSingleItem().Test.ShouldBe(Poison);
        (await one.StateAsync()).Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task A_lease_holds_no_longer_than_its_tests_may_take_however_often_its_machine_is_heard()
    {
        var (one, other) = (Machine(), Machine());
        await one.JoinAsync(PlayedMachine.Plan(1));
        await other.JoinAsync(PlayedMachine.Plan(1));
        var (claim, _, _) = await one.Run.ClaimAsync(0, -1, TimeSpan.Zero, CancellationToken.None);

        (await one.Run.HeartbeatAsync(2, [claim!.Lease], CancellationToken.None)).ShouldBe([claim.Lease]);
        (await other.ClaimAsync())!.Tests.ShouldBe([0]);
        (await one.PassAsync(claim)).IsTaken.ShouldBeTrue();
    }

    [Fact]
    public async Task A_machine_whose_items_are_faulty_learns_that_others_pass()
    {
        var (one, other) = (Machine(), Machine());
        await one.JoinAsync(PlayedMachine.Plan([.. Enumerable.Repeat(1, 10)]));
        await other.JoinAsync(PlayedMachine.Plan([.. Enumerable.Repeat(1, 10)]));
        await other.PassAsync((await other.ClaimAsync())!);

        QueueAnswer? answer = null;
        for (var fault = 0; fault < 3; fault++)
            answer = await one.GiveBackAsync((await one.ClaimAsync())!, isFaulty: true);

        answer.ShouldBe(new QueueAnswer(IsTaken: false, Faults: 3, OthersPass: true));
    }

    [Fact]
    public async Task A_run_is_sealed_once_and_not_before_all_of_it_is_done()
    {
        var (one, other) = (Machine(), Machine());
        await one.JoinAsync(PlayedMachine.Plan(1));
        await other.JoinAsync(PlayedMachine.Plan(1));
        var claim = await one.ClaimAsync();
        (await one.Run.BeginSealAsync(CancellationToken.None)).ShouldBeFalse("an item is out");
        await one.PassAsync(claim!);
        await one.Run.LeaveAsync(isEarly: false, [], hasFailed: false, CancellationToken.None);
        (await one.Run.BeginSealAsync(CancellationToken.None)).ShouldBeFalse("a machine may have more to say");
        await other.Run.LeaveAsync(isEarly: false, [], hasFailed: false, CancellationToken.None);

        (await one.Run.BeginSealAsync(CancellationToken.None)).ShouldBeTrue();
        (await other.Run.BeginSealAsync(CancellationToken.None)).ShouldBeFalse("another is at it");
        await other.Run.SealAsync(0, "not its turn", CancellationToken.None);
        await one.Run.SealAsync(0, "all passed", CancellationToken.None);
        await one.Run.SealAsync(1, "another verdict", CancellationToken.None);

        (await other.StateAsync()).Seal.ShouldNotBeNull().Reason.ShouldBe("all passed");
        (await Machine().JoinAsync(PlayedMachine.Plan(1))).Seal!.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task What_was_given_up_makes_no_green_verdict()
    {
        var machine = Machine();
        await machine.JoinAsync(PlayedMachine.Plan(1));
        var claim = await machine.ClaimAsync();
        await machine.Run.AcknowledgeAsync(0, PlayedMachine.End(claim!) with { Results = [] }, CancellationToken.None);
        await machine.Run.LeaveAsync(isEarly: false, [], hasFailed: false, CancellationToken.None);
        (await machine.Run.BeginSealAsync(CancellationToken.None)).ShouldBeTrue();

        await machine.Run.SealAsync(0, "all passed", CancellationToken.None);

        (await machine.StateAsync()).Seal.ShouldBeNull();
    }

    [Fact]
    public async Task Another_version_of_the_tables_is_refused()
    {
        await Machine().JoinAsync(PlayedMachine.Plan(1));
        await server.ScalarAsync("WITH later AS (UPDATE concurrent_test.version SET version = 2 RETURNING 1) SELECT count(*) FROM later");
        try
        {
            var refused = await Machine().JoinAsync(PlayedMachine.Plan(1)).ShouldThrowAsync<ConcurrentTestException>();

            refused.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
            refused.Message.ShouldContain("has version 2");
        }
        finally
        {
            await server.ScalarAsync("WITH earlier AS (UPDATE concurrent_test.version SET version = 1 RETURNING 1) SELECT count(*) FROM earlier");
        }
    }

    [Fact]
    public async Task A_queue_that_is_away_for_too_long_is_told()
    {
        await using var connection = new QueueConnection("Host=127.0.0.1;Port=9;Username=nobody", TimeProvider.System, TimeSpan.FromMilliseconds(200));
        var machine = new QueueRun(connection, _run, new QueueMachine(Guid.NewGuid(), "machine", 1));

        var told = await machine.StateAsync(CancellationToken.None).ShouldThrowAsync<ConcurrentTestException>();

        told.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        told.Message.ShouldStartWith("The queue of --test-queue was away");
    }

    [Theory]
    [InlineData("postgresql://user:secret@host/db", "is a URI")]
    [InlineData("Nonsense", "cannot be read")]
    [InlineData("Username=me", "has to name a server")]
    public void A_connection_that_cannot_be_read_is_refused_without_quoting_it(string connection, string why)
    {
        var refused = Should.Throw<ConcurrentTestException>(() => new QueueConnection(connection, TimeProvider.System));

        refused.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        refused.Message.ShouldContain(why);
        refused.Message.ShouldNotContain("secret");
    }

    private PlayedMachine Machine(int workers = 2) => new(server.ConnectionString, _run, "machine", workers);
}
