using System.Collections.Immutable;
using ConcurrentTesting.Record;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class LostTimeTests
{
    [Fact]
    public void An_efficient_run_needs_no_word() =>
        LostTime.Of(Run(busy: 2, starting: 8) with { Efficiency = 0.6 }).ShouldBeNull();

    [Fact]
    public void Starting_hosts_is_named_whether_a_worker_or_its_batch_waited() =>
        LostTime.Of(Run(busy: 6, starting: 2, batch: 5)).ShouldBe("starting test hosts and setting up took 50% of the workers' time; fewer workers, or more tests a class, start fewer");

    [Fact]
    public void Waiting_for_databases_is_named() =>
        LostTime.Of(Run(busy: 3, cloning: 6)).ShouldBe("waiting for databases took 60% of the workers' time; a smaller template or a server on this machine would help");

    [Fact]
    public void Idle_workers_are_named_with_their_cause() =>
        LostTime.Of(Run(busy: 3) with { Idle = "1 of 2 workers: Shop.Long.Test0 alone takes 8.0 s of 8.0 s" })
            .ShouldBe("almost no work for 1 of 2 workers: Shop.Long.Test0 alone takes 8.0 s of 8.0 s");

    [Fact]
    public void Unknown_durations_are_named_where_workers_waited() =>
        LostTime.Of(Run(busy: 3) with { KnownTimings = 0.12 }).ShouldBe("only 12% of the tests' durations were known before; keep the timings file from run to run");

    [Fact]
    public void Workers_that_wait_for_the_last_ones_are_named_in_the_end() =>
        LostTime.Of(Run(busy: 3) with { KnownTimings = 1 }).ShouldBe("workers waited 70% of their time for the last tests; shorter classes, or fewer workers, would help");

    [Fact]
    public void A_run_of_nothing_needs_no_word() =>
        LostTime.Of(Run(busy: 3) with { Workers = [] }).ShouldBeNull();

    // A worker of ten seconds whose batch, where it has one, holds two seconds of tests.
    private static RunRecord Run(double busy, double starting = 0, double cloning = 0, double batch = 0)
    {
        var test = RecordedRun.Test("Ships", new TestAttempt { Outcome = TestOutcome.Passed, Worker = 0, Batch = 1, Number = 1, Duration = TimeSpan.FromSeconds(2) });
        ImmutableArray<BatchRecord> batches = batch > 0 ? [RecordedRun.Batch(1) with { Duration = TimeSpan.FromSeconds(batch) }] : [];
        return RecordedRun.Of("/results", [test], batches) with
        {
            Efficiency = 0.4,
            Workers = [new WorkerRecord(0, RecordedRun.Start, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(busy), 1, 1) { Starting = TimeSpan.FromSeconds(starting), Cloning = TimeSpan.FromSeconds(cloning) }],
        };
    }
}
