using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

public sealed class BatchQueueTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_takes_its_seed_then_the_tail_and_ends_when_nothing_is_left()
    {
        var plan = PlanOf([[Batch("seed0")], [Batch("seed1")]], [Batch("tail")]);
        var queue = new BatchQueue(plan, 0);

        var seed = await queue.TakeAsync(0, Cancellation);
        var tail = await queue.TakeAsync(0, Cancellation);
        var stolen = await queue.TakeAsync(0, Cancellation);
        new[] { seed, tail, stolen }.Select(Name).ShouldBe(["seed0", "tail", "seed1"]);
        queue.Complete(seed!, []);
        queue.Complete(tail!, []);
        var last = queue.TakeAsync(0, Cancellation);
        last.IsCompleted.ShouldBeFalse();
        queue.Complete(stolen!, []);
        (await last).ShouldBeNull();
    }

    [Fact]
    public async Task A_waiting_worker_gets_what_comes_back()
    {
        var queue = new BatchQueue(PlanOf([[Batch("seed0")], []], []), 0);
        var taken = await queue.TakeAsync(0, Cancellation);
        var waiting = queue.TakeAsync(1, Cancellation).AsTask();
        waiting.IsCompleted.ShouldBeFalse();

        queue.Complete(taken!, [Batch("again") with { NotOnWorker = 0 }]);

        Name(await waiting.WaitAsync(TimeSpan.FromSeconds(5), Cancellation)).ShouldBe("again");
    }

    [Fact]
    public async Task What_a_worker_failed_goes_to_another_one_unless_it_is_the_last()
    {
        var queue = new BatchQueue(PlanOf([[Batch("seed0")], [Batch("seed1")]], []), 0);
        var mine = await queue.TakeAsync(0, Cancellation);
        var other = await queue.TakeAsync(1, Cancellation);
        queue.Complete(mine!, [Batch("again") with { NotOnWorker = 0 }]);
        var first = queue.TakeAsync(0, Cancellation).AsTask();
        first.IsCompleted.ShouldBeFalse();

        queue.Complete(other!, []);
        queue.Leave(1);

        Name(await first.WaitAsync(TimeSpan.FromSeconds(5), Cancellation)).ShouldBe("again");
    }

    [Fact]
    public async Task Worker_that_may_leave_does_and_the_last_one_stays()
    {
        var queue = new BatchQueue(PlanOf([[Batch("seed0")], [Batch("seed1")]], []), 0);

        queue.TryLeave(0).ShouldBeTrue();
        queue.TryLeave(1).ShouldBeFalse();

        Name(await queue.TakeAsync(1, Cancellation)).ShouldBe("seed1");
        Name(await queue.TakeAsync(1, Cancellation)).ShouldBe("seed0");
    }

    [Fact]
    public async Task A_short_seed_of_another_worker_is_not_stolen()
    {
        var queue = new BatchQueue(PlanOf([[Batch("short", 0.5), Batch("long", 5)], []], []), worthStealing: 1);

        Name(await queue.TakeAsync(1, Cancellation)).ShouldBe("long");
        var next = queue.TakeAsync(1, Cancellation).AsTask();
        next.IsCompleted.ShouldBeFalse();
        Name(await queue.TakeAsync(0, Cancellation)).ShouldBe("short");
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(double.PositiveInfinity, false)]
    public async Task A_short_seed_of_a_worker_that_has_its_batch_for_much_longer_than_expected_goes_to_another(double worthStealing, bool isShared)
    {
        var time = new FakeTimeProvider();
        var queue = new BatchQueue(PlanOf([[Batch("hangs", 3), Batch("short", 0.5)], []], []), worthStealing, WorkerStarts.All(time));
        await queue.TakeAsync(0, Cancellation);
        var waiting = queue.TakeAsync(1, Cancellation).AsTask();

        time.Advance(TimeSpan.FromSeconds(6));
        waiting.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(30));

        Name(await (isShared ? waiting.WaitAsync(TimeSpan.FromSeconds(5), Cancellation) : queue.TakeAsync(0, Cancellation).AsTask())).ShouldBe("short");
        queue.Close();
    }

    [Fact]
    public async Task A_worker_that_waited_before_another_began_to_hang_takes_what_is_reserved_for_it()
    {
        var time = new FakeTimeProvider();
        var queue = new BatchQueue(PlanOf([[Batch("hangs", 0.5), Batch("short", 0.5)], []], []), 1, WorkerStarts.All(time));
        var waiting = queue.TakeAsync(1, Cancellation).AsTask();
        await queue.TakeAsync(0, Cancellation);

        // Less in all than what a worker waits that knows of no batch.
        for (var round = 0; round < 30 && !waiting.IsCompleted; round++)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            await Task.WhenAny(waiting, Task.Delay(100, Cancellation));
        }

        Name(await waiting.WaitAsync(TimeSpan.FromSeconds(5), Cancellation)).ShouldBe("short");
    }

    [Fact]
    public async Task A_worker_begins_where_the_only_one_hangs()
    {
        var time = new FakeTimeProvider();
        var starts = new WorkerStarts(time, 2, known: 1, prior: 10, _ => 0, () => null);
        var queue = new BatchQueue(PlanOf([[Batch("hangs", 0.5), Batch("short", 0.5)], []], []), 1, starts);
        await queue.TakeAsync(0, Cancellation);
        starts.Started(0, TimeSpan.FromSeconds(10));
        var waiting = queue.TakeAsync(1, Cancellation).AsTask();
        waiting.IsCompleted.ShouldBeFalse();

        time.Advance(TimeSpan.FromSeconds(30));

        Name(await waiting.WaitAsync(TimeSpan.FromSeconds(5), Cancellation)).ShouldBe("short");
    }

    [Fact]
    public async Task When_the_last_worker_leaves_the_queue_ends_and_tells_what_is_left()
    {
        var queue = new BatchQueue(PlanOf([[Batch("seed0")], [Batch("seed1")]], [Batch("tail")]), 0);
        queue.Leave(0);
        queue.Leave(1);

        (await queue.TakeAsync(0, Cancellation)).ShouldBeNull();
        queue.Close().Select(Name).ShouldBe(["seed0", "seed1", "tail"], ignoreOrder: true);
    }

    [Fact]
    public async Task Many_workers_take_every_batch_exactly_once()
    {
        var batches = Enumerable.Range(0, 500).Select(index => Batch($"b{index}")).ToArray();
        var queue = new BatchQueue(PlanOf([.. batches[..400].Chunk(50)], batches[400..]), 0);
        var taken = new System.Collections.Concurrent.ConcurrentBag<string>();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(
            async () =>
            {
                while (await queue.TakeAsync(worker, Cancellation) is { } batch)
                {
                    taken.Add(Name(batch));
                    queue.Complete(batch, []);
                }
            },
            Cancellation)));

        taken.ShouldBe(batches.Select(Name), ignoreOrder: true);
    }

    [Fact]
    public async Task An_exclusive_batch_runs_beside_nothing()
    {
        var queue = new BatchQueue(PlanOf([[Batch("seed0")], [Batch("seed1")]], [Batch("alone") with { ExclusiveGroups = ["Exclusive"] }]), 0);
        var first = await queue.TakeAsync(0, Cancellation);
        var second = await queue.TakeAsync(1, Cancellation);
        var waiting = queue.TakeAsync(0, Cancellation).AsTask();
        queue.Complete(first!, []);
        waiting.IsCompleted.ShouldBeFalse();

        queue.Complete(second!, [Batch("again")]);

        var taken = await waiting.WaitAsync(TimeSpan.FromSeconds(5), Cancellation);
        var other = queue.TakeAsync(1, Cancellation).AsTask();
        other.IsCompleted.ShouldBeFalse();
        queue.Complete(taken!, []);
        new[] { Name(taken), Name(await other.WaitAsync(TimeSpan.FromSeconds(5), Cancellation)) }.ShouldBe(["alone", "again"], ignoreOrder: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_runs_again_and_again_does_not_keep_an_exclusive_batch_from_its_turn(bool isOfWorker)
    {
        var alone = Batch("alone") with { ExclusiveGroups = ["Exclusive"] };
        var queue = new BatchQueue(isOfWorker ? PlanOf([[Batch("a"), alone], [Batch("b")]], []) : PlanOf([[Batch("a")], [Batch("b")]], [alone]), 0);
        var first = await queue.TakeAsync(0, Cancellation);
        var second = await queue.TakeAsync(1, Cancellation);

        queue.Complete(first!, [first! with { Reason = BatchReasons.Repeat, Round = 2 }]);
        var waiting = queue.TakeAsync(0, Cancellation).AsTask();
        waiting.IsCompleted.ShouldBeFalse();
        queue.Complete(second!, [second! with { Reason = BatchReasons.Repeat, Round = 2 }]);

        var taken = await waiting.WaitAsync(TimeSpan.FromSeconds(5), Cancellation);
        Name(taken).ShouldBe("alone");
        queue.Complete(taken!, [taken! with { Reason = BatchReasons.Repeat, Round = 2 }]);
        Name(await queue.TakeAsync(0, Cancellation)).ShouldBe("a");
    }

    [Fact]
    public async Task Batches_of_one_group_run_one_after_another_and_beside_others()
    {
        var queue = new BatchQueue(PlanOf([[], [], []], [Batch("a") with { ExclusiveGroups = ["Ports"] }, Batch("b") with { ExclusiveGroups = ["ports"] }, Batch("c")]), 0);

        var a = await queue.TakeAsync(0, Cancellation);
        Name(await queue.TakeAsync(1, Cancellation)).ShouldBe("c");
        var b = queue.TakeAsync(2, Cancellation).AsTask();
        b.IsCompleted.ShouldBeFalse();
        queue.Complete(a!, []);
        Name(await b.WaitAsync(TimeSpan.FromSeconds(5), Cancellation)).ShouldBe("b");
    }

    [Fact]
    public async Task What_a_worker_would_have_run_that_does_not_begin_is_everybodys()
    {
        var starts = new WorkerStarts(TimeProvider.System, 2, known: 1, prior: 60, _ => 0, () => null);
        var queue = new BatchQueue(PlanOf([[Batch("seed0", 0.1)], [Batch("seed1", 0.2)]], [Batch("tail", 0.1)]), 1, starts);
        var first = await queue.TakeAsync(0, Cancellation);

        var waiting = queue.TakeAsync(1, Cancellation).AsTask();
        waiting.IsCompleted.ShouldBeFalse();
        queue.Complete(first!, []);
        var second = await queue.TakeAsync(0, Cancellation);
        queue.Complete(second!, []);
        var third = await queue.TakeAsync(0, Cancellation);
        queue.Complete(third!, []);

        new[] { Name(first), Name(second), Name(third) }.ShouldBe(["seed0", "seed1", "tail"]);
        (await waiting.WaitAsync(TimeSpan.FromSeconds(5), Cancellation)).ShouldBeNull();
        starts.ReasonOf(1).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_queue_without_a_plan_waits_for_it_and_gives_what_is_early()
    {
        var queue = new BatchQueue(2, 1, WorkerStarts.All(TimeProvider.System));
        queue.AddEarly([Batch("early")]);

        var early = await queue.TakeAsync(0, Cancellation);
        queue.Complete(early!, []);
        var next = queue.TakeAsync(0, Cancellation).AsTask();
        next.IsCompleted.ShouldBeFalse();
        queue.Planned.IsCompleted.ShouldBeFalse();
        queue.Seed(PlanOf([[Batch("seed0")], []], []));

        Name(early).ShouldBe("early");
        Name(await next.WaitAsync(TimeSpan.FromSeconds(5), Cancellation)).ShouldBe("seed0");
        queue.Complete((await next)!, []);
        (await queue.TakeAsync(0, Cancellation)).ShouldBeNull();
    }

    [Fact]
    public async Task A_worker_begins_late_where_the_one_at_work_leaves()
    {
        var starts = new WorkerStarts(TimeProvider.System, 2, known: 1, prior: 60, _ => 0, () => null);
        var queue = new BatchQueue(PlanOf([[Batch("seed0")], []], [Batch("tail")]), 1, starts);
        var first = await queue.TakeAsync(0, Cancellation);
        var waiting = queue.TakeAsync(1, Cancellation).AsTask();

        queue.Complete(first!, []);
        queue.Leave(0);

        Name(await waiting.WaitAsync(TimeSpan.FromSeconds(5), Cancellation)).ShouldBe("tail");
    }

    private static Batch Batch(string name, double seconds = 1) =>
        BatchOf.Entries(Catalogs.Assembly(), [(Catalogs.Entry(Catalogs.Assembly(), name, "Test"), seconds)], BatchReasons.Plan, null);

    private static string Name(Batch? batch) => batch!.Entries[0].ClassName;

    private static Plan PlanOf(Batch[][] seeds, Batch[] tail) => new()
    {
        Seeds = [.. seeds.Select(seed => (System.Collections.Immutable.ImmutableArray<Batch>)[.. seed])],
        Tail = [.. tail],
        Seconds = 1,
        LowerBoundSeconds = 1,
        KnownTimings = 1,
        Predictions = new Dictionary<TestEntry, double>(),
    };
}
