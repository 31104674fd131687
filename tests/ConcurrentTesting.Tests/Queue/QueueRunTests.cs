using ConcurrentTesting.Queue;
using ConcurrentTesting.Record;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
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
        await machine.JoinAsync(PlayedMachine.Plan([.. Enumerable.Repeat(1, 640)]));

        var sizes = new List<int>();
        while (await machine.ClaimAsync() is { } claim)
        {
            sizes.Add(claim.Tests.Length);
            await machine.PassAsync(claim);
        }

        sizes.Sum().ShouldBe(640);
        sizes[0].ShouldBe(5, "others may be about to come");
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
        await other.LeaveAsync(isEarly: true);
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
                lost += (int)await server.ScalarAsync($"WITH late AS (UPDATE concurrent_test.claims SET until = clock_timestamp() - interval '1s' WHERE run = '{_run}' AND lease = {claim.Lease} RETURNING lease) SELECT count(DISTINCT lease) FROM late");
        }

        lost.ShouldBe(QueueSql.MostLosses);
        (await one.Run.ReadAsync(CancellationToken.None))!.NotDone.ShouldHaveSingleItem().Test.ShouldBe(Poison);
        (await one.StateAsync()).Waiting.ShouldBe(0);
    }

    [Fact]
    public async Task Tests_that_need_each_other_stay_together_where_an_item_is_divided_that_machines_were_lost_with()
    {
        var machine = Machine();
        await machine.JoinAsync(PlayedMachine.Peers(PlayedMachine.Plan(5), needs: true, 1, 2, 3), lease: 600);

        await LoseAsync(machine, times: 2);

        (await AllAsync(machine)).Select(claim => claim.Tests.ToArray()).ShouldBe([[1, 2, 3], [0], [4]]);
    }

    [Fact]
    public async Task Tests_that_need_each_other_are_given_up_together()
    {
        var machine = Machine();
        await machine.JoinAsync(PlayedMachine.Peers(PlayedMachine.Plan(2), needs: true, 0, 1), lease: 600);

        await LoseAsync(machine, times: QueueSql.MostLosses);

        (await machine.ClaimAsync()).ShouldBeNull();
        (await machine.StateAsync()).Waiting.ShouldBe(0);
        (await NotDoneAsync(machine)).ShouldBe([0, 1]);
    }

    [Fact]
    public async Task What_skipped_itself_stays_with_what_it_runs_again_behind()
    {
        var machine = Machine(workers: 1);
        await machine.JoinAsync(PlayedMachine.Peers(PlayedMachine.Plan(3), needs: false, 0, 1), lease: 600);
        await AcknowledgeAsync(machine, "Failed Skipped Failed", PlayedMachine.Item([0, 1, 2], BatchReasons.Retry));

        await LoseAsync(machine, times: 2);

        (await AllAsync(machine)).Select(claim => claim.Tests.ToArray()).ShouldBe([[0, 1], [2]]);
    }

    [Fact]
    public async Task An_item_keeps_its_suspect_and_its_companions_wherever_it_goes()
    {
        var (one, other) = (Machine(), Machine());
        var plan = PlayedMachine.Peers(PlayedMachine.Peers(PlayedMachine.Plan(4), needs: true, 0, 1), needs: true, 2, 3);
        await one.JoinAsync(plan, lease: 600);
        await other.JoinAsync(plan, lease: 600);
        await AcknowledgeAsync(one, "Passed - Passed -", PlayedMachine.Item([0, 1, 2, 3], BatchReasons.Requeue) with { Suspect = 3, Companions = [0, 2] });

        var claim = (await other.ClaimAsync())!;
        Told(claim).ShouldBe("requeue 0 1 2 3, suspect 3, companions 0 2");
        await LateAsync(claim.Lease);
        await LoseAsync(one, times: 1);

        (await AllAsync(other)).Select(Told).ShouldBe(["requeue 0 1, suspect , companions 0", "requeue 2 3, suspect 3, companions 2"]);
    }

    [Fact]
    public async Task Companions_that_do_not_begin_again_keep_their_results_and_others_do_not()
    {
        var machine = Machine(workers: 1);
        await machine.JoinAsync(PlayedMachine.Peers(PlayedMachine.Plan(3), needs: true, 0, 1, 2));
        await AcknowledgeAsync(machine, "Passed Failed Failed", PlayedMachine.Item([0, 1, 2], BatchReasons.Rerun) with { Companions = [0] });

        await AcknowledgeAsync(machine, "- Passed -");

        (await NotDoneAsync(machine)).ShouldBe([2], "what it said before was to be replaced");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Companions_of_what_is_given_up_are_done(bool isLost)
    {
        var machine = Machine(workers: 1);
        await machine.JoinAsync(PlayedMachine.Peers(PlayedMachine.Plan(2), needs: true, 0, 1), lease: 600);
        await AcknowledgeAsync(machine, "Passed -", PlayedMachine.Item([0, 1], BatchReasons.Alone) with { Suspect = 1, Companions = [0] });

        if (isLost)
            await LoseAsync(machine, QueueSql.MostLosses);
        for (var fault = 0; fault < QueueSql.MostFaults && !isLost; fault++)
            await machine.GiveBackAsync((await machine.ClaimAsync())!, isFaulty: true);

        (await machine.ClaimAsync()).ShouldBeNull();
        (await NotDoneAsync(machine)).ShouldBe([1]);
    }

    [Theory]
    [InlineData("Failed", true)]
    [InlineData("Failed Skipped", true)]
    [InlineData("TimedOut", true)]
    [InlineData("Failed Passed Skipped", false)]
    [InlineData("Passed Skipped", false)]
    [InlineData("Error Skipped", false)]
    public async Task A_claim_tells_which_of_its_tests_have_failed_and_not_passed_since(string outcomes, bool hasFailed)
    {
        var machine = Machine(workers: 1);
        await machine.JoinAsync(PlayedMachine.Plan(1));
        foreach (var outcome in outcomes.Split(' '))
            await AcknowledgeAsync(machine, outcome, PlayedMachine.Item([0], BatchReasons.Rerun));

        (await machine.ClaimAsync())!.Tries.ShouldHaveSingleItem().HasFailed.ShouldBe(hasFailed);
    }

    [Fact]
    public async Task A_new_attempt_runs_tests_that_need_each_other_in_one_item_where_one_is_not_done()
    {
        var plan = PlayedMachine.Peers(PlayedMachine.Plan(4, 1), needs: true, 0, 1, 2);
        await AttemptAsync(plan, "Passed Failed Skipped Skipped", "Passed");

        var claims = await NextAttemptAsync(plan);

        claims.Select(Told).ShouldBe(["rerun 0 1 2, suspect , companions "]);
    }

    [Fact]
    public async Task A_new_attempt_runs_what_skipped_itself_behind_what_failed_in_its_class()
    {
        var plan = PlayedMachine.Peers(PlayedMachine.Plan(5), needs: false, 0, 1, 2, 3);
        await AttemptAsync(plan, "Passed Failed Skipped Failed Skipped");

        var claims = await NextAttemptAsync(plan);

        claims.Select(claim => claim.Tests.ToArray()).ShouldBe([[1, 2, 3]], "the others are themselves, whatever failed");
    }

    [Fact]
    public async Task A_new_attempt_begins_with_tests_that_need_each_other_where_one_never_ran()
    {
        var plan = PlayedMachine.Peers(PlayedMachine.Plan(4), needs: true, 0, 1, 2);
        await AttemptAsync(plan, "Passed - Passed -");

        var claims = await NextAttemptAsync(plan);

        claims.Select(Told).ShouldBe(["rerun 0 1 2, suspect , companions ", "plan 3, suspect , companions "]);
    }

    [Fact]
    public async Task A_lease_holds_no_longer_than_its_tests_may_take_however_often_its_machine_is_heard()
    {
        var (one, other) = (Machine(), Machine());
        await one.JoinAsync(PlayedMachine.Plan(1));
        await other.JoinAsync(PlayedMachine.Plan(1));
        var claim = await one.ClaimAsync();
        await one.Run.HeartbeatAsync(2, new QueueLeases([claim!.Lease], [], TimeSpan.Zero), QueueBeside.Nothing, CancellationToken.None);
        (await other.ClaimAsync()).ShouldBeNull("its tests have not begun, so their time has not either");

        (await one.Run.HeartbeatAsync(2, new QueueLeases([claim.Lease], [claim.Lease], TimeSpan.Zero), QueueBeside.Nothing, CancellationToken.None)).ShouldBe([claim.Lease]);
        (await other.ClaimAsync())!.Tests.ShouldBe([0]);
        (await one.PassAsync(claim)).IsTaken.ShouldBeTrue();
    }

    [Fact]
    public async Task A_lease_holds_as_long_as_all_of_its_tests_together_may_take()
    {
        var (one, other) = (Machine(), Machine());
        var claim = await BothItemsAsync(one, other);
        QueueLeases begun = new([claim.Lease], [claim.Lease], TimeSpan.FromSeconds(1));
        await one.Run.HeartbeatAsync(2, begun, QueueBeside.Nothing, CancellationToken.None);
        await PassAsync(seconds: 30);

        (await one.Run.HeartbeatAsync(2, begun, QueueBeside.Nothing, CancellationToken.None)).ShouldBe([claim.Lease]);
        (await other.ClaimAsync()).ShouldBeNull("the class of one test had 11 s, and all of them together have 51 s");
        await PassAsync(seconds: 30);

        (await other.ClaimAsync()).ShouldNotBeNull();
        (await one.BeatAsync(claim.Lease)).ShouldBeEmpty("a lease is lost as a whole");
        (await one.PassAsync(claim)).IsTaken.ShouldBeTrue();
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.batches WHERE run = '{_run}'")).ShouldBe(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lease_that_is_taken_while_its_machine_wakes_up_is_not_divided(bool takesFirst)
    {
        var (one, other) = (Machine(), Machine());
        var claim = await BothItemsAsync(one, other);
        await LateAsync(claim.Lease);
        await using var holding = new NpgsqlConnection(server.ConnectionString);
        await holding.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await holding.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"SELECT FROM concurrent_test.items WHERE run = '{_run}' ORDER BY item LIMIT 1 FOR UPDATE", holding);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        // Whoever comes first is kept in the middle of what it writes.
        Func<Task<bool>>[] questions = [async () => await other.ClaimAsync() is not null, async () => !(await one.PassAsync(claim, PlayedMachine.Item(claim.Tests, "rerun"))).IsTaken];
        var first = questions[takesFirst ? 0 : 1]();
        await UntilWaitingAsync(first);
        var second = questions[takesFirst ? 1 : 0]();
        await UntilWaitingAsync(second, others: first.IsCompleted ? 0 : 1);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        new[] { await first, await second }.ShouldBe([true, false]);
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.batches WHERE run = '{_run}'")).ShouldBe(takesFirst ? 0 : 1);
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.items WHERE run = '{_run}' AND losses = 1")).ShouldBe(takesFirst ? 2 : 0);
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.items WHERE run = '{_run}' AND reason = 'rerun'")).ShouldBe(takesFirst ? 0 : 1);
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
        await one.LeaveAsync();
        (await one.Run.BeginSealAsync(CancellationToken.None)).ShouldBeFalse("a machine may have more to say");
        await other.LeaveAsync();

        (await one.Run.BeginSealAsync(CancellationToken.None)).ShouldBeTrue();
        (await other.Run.BeginSealAsync(CancellationToken.None)).ShouldBeFalse("another is at it");
        await other.Run.SealAsync(0, "not its turn", CancellationToken.None);
        await one.Run.SealAsync(0, "all passed\0", CancellationToken.None);
        await one.Run.SealAsync(1, "another verdict", CancellationToken.None);

        (await other.StateAsync()).Seal.ShouldNotBeNull().Reason.ShouldBe("all passed\uFFFD");
        (await Machine().JoinAsync(PlayedMachine.Plan(1))).Seal!.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Who_ends_a_run_after_another_took_too_long_has_more_time_for_it()
    {
        var (one, other) = (Machine(), Machine());
        await one.JoinAsync(PlayedMachine.Plan(1));
        await other.JoinAsync(PlayedMachine.Plan(1));
        await one.PassAsync((await one.ClaimAsync())!);
        await one.LeaveAsync();
        await other.LeaveAsync();
        (await one.Run.BeginSealAsync(CancellationToken.None)).ShouldBeTrue();
        (await SecondsAsync()).ShouldBeInRange(29, 30);
        await server.ScalarAsync($"WITH over AS (UPDATE concurrent_test.runs SET sealer_until = clock_timestamp() - interval '1s' WHERE run = '{_run}' RETURNING 1) SELECT count(*) FROM over");

        (await other.Run.BeginSealAsync(CancellationToken.None)).ShouldBeTrue();
        (await SecondsAsync()).ShouldBeInRange(59, 60, "otherwise reading that takes longer would never come to an end");

        Task<long> SecondsAsync() => server.ScalarAsync($"SELECT ceil(extract(epoch FROM sealer_until - clock_timestamp())) FROM concurrent_test.runs WHERE run = '{_run}'");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_the_queue_was_away_nobody_is_taken_for_lost_before_each_could_tell_that_it_lives(bool isFirst)
    {
        var (lives, late) = (Machine(), Machine());
        await lives.JoinAsync(PlayedMachine.Plan(1, 1));
        var (one, other) = ((await lives.ClaimAsync())!, (await lives.ClaimAsync())!);
        await ExecuteAsync($"UPDATE concurrent_test.machines SET seen_at = seen_at - interval '40 s' WHERE run = '{_run}'; UPDATE concurrent_test.claims SET until = until - interval '40 s' WHERE run = '{_run}'");
        if (isFirst)
            (await lives.BeatAsync(one.Lease)).ShouldBe([one.Lease]);
        await late.JoinAsync(PlayedMachine.Plan(1, 1));

        (await late.ClaimAsync()).ShouldBeNull("the queue was away, and the other could not be heard");
        (await lives.BeatAsync(one.Lease, other.Lease)).ShouldBe([one.Lease, other.Lease], ignoreOrder: true);
        (await server.ScalarAsync($"SELECT losses FROM concurrent_test.runs WHERE run = '{_run}'")).ShouldBe(0);
        await LateAsync(other.Lease);
        await ExecuteAsync($"UPDATE concurrent_test.machines SET calm_until = calm_until - interval '30 s' WHERE run = '{_run}'");
        (await late.ClaimAsync())!.Tests.ShouldBe(other.Tests, "it was not heard of although it could be");
    }

    [Fact]
    public async Task The_reruns_of_all_machines_are_one_budget()
    {
        var (one, other) = (Machine(workers: 1), Machine(workers: 1));
        await one.JoinAsync(PlayedMachine.Plan(2, 2));
        await other.JoinAsync(PlayedMachine.Plan(2, 2));
        var (first, second) = ((await one.ClaimAsync())!, (await other.ClaimAsync())!);

        (await FailAsync(one, first)).ShouldBe(new QueueAnswer(IsTaken: false, Faults: 0, OthersPass: false));
        (await FailAsync(other, second)).Denied.ShouldBe(1, "three are granted, and each of them would take two");

        (await server.ScalarAsync($"SELECT reruns FROM concurrent_test.runs WHERE run = '{_run}'")).ShouldBe(3);
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.items WHERE run = '{_run}' AND reason = 'rerun'")).ShouldBe(3);
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.tests WHERE run = '{_run}' AND state = 'done'")).ShouldBe(1, "its failure stands");

        static Task<QueueAnswer> FailAsync(PlayedMachine machine, QueueClaim claim) => machine.Run.AcknowledgeAsync(0, PlayedMachine.End(claim) with
        {
            Results = [.. claim.Tests.Select(test => new QueueResult(test, 0, "Failed"))],
            Again = [.. claim.Tests.Select(test => PlayedMachine.Item([test], BatchReasons.Rerun) with { Reruns = 1 })],
            Reruns = 2,
            MostReruns = 3,
        }, CancellationToken.None);
    }

    [Fact]
    public async Task What_was_given_up_makes_no_green_verdict()
    {
        var machine = Machine();
        await machine.JoinAsync(PlayedMachine.Plan(1));
        var claim = await machine.ClaimAsync();
        await machine.Run.AcknowledgeAsync(0, PlayedMachine.End(claim!) with { Results = [] }, CancellationToken.None);
        await machine.LeaveAsync();
        (await machine.Run.BeginSealAsync(CancellationToken.None)).ShouldBeTrue();

        await machine.Run.SealAsync(0, "all passed", CancellationToken.None);

        (await machine.StateAsync()).Seal.ShouldBeNull();
    }

    [Fact]
    public async Task What_is_told_beside_claims_stands_once_however_often_it_is_told()
    {
        var machine = Machine();
        await machine.JoinAsync(PlayedMachine.Plan(1));
        var claim = (await machine.ClaimAsync())!;
        var end = PlayedMachine.End(claim) with { Beside = Beside(0, 1, 2) };

        await machine.BeatAsync(Beside(0, 1), claim.Lease);
        await machine.Run.AcknowledgeAsync(0, end, CancellationToken.None);
        await machine.Run.AcknowledgeAsync(0, end, CancellationToken.None);
        await machine.Run.LeaveAsync(isEarly: false, Beside(2, 3), CancellationToken.None);

        (await machine.Run.ReadAsync(CancellationToken.None))!.Machines.Single().Events.Select(one => one[0]).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_machine_that_comes_after_the_end_learns_whether_the_run_knows_what_happened_on_it()
    {
        var machine = Machine();
        await machine.JoinAsync(PlayedMachine.Plan(1));
        await machine.Run.AcknowledgeAsync(0, PlayedMachine.End((await machine.ClaimAsync())!) with { Beside = Beside(0, 1) }, CancellationToken.None);
        await server.ScalarAsync($"WITH ended AS (UPDATE concurrent_test.runs SET sealed_at = clock_timestamp(), exit_code = 1, reason = 'Failed.' WHERE run = '{_run}' RETURNING 1) SELECT count(*) FROM ended");

        (await machine.Run.LeaveAsync(isEarly: false, Beside(0, 1, 2), CancellationToken.None)).ShouldBeFalse();
        (await machine.Run.LeaveAsync(isEarly: false, Beside(0, 1), CancellationToken.None)).ShouldBeTrue();
        (await machine.Run.ReadAsync(CancellationToken.None))!.Machines.Single().Events.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_lease_that_was_taken_tells_nothing_beside_it_either()
    {
        var (one, other) = (Machine(), Machine());
        await one.JoinAsync(PlayedMachine.Plan(1));
        await other.JoinAsync(PlayedMachine.Plan(1));
        var claim = (await one.ClaimAsync())!;
        await LateAsync(claim.Lease);
        await other.ClaimAsync();

        var answer = await one.Run.AcknowledgeAsync(0, PlayedMachine.End(claim) with { Beside = Beside(0, 1) }, CancellationToken.None);

        answer.IsTaken.ShouldBeTrue();
        (await one.Run.ReadAsync(CancellationToken.None))!.Machines.ShouldAllBe(machine => machine.Events.IsEmpty);
    }

    [Fact]
    public async Task What_a_heartbeat_tells_makes_who_ends_the_run_look_again()
    {
        var (one, other) = (Machine(), Machine());
        await one.JoinAsync(PlayedMachine.Plan(1));
        await other.JoinAsync(PlayedMachine.Plan(1));
        await other.PassAsync((await other.ClaimAsync())!);
        await other.LeaveAsync();
        await server.ScalarAsync($"WITH away AS (UPDATE concurrent_test.machines SET seen_at = seen_at - interval '1h' WHERE run = '{_run}' AND state = 'joined' RETURNING 1) SELECT count(*) FROM away");
        (await other.Run.BeginSealAsync(CancellationToken.None)).ShouldBeTrue();

        await one.BeatAsync(Beside(0, 1));
        await other.Run.SealAsync(0, "all passed", CancellationToken.None);

        (await other.StateAsync()).Seal.ShouldBeNull("it was read before the other told something");
    }

    [Fact]
    public async Task A_claim_that_the_server_came_to_twice_has_the_later_lease_alone()
    {
        var machine = Machine(workers: 1);
        await machine.JoinAsync(PlayedMachine.Plan(1, 1, 1, 1));
        var (first, second) = ((await machine.ClaimAsync())!, (await machine.ClaimAsync())!);
        var claim = Guid.NewGuid();
        await server.ScalarAsync($"WITH same AS (UPDATE concurrent_test.claims SET claim = '{claim}' WHERE run = '{_run}' RETURNING 1) SELECT count(*) FROM same");

        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(QueueSql.Claimed, connection) { Parameters = { new("run", _run), new("claim", claim) } };
        (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(second.Lease);

        (await machine.PassAsync(first)).IsTaken.ShouldBeTrue();
        (await machine.PassAsync(second)).IsTaken.ShouldBeFalse();
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.items WHERE run = '{_run}' AND state = 'open' AND losses = 0")).ShouldBe(4 - second.Tests.Length);
    }

    [Fact]
    public async Task A_claim_whose_answer_was_lost_is_found_again()
    {
        await using var proxy = new CuttingProxy(server.ConnectionString);
        await using var machine = new PlayedMachine(proxy.ConnectionString, _run);
        await machine.JoinAsync(PlayedMachine.Plan(1, 1));

        proxy.LoseNextAnswer();
        var claim = (await machine.ClaimAsync())!;

        proxy.Lost.ShouldBe(1);
        (await server.ScalarAsync($"SELECT sum(lease)::bigint FROM concurrent_test.claims WHERE run = '{_run}'")).ShouldBe(claim.Lease);
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.items WHERE run = '{_run}' AND state = 'open' AND losses = 0")).ShouldBe(1);
        (await machine.PassAsync(claim)).IsTaken.ShouldBeFalse();
    }

    [Fact]
    public async Task A_machine_that_takes_back_leases_of_others_keeps_what_it_has_just_claimed()
    {
        var (one, other) = (Machine(), Machine());
        await one.JoinAsync(PlayedMachine.Plan(2, 1));
        await other.JoinAsync(PlayedMachine.Plan(2, 1));
        one.Run.LeastSeconds = other.Run.LeastSeconds = 0.1;
        await LateAsync((await one.ClaimAsync())!.Lease);
        await using var holding = new NpgsqlConnection(server.ConnectionString);
        await holding.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await holding.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"SELECT FROM concurrent_test.items WHERE run = '{_run}' AND cases = 2 FOR UPDATE", holding);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        // It is kept in the middle of taking back, for so long that its own lease is over as well, and has to ask again.
        var asking = other.ClaimAsync();
        await UntilWaitingAsync(asking);
        await LateAsync(await server.ScalarAsync($"SELECT max(lease) FROM concurrent_test.claims WHERE run = '{_run}'"));
        await server.ScalarAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'ConcurrentTest queue' AND wait_event_type = 'Lock'");
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        var claim = (await asking)!;
        claim.Tests.ShouldBe([2]);
        (await other.BeatAsync(claim.Lease)).ShouldBe([claim.Lease]);
        (await other.PassAsync(claim)).IsTaken.ShouldBeFalse();
        (await other.ClaimAsync())!.Tests.ShouldBe([0, 1]);
    }

    [Fact]
    public async Task A_lease_that_its_own_machine_does_not_know_of_is_free_when_it_is_over()
    {
        var machine = Machine();
        await machine.JoinAsync(PlayedMachine.Plan(1));
        var lost = (await machine.ClaimAsync())!;
        await LateAsync(lost.Lease);

        (await machine.ClaimAsync(held: lost.Lease)).ShouldBeNull("the machine knows of it, and was busy");
        (await machine.ClaimAsync())!.Tests.ShouldBe([0]);
    }

    [Fact]
    public async Task An_acknowledgement_that_waited_for_its_own_first_try_counts()
    {
        var machine = Machine();
        await machine.JoinAsync(PlayedMachine.Plan(1));
        var claim = (await machine.ClaimAsync())!;
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var firstTry = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            $"UPDATE concurrent_test.items SET state = 'done' WHERE run = '{_run}'; INSERT INTO concurrent_test.batches (run, lease, machine, events, is_good) SELECT run, lease, machine, '', true FROM concurrent_test.claims WHERE run = '{_run}'; DELETE FROM concurrent_test.claims WHERE run = '{_run}'", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var second = machine.PassAsync(claim);
        await UntilWaitingAsync(second);
        await firstTry.CommitAsync(TestContext.Current.CancellationToken);

        (await second).IsTaken.ShouldBeFalse();
    }

    [Fact]
    public async Task What_two_machines_lost_is_had_by_one_of_them()
    {
        var (one, other) = (Machine(workers: 1), Machine(workers: 1));
        await one.JoinAsync(PlayedMachine.Plan(1));
        await other.JoinAsync(PlayedMachine.Plan(1));
        var claim = (await other.ClaimAsync())!;
        await other.PassAsync(claim, PlayedMachine.Item([0], "alone"));
        await LateAsync((await one.ClaimAsync())!.Lease);

        (await other.ClaimAsync())!.Tests.ShouldBe([0], "it is not for the other's only worker and not for the one machine, and there is nobody else");
    }

    [Fact]
    public async Task Runs_of_long_ago_are_forgotten_one_at_a_time_and_a_locked_one_keeps_nobody_from_joining()
    {
        for (var old = 0; old < 3; old++)
            await new PlayedMachine(server.ConnectionString, $"{_run}-old-{old}").JoinAsync(PlayedMachine.Plan(2));
        await server.ScalarAsync($"WITH old AS (UPDATE concurrent_test.runs SET created_at = created_at - interval '40 days' WHERE run LIKE '{_run}-old-%' RETURNING 1) SELECT count(*) FROM old");
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"SELECT 1 FROM concurrent_test.runs WHERE run = '{_run}-old-0' FOR UPDATE", connection);
        await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);

        (await Machine().JoinAsync(PlayedMachine.Plan(1))).IsLeader.ShouldBeTrue();

        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.runs WHERE run LIKE '{_run}-old-%'")).ShouldBe(2);
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.runs WHERE run = '{_run}-old-0'")).ShouldBe(1);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        await Machine().JoinAsync(PlayedMachine.Plan(1));
        await Machine().JoinAsync(PlayedMachine.Plan(1));
        (await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.runs WHERE run LIKE '{_run}-old-%'")).ShouldBe(0);
    }

    [Fact]
    public async Task Forgetting_that_takes_too_long_keeps_nobody_from_joining()
    {
        await using (var old = new PlayedMachine(server.ConnectionString, $"{_run}-old"))
            await old.JoinAsync(PlayedMachine.Plan(2));
        await server.ScalarAsync($"WITH old AS (UPDATE concurrent_test.runs SET created_at = created_at - interval '40 days' WHERE run = '{_run}-old' RETURNING 1) SELECT count(*) FROM old");
        await using var holding = new NpgsqlConnection(server.ConnectionString);
        await holding.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await holding.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("LOCK TABLE concurrent_test.batches IN SHARE ROW EXCLUSIVE MODE", holding);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using var connection = new QueueConnection(server.ConnectionString, TimeProvider.System, TimeSpan.FromSeconds(2));
        var machine = new QueueRun(connection, _run, new QueueMachine(Guid.NewGuid(), "machine", 2));

        var joined = await machine.JoinAsync(PlayedMachine.Plan(1), TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        joined.IsLeader.ShouldBeTrue();
        (await machine.StateAsync(TestContext.Current.CancellationToken)).Machines.ShouldBe(1);
    }

    [Fact]
    public async Task A_machine_asks_by_the_queues_own_rules_whatever_is_usual_in_the_database()
    {
        await ExecuteAsync("CREATE ROLE strict LOGIN SUPERUSER");
        await ExecuteAsync("ALTER ROLE strict SET default_transaction_isolation = 'serializable'; ALTER ROLE strict SET default_transaction_read_only = on");
        await using var connection = new QueueConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Username = "strict" }.ConnectionString, TimeProvider.System);

        var rules = await connection.AskAsync(
            async (session, token) =>
            {
                await using var command = new NpgsqlCommand("SELECT current_user || ' ' || current_setting('transaction_isolation') || ' ' || current_setting('transaction_read_only')", session);
                return (string?)await command.ExecuteScalarAsync(token);
            },
            CancellationToken.None);

        rules.ShouldBe("strict read committed off");
    }

    [Fact]
    public async Task A_machine_knows_for_a_lease_that_the_queue_was_away()
    {
        var time = new FakeTimeProvider();
        await using var connection = new QueueConnection(server.ConnectionString, time);
        var back = new QueueRun(connection, _run, new QueueMachine(Guid.NewGuid(), "back", 2));
        await back.JoinAsync(PlayedMachine.Plan(1), TimeSpan.FromSeconds(30), CancellationToken.None);
        await server.ScalarAsync($"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'ConcurrentTest queue'");

        var asking = back.StateAsync(CancellationToken.None);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!asking.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
            bound.Token.ThrowIfCancellationRequested();
        }

        await asking;
        back.IsBack.ShouldBeTrue();
        time.Advance(TimeSpan.FromSeconds(31));
        back.IsBack.ShouldBeFalse();
    }

    [Fact]
    public async Task A_schema_that_somebody_made_for_the_user_is_filled_and_who_lacks_rights_is_told_which()
    {
        await ExecuteAsync("CREATE ROLE filling LOGIN; CREATE ROLE lacking LOGIN");
        await ExecuteAsync("CREATE DATABASE made ENCODING 'UTF8' TEMPLATE template0");
        var database = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "made" };
        await using (var making = new NpgsqlConnection(database.ConnectionString))
        {
            await making.OpenAsync(TestContext.Current.CancellationToken);
            await using var schema = new NpgsqlCommand("CREATE SCHEMA concurrent_test AUTHORIZATION filling", making);
            await schema.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await using var filling = new PlayedMachine(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "filling" }.ConnectionString, _run);
        await using var lacking = new PlayedMachine(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "lacking" }.ConnectionString, _run);

        (await filling.JoinAsync(PlayedMachine.Plan(1))).IsLeader.ShouldBeTrue();

        var refused = await lacking.JoinAsync(PlayedMachine.Plan(1)).ShouldThrowAsync<ConcurrentTestException>();
        refused.Message.ShouldContain("permission denied for schema concurrent_test. Another user made its tables: this one needs USAGE");
    }

    [Fact]
    public async Task A_database_that_cannot_hold_all_names_is_refused_in_one_line()
    {
        await ExecuteAsync("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        await using var machine = new PlayedMachine(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "latin" }.ConnectionString, _run);

        var refused = await machine.JoinAsync(PlayedMachine.Plan(1)).ShouldThrowAsync<ConcurrentTestException>();

        refused.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        refused.Message.ShouldBe("--test-queue needs a database in UTF8, and latin is in LATIN1: give one that was made with ENCODING 'UTF8'.");
    }

    [Fact]
    public void Names_are_told_as_PostgreSQL_can_hold_them()
    {
        QueueText.Of("Prices(\"\0\")").ShouldBe("Prices(\"\uFFFD\")");
        QueueText.Of($"half a pair {(char)0xD83D}").ShouldBe("half a pair \uFFFD");
        QueueText.Of("a whole one \uD83D\uDE00").ShouldBe("a whole one \uD83D\uDE00");
    }

    [Fact]
    public async Task Another_version_of_the_tables_is_refused()
    {
        await Machine().JoinAsync(PlayedMachine.Plan(1));
        await server.ScalarAsync("WITH later AS (UPDATE concurrent_test.version SET version = version + 1 RETURNING 1) SELECT count(*) FROM later");
        try
        {
            var refused = await Machine().JoinAsync(PlayedMachine.Plan(1)).ShouldThrowAsync<ConcurrentTestException>();

            refused.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
            refused.Message.ShouldContain($"has version {QueueSchema.Version + 1}, and this ConcurrentTest knows {QueueSchema.Version}");
            refused.Message.ShouldContain("DROP SCHEMA concurrent_test CASCADE");
        }
        finally
        {
            await server.ScalarAsync("WITH earlier AS (UPDATE concurrent_test.version SET version = version - 1 RETURNING 1) SELECT count(*) FROM earlier");
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

    [Fact]
    public async Task A_server_that_takes_nothing_written_for_a_moment_is_waited_for()
    {
        await using var connection = new QueueConnection(server.ConnectionString, TimeProvider.System);
        var asked = 0;

        var answer = await connection.AskAsync(
            async (session, token) =>
            {
                await using var command = new NpgsqlCommand(Interlocked.Increment(ref asked) == 1 ? "SET transaction_read_only = on; CREATE TABLE demoted ()" : "SELECT 7", session);
                return await command.ExecuteScalarAsync(token);
            },
            CancellationToken.None);

        (answer, asked).ShouldBe((7, 2));
    }

    [Fact]
    public async Task Of_several_servers_the_one_that_can_be_written_to_is_the_queues()
    {
        var one = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        await using var connection = new QueueConnection(
            new NpgsqlConnectionStringBuilder(server.ConnectionString) { Host = $"127.0.0.1:9,{one.Host}:{one.Port}" }.ConnectionString, TimeProvider.System, TimeSpan.FromSeconds(5));

        (await connection.AskAsync((session, _) => Task.FromResult(session.State), CancellationToken.None)).ShouldBe(System.Data.ConnectionState.Open);
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

    private static QueueBeside Beside(int first, params byte[] events) => new(first, [.. events.Select(one => new[] { one })], [.. events.Select(_ => true)]);

    /// <summary>The first has a class of 40 tests and one of a single test, by one lease.</summary>
    private static async Task<QueueClaim> BothItemsAsync(PlayedMachine one, PlayedMachine other)
    {
        await one.JoinAsync(PlayedMachine.Plan(40, 1));
        await other.JoinAsync(PlayedMachine.Plan(40, 1));
        one.Run.LeastSeconds = 100;
        var claim = (await one.ClaimAsync())!;
        claim.Tests.Length.ShouldBe(41);
        return claim;
    }

    /// <summary>Until it has its answer, or waits for another transaction.</summary>
    private async Task UntilWaitingAsync(Task question, int others = 0)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!question.IsCompleted && await server.ScalarAsync(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ConcurrentTest queue' AND wait_event_type = 'Lock'") <= others)
            await Task.Delay(5, bound.Token);
    }

    /// <summary>So much time passes for all leases.</summary>
    private Task<long> PassAsync(int seconds) => server.ScalarAsync(
        $"WITH passed AS (UPDATE concurrent_test.claims SET until = until - interval '{seconds} s', deadline = deadline - interval '{seconds} s' WHERE run = '{_run}' RETURNING 1) SELECT count(*) FROM passed");

    /// <summary>Says of each test of a claim what became of it; <c>-</c>: it gave no result.</summary>
    private static async Task AcknowledgeAsync(PlayedMachine machine, string outcomes, params QueueItem[] again)
    {
        var claim = (await machine.ClaimAsync())!;
        var results = claim.Tests.Zip(outcomes.Split(' ')).Where(pair => pair.Second != "-").Select(pair => new QueueResult(pair.First, 0, pair.Second));
        await machine.Run.AcknowledgeAsync(0, PlayedMachine.End(claim) with { Results = [.. results], Again = [.. again] }, CancellationToken.None);
    }

    /// <summary>An attempt of the run, what became of the tests of each of its items, the largest first.</summary>
    private async Task AttemptAsync(QueuePlan plan, params string[] outcomes)
    {
        await using var machine = new PlayedMachine(server.ConnectionString, $"{_run}-1");
        await machine.JoinAsync(plan);
        foreach (var item in outcomes)
            await AcknowledgeAsync(machine, item);
        await machine.LeaveAsync();
    }

    private async Task<List<QueueClaim>> NextAttemptAsync(QueuePlan plan)
    {
        var machine = new PlayedMachine(server.ConnectionString, $"{_run}-2");
        await machine.JoinAsync(plan with { Earlier = [$"{_run}-1"] });
        return await AllAsync(machine);
    }

    private static async Task<List<QueueClaim>> AllAsync(PlayedMachine machine)
    {
        var claims = new List<QueueClaim>();
        while (await machine.ClaimAsync(held: [.. claims.Select(claim => claim.Lease)]) is { } claim)
            claims.Add(claim);
        return claims;
    }

    private static string Told(QueueClaim claim) =>
        $"{claim.Reason} {string.Join(' ', claim.Tests)}, suspect {claim.Suspect}, companions {string.Join(' ', claim.Companions)}";

    private async Task LoseAsync(PlayedMachine machine, int times)
    {
        for (var time = 0; time < times; time++)
            await LateAsync((await machine.ClaimAsync())!.Lease);
    }

    private static async Task<int[]> NotDoneAsync(PlayedMachine machine) =>
        [.. (await machine.Run.ReadAsync(CancellationToken.None))!.NotDone.Select(test => test.Test)];

    private Task<long> LateAsync(long lease) =>
        server.ScalarAsync($"WITH late AS (UPDATE concurrent_test.claims SET until = clock_timestamp() - interval '1s' WHERE run = '{_run}' AND lease = {lease} RETURNING 1) SELECT count(*) FROM late");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private PlayedMachine Machine(int workers = 2) => new(server.ConnectionString, _run, "machine", workers);
}
