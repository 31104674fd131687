using CsCheck;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Queue;

/// <summary>The queue's SQL held against a model that is a few dictionaries: whatever machines do and in whatever order, no test is lost and none is done twice.</summary>
public sealed class QueueModelTests(QueueServer server) : IClassFixture<QueueServer>
{
    private const int Machines = 3;

    private static int _runs;

    private enum Kind
    {
        Claim,
        Pass,
        Again,
        PassLate,
        PassTwice,
        GiveBack,
        Lose,
        Heartbeat,
        Begin,
        Overrun,
        WakeToPass,
        WakeToBeat,
    }

    private static readonly Gen<(Kind Kind, int Machine, int Pick)> Step =
        Gen.Select(Gen.Enum<Kind>(), Gen.Int[0, Machines - 1], Gen.Int[0, 1000]);

    [Fact]
    public void Whatever_machines_do_no_test_is_lost_and_none_is_done_twice() =>
        Gen.Select(Gen.Int[1, 4].Array[1, 8], Step.Array[5, 60]).Sample(
            (items, steps) => RunAsync(items, steps).GetAwaiter().GetResult(), iter: 40, threads: 1);

    [Fact]
    public void A_new_attempt_runs_what_is_not_done_and_with_it_what_it_may_not_be_itself_without() =>
        Gen.Select(Gen.Select(Gen.Int[0, 2], Gen.Int[0, 4]).Array[1, 5].Array[1, 5], Gen.Bool.Array[5]).Sample(
            (items, good) => AttemptAsync(items, good).GetAwaiter().GetResult(), iter: 60, threads: 1);

    private async Task AttemptAsync((int Kind, int Outcome)[][] items, bool[] good)
    {
        var attempts = new QueueAttempts(server, $"attempts-{Interlocked.Increment(ref _runs)}", items, good);
        await attempts.FirstAsync();
        (await attempts.SecondAsync()).ShouldBe(attempts.Expected());
    }

    private async Task RunAsync(int[] items, (Kind Kind, int Machine, int Pick)[] steps)
    {
        var model = new QueueModel(server, $"model-{Interlocked.Increment(ref _runs)}", items.Sum());
        await using var a = await model.JoinAsync(items);
        await using var b = await model.JoinAsync(items);
        await using var c = await model.JoinAsync(items);
        foreach (var (kind, machine, pick) in steps)
        {
            await (kind switch
            {
                Kind.Claim => model.ClaimAsync(machine),
                Kind.Pass => model.PassAsync(machine, pick, again: false),
                Kind.Again => model.PassAsync(machine, pick, again: true),
                Kind.PassLate => model.PassLateAsync(pick),
                Kind.PassTwice => model.PassTwiceAsync(pick),
                Kind.GiveBack => model.GiveBackAsync(machine, pick),
                Kind.Lose => model.LoseAsync(machine, pick),
                Kind.Begin => model.BeginAsync(machine),
                Kind.Overrun => model.OverrunAsync(machine, pick),
                Kind.WakeToPass or Kind.WakeToBeat => model.WakeUpAsync(machine, pick, passes: kind == Kind.WakeToPass),
                _ => model.HeartbeatAsync(machine),
            });
        }

        await model.DrainAsync();
        (await model.NotAsModelledAsync()).ShouldBe([]);
        await model.EndAsync();
    }
}
