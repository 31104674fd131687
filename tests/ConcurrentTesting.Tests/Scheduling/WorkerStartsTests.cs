using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

/// <summary>Workers begin while the run ends earlier with them.</summary>
public sealed class WorkerStartsTests
{
    private readonly FakeTimeProvider _time = new();
    private string? _obstacle;
    private double _computing;

    [Fact]
    public void The_first_worker_always_begins()
    {
        _obstacle = "no memory";
        Starts(prior: 100).MayBegin(0, [Batch(0.1)]).ShouldBeTrue();
    }

    [Fact]
    public void Another_one_begins_where_much_is_left()
    {
        var starts = Starts(prior: 1);
        starts.Take(0, Batch(10));

        starts.MayBegin(1, [Batch(10)]).ShouldBeTrue();
    }

    [Fact]
    public void None_begins_whose_start_takes_longer_than_what_is_left()
    {
        var starts = Starts(prior: 1);
        starts.Take(0, Batch(0.2));

        starts.MayBegin(1, [Batch(0.3)]).ShouldBeFalse();

        starts.ReasonOf(1).ShouldBe("0.3 s of tests were left when its start would have taken 1.5 s");
        starts.ReasonOf(0).ShouldBeNull();
    }

    [Fact]
    public void None_begins_where_the_run_ends_no_earlier()
    {
        var starts = Starts(prior: 1);
        starts.Take(0, Batch(30));
        starts.Take(1, Batch(1));

        starts.MayBegin(2, [Batch(2), Batch(2)]).ShouldBeFalse();
    }

    [Fact]
    public void Starts_that_are_under_way_make_the_next_one_later()
    {
        var starts = Starts(prior: 1, cores: 2);
        starts.Take(0, Batch(2));
        starts.Take(1, Batch(2));
        starts.Take(2, Batch(2));
        starts.MayBegin(3, [Batch(1)]).ShouldBeTrue();
        starts.Take(3, Batch(1));

        starts.MayBegin(4, [Batch(0.5)]).ShouldBeFalse();
    }

    [Fact]
    public void The_runs_own_first_start_counts_more_than_an_earlier_runs()
    {
        var starts = Starts(prior: 60);
        starts.Take(0, Batch(10));
        starts.MayBegin(1, [Batch(10)]).ShouldBeFalse();

        starts.Started(0, TimeSpan.FromSeconds(0.5));

        starts.MayBegin(1, [Batch(10)]).ShouldBeTrue();
    }

    [Fact]
    public void Guesses_leave_no_worker_idle()
    {
        var starts = Starts(prior: 60, known: 0.2);
        starts.Take(0, Batch(0.1));

        starts.MayBegin(1, [Batch(0.1)]).ShouldBeTrue();
    }

    [Fact]
    public void None_begins_where_the_cores_have_enough_to_compute_already()
    {
        _computing = 1;
        var starts = Starts(prior: 0.5);
        starts.Take(0, Batch(10));
        starts.MayBegin(1, [Batch(10)]).ShouldBeTrue();
        starts.Take(1, Batch(10));

        starts.MayBegin(2, [Batch(10), Batch(10)]).ShouldBeFalse();

        starts.ReasonOf(2).ShouldBe("CPU-bound: 2 cores had 34.0 s to compute, whoever computed it");
        starts.Take(0, Batch(10));
        starts.MayBegin(2, [Batch(0.1)]).ShouldBeFalse("its start takes longer");
        starts.ReasonOf(2).ShouldNotBeNull().ShouldStartWith("CPU-bound", customMessage: "that is why it did not begin when most was left");
    }

    [Fact]
    public void As_many_begin_as_keep_the_cores_computing_while_tests_wait()
    {
        _computing = 0.4;
        var starts = Starts(prior: 0.1);
        Batch[] left = [.. Enumerable.Repeat(Batch(10), 40)];

        var begun = Enumerable.Range(0, 40).TakeWhile(worker =>
        {
            var may = starts.MayBegin(worker, left[worker..]);
            starts.Take(worker, left[worker]);
            starts.Started(worker, TimeSpan.FromSeconds(0.1));
            return may;
        }).Count();

        begun.ShouldBeInRange(5, 7);
    }

    [Fact]
    public void Thousands_of_tests_that_do_nothing_are_worth_no_more_workers_than_there_are_cores()
    {
        var starts = Starts(prior: 0.5);
        var left = Enumerable.Range(0, 8).Select(_ => Trivial(1000)).ToList();
        starts.MayBegin(0, left).ShouldBeTrue();
        starts.Take(0, left[0]);
        starts.MayBegin(1, left[1..]).ShouldBeTrue();
        starts.Take(1, left[1]);

        starts.MayBegin(2, left[2..]).ShouldBeFalse();
    }

    [Fact]
    public void None_begins_where_the_machine_is_short_of_memory()
    {
        var starts = Starts(prior: 0.1);
        starts.Take(0, Batch(100));
        _obstacle = "only 90 MB of memory were left";

        starts.MayBegin(1, [Batch(100)]).ShouldBeFalse();

        starts.ReasonOf(1).ShouldBe(_obstacle);
    }

    [Fact]
    public void None_begins_where_the_server_takes_no_more_until_nobody_else_is_at_work()
    {
        var starts = Starts(prior: 0.1);
        starts.Take(0, Batch(100));
        starts.NoMore("the database server takes no more connections");
        starts.MayBegin(1, [Batch(100)]).ShouldBeFalse();

        starts.Leave(0);

        starts.MayBegin(1, [Batch(100)]).ShouldBeTrue();
    }

    [Fact]
    public void Somebody_begins_for_what_the_others_may_not_run_again()
    {
        var starts = Starts(prior: 60);
        starts.Take(0, Batch(1));

        starts.MayBegin(1, [Batch(0.1) with { NotOnWorker = 0 }]).ShouldBeTrue();
    }

    [Fact]
    public void A_worker_that_is_late_makes_another_one_pay()
    {
        var starts = Starts(prior: 1);
        var batch = Batch(0.1);
        starts.Take(0, batch);
        starts.Started(0, TimeSpan.FromSeconds(1));
        starts.MayBegin(1, [Batch(0.5)]).ShouldBeFalse();

        starts.Complete(batch);
        starts.Take(0, Batch(8));

        starts.MayBegin(1, [Batch(0.5)]).ShouldBeTrue();
    }

    private WorkerStarts Starts(double? prior, double known = 1, int cores = 2) => new(_time, cores, known, prior, _ => _computing, () => _obstacle);

    private static Batch Trivial(int tests) => BatchOf.Entries(
        Catalogs.Assembly(), [.. Enumerable.Range(0, tests).Select(number => (Catalogs.Entry(Catalogs.Assembly(), "Class", $"Test{number}"), 0.0001))],
        BatchReasons.Plan, null);

    private static Batch Batch(double seconds) =>
        BatchOf.Entries(Catalogs.Assembly(), [(Catalogs.Entry(Catalogs.Assembly(), "Class", "Test"), seconds)], BatchReasons.Plan, null);
}
