using System.Collections.Immutable;
using ConcurrentTesting.Queue;
using Shouldly;

namespace ConcurrentTesting.Tests.Queue;

/// <summary>What a run in the queue has to be, after what machines did.</summary>
internal sealed class QueueModel(QueueServer server, string run, int tests)
{
    private readonly List<PlayedMachine> _machines = [];

    // Who has a test under which lease, how often it was asked for again, and what is done.
    private readonly Dictionary<long, (int Machine, QueueClaim Claim)> _held = [];
    private readonly List<QueueClaim> _lost = [];
    private readonly List<(int Machine, QueueClaim Claim)> _ended = [];
    private readonly HashSet<int> _done = [];
    private readonly Dictionary<int, int> _attempts = [];
    private readonly Dictionary<int, int> _losses = [];
    private readonly Dictionary<int, ImmutableArray<int>> _needed = [];

    public async Task<PlayedMachine> JoinAsync(int[] items)
    {
        var machine = new PlayedMachine(server.ConnectionString, run, $"machine-{_machines.Count}");
        (await machine.JoinAsync(PlanOf(items))).IsLeader.ShouldBe(_machines.Count == 0);
        _machines.Add(machine);
        return machine;
    }

    // The first half of each item's tests need each other.
    private QueuePlan PlanOf(int[] items)
    {
        var plan = PlayedMachine.Plan(items);
        foreach (var item in plan.Items)
        {
            var group = item.Tests[..((item.Tests.Length + 1) / 2)];
            plan = PlayedMachine.Peers(plan, needs: true, [.. group]);
            foreach (var test in group)
                _needed[test] = group;
        }

        return plan;
    }

    public async Task ClaimAsync(int machine)
    {
        if (await _machines[machine].ClaimAsync() is { } claim)
            Took(machine, claim);
    }

    private void Took(int machine, QueueClaim claim)
    {
        claim.Tests.ShouldBeUnique();
        WithNeeded(claim.Tests).Except(claim.Tests).ShouldBeEmpty("tests that need each other go to one worker");
        claim.Tests.ShouldAllBe(test => !_done.Contains(test));
        claim.Tests.Intersect(_held.Values.SelectMany(held => held.Claim.Tests)).ShouldBeEmpty();
        _lost.Concat(_ended.Select(ended => ended.Claim)).Concat(_held.Values.Select(held => held.Claim)).ShouldAllBe(earlier => earlier.Lease < claim.Lease);
        _held.Add(claim.Lease, (machine, claim));
    }

    public async Task PassAsync(int machine, int pick, bool again)
    {
        if (Pick(machine, pick) is not { } claim)
            return;
        ImmutableArray<int> rest = again ? WithNeeded(claim.Tests[..((claim.Tests.Length + 1) / 2)]) : [];
        QueueItem[] items = rest.IsEmpty ? [] : [PlayedMachine.Item(rest, "rerun")];
        (await _machines[machine].PassAsync(claim, items)).IsTaken.ShouldBeFalse();
        Passed(machine, claim, rest);
    }

    private void Passed(int machine, QueueClaim claim, ImmutableArray<int> rest)
    {
        _held.Remove(claim.Lease);
        _ended.Add((machine, claim));
        foreach (var test in claim.Tests)
            _attempts[test] = _attempts.GetValueOrDefault(test) + 1;
        _done.UnionWith(claim.Tests.Except(rest));
    }

    /// <summary>A machine whose lease was taken says how it ended.</summary>
    public async Task PassLateAsync(int pick)
    {
        if (_lost.Count > 0)
            (await _machines[pick % _machines.Count].PassAsync(_lost[pick % _lost.Count])).IsTaken.ShouldBeTrue();
    }

    /// <summary>The answer was lost, and the machine says it once more.</summary>
    public async Task PassTwiceAsync(int pick)
    {
        if (_ended.Count == 0)
            return;
        var (machine, claim) = _ended[pick % _ended.Count];
        (await _machines[machine].PassAsync(claim, PlayedMachine.Item(claim.Tests))).IsTaken.ShouldBeFalse();
    }

    public async Task GiveBackAsync(int machine, int pick)
    {
        if (Pick(machine, pick) is not { } claim)
            return;
        (await _machines[machine].GiveBackAsync(claim, isFaulty: false)).IsTaken.ShouldBeFalse();
        Lose(claim);
    }

    /// <summary>A machine says nothing for too long, and the next to ask takes what it had.</summary>
    public async Task LoseAsync(int machine, int pick)
    {
        if (Pick(machine, pick) is not { } claim)
            return;
        await LateAsync(claim);
        LoseMachine(claim);
        await ClaimAsync((machine + 1) % _machines.Count);
    }

    public async Task HeartbeatAsync(int machine)
    {
        var mine = _held.Values.Where(held => held.Machine == machine).Select(held => held.Claim.Lease).ToList();
        var all = mine.Concat(_lost.Select(claim => claim.Lease)).ToList();

        (await _machines[machine].BeatAsync([.. all])).Order().ShouldBe(mine.Order());
    }

    /// <summary>The tests that a machine has have begun, so that it may not have them for ever.</summary>
    public async Task BeginAsync(int machine)
    {
        var mine = _held.Values.Where(held => held.Machine == machine).Select(held => held.Claim.Lease).ToArray();
        (await _machines[machine].BeginAsync(mine)).Order().ShouldBe(mine.Order());
    }

    /// <summary>A machine wakes up in the same moment in which another asks for what it had: one of them has all of it.</summary>
    public async Task WakeUpAsync(int machine, int pick, bool passes)
    {
        if (Pick(machine, pick) is not { } claim)
            return;
        await LateAsync(claim);
        var waking = passes
            ? Task.Run(async () => !(await _machines[machine].PassAsync(claim)).IsTaken)
            : Task.Run(async () => (await _machines[machine].BeatAsync(claim.Lease)).Contains(claim.Lease));
        var asking = _machines[(machine + 1) % _machines.Count].ClaimAsync();
        if (!await waking)
            LoseMachine(claim);
        else if (passes)
            Passed(machine, claim, []);
        if (await asking is { } next)
            Took((machine + 1) % _machines.Count, next);
    }

    /// <summary>The time that its tests may take is over, however often a machine tells that it lives.</summary>
    public async Task OverrunAsync(int machine, int pick)
    {
        if (Pick(machine, pick) is not { } claim)
            return;
        await _machines[machine].BeginAsync(claim.Lease);
        await server.ScalarAsync($"WITH over AS (UPDATE concurrent_test.claims SET deadline = clock_timestamp() - interval '1s' WHERE run = '{run}' AND lease = {claim.Lease} RETURNING 1) SELECT count(*) FROM over");
        (await _machines[machine].BeatAsync(claim.Lease)).ShouldBe([claim.Lease], "nobody has asked for it yet");
        LoseMachine(claim);
        await ClaimAsync((machine + 1) % _machines.Count);
        (await _machines[machine].BeatAsync(claim.Lease)).ShouldBeEmpty();
    }

    /// <summary>All machines leave at once, and one of them ends the run.</summary>
    public async Task EndAsync()
    {
        await Task.WhenAll(_machines.Select(machine => machine.LeaveAsync()));
        var sealing = await Task.WhenAll(_machines.Select(machine => machine.Run.BeginSealAsync(CancellationToken.None)));
        sealing.Count(isIt => isIt).ShouldBe(1);
        foreach (var machine in _machines)
            await machine.Run.SealAsync(0, "ended", CancellationToken.None);
        ((await _machines[0].StateAsync()).Seal is not null).ShouldBe(_done.Count == tests, "no green verdict where tests were given up");
    }

    /// <summary>All machines work until nothing is left.</summary>
    public async Task DrainAsync()
    {
        for (var round = 0; round < 500; round++)
        {
            var machine = round % _machines.Count;
            foreach (var (lease, held) in _held.Where(held => held.Value.Machine == machine).ToList())
                await PassAsync(machine, 0, again: false);
            await ClaimAsync(machine);
            if (_held.Count == 0 && (await _machines[machine].StateAsync()).Waiting == 0)
                return;
        }

        throw new InvalidOperationException($"{run} does not come to its end");
    }

    /// <summary>What stands otherwise in the tables.</summary>
    public async Task<List<string>> NotAsModelledAsync()
    {
        var wrong = new List<string>();
        var results = (await _machines[0].Run.ReadAsync(CancellationToken.None))!;
        var givenUp = results.NotDone.Select(test => test.Test).ToHashSet();
        wrong.AddRange(Enumerable.Range(0, tests).Where(test => _done.Contains(test) == givenUp.Contains(test)).Select(test => $"{test} is lost, or done and given up"));
        wrong.AddRange(givenUp.Where(test => _losses.GetValueOrDefault(test) < QueueSql.MostLosses).Select(test => $"{test} was given up too early"));
        if (results.Batches.Length != _ended.Count)
            wrong.Add($"{results.Batches.Length} batches for {_ended.Count} acknowledgements");
        var told = results.Batches.SelectMany(batch => PlayedMachine.TestsOf(batch.Events)).ToLookup(test => test);
        wrong.AddRange(Enumerable.Range(0, tests).Where(test => told[test].Count() != (_done.Contains(test) ? 1 : 0)).Select(test => $"{test} was told {told[test].Count()} times"));
        wrong.AddRange(results.Batches.Where(batch => PlayedMachine.TestsOf(batch.Events).Count() != batch.Results).Select(batch => $"a batch told other results than {batch.Results}"));
        for (var test = 0; test < tests; test++)
        {
            var attempts = await server.ScalarAsync($"SELECT attempts FROM concurrent_test.tests WHERE run = '{run}' AND test = {test}");
            var rows = await server.ScalarAsync($"SELECT count(*) FROM concurrent_test.results WHERE run = '{run}' AND test = {test}");
            if (attempts != _attempts.GetValueOrDefault(test) || rows != (_done.Contains(test) ? 1 : 0))
                wrong.Add($"{test} has {attempts} attempts and {rows} results");
        }

        return wrong;
    }

    private ImmutableArray<int> WithNeeded(ImmutableArray<int> tests) =>
        [.. tests.SelectMany(test => _needed.GetValueOrDefault(test, [test])).Distinct()];

    private QueueClaim? Pick(int machine, int pick)
    {
        var mine = _held.Values.Where(held => held.Machine == machine).Select(held => held.Claim).ToList();
        return mine.Count == 0 ? null : mine[pick % mine.Count];
    }

    private Task<long> LateAsync(QueueClaim claim) => server.ScalarAsync(
        $"WITH late AS (UPDATE concurrent_test.claims SET until = clock_timestamp() - interval '1s' WHERE run = '{run}' AND lease = {claim.Lease} RETURNING 1) SELECT count(*) FROM late");

    private void LoseMachine(QueueClaim claim)
    {
        Lose(claim);
        foreach (var test in claim.Tests)
            _losses[test] = _losses.GetValueOrDefault(test) + 1;
    }

    private void Lose(QueueClaim claim)
    {
        _held.Remove(claim.Lease);
        _lost.Add(claim);
    }
}
