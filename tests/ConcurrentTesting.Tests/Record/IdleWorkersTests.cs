using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Tests.Console;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class IdleWorkersTests
{
    [Fact]
    public void What_stays_together_is_the_cause_with_what_says_so()
    {
        var unit = Catalogs.Unit(Catalogs.Assembly(), "collection Ports", 8) with { Ties = [new Tie("collection Ports", "--test-together")] };

        Idle(1, Worker(0, 8), Worker(1, 0), Worker(2, 0.5), Worker(3, 6), unit).ShouldBe("2 of 4 workers: all tests of collection Ports stay together (--test-together); splitting it would help");
    }

    [Fact]
    public void A_long_class_is_the_cause() =>
        Idle(1, Worker(0, 8), Worker(1, 0), Worker(2, 0), Worker(3, 0), Catalogs.Unit(Catalogs.Assembly(), "Shop.Long", 8))
            .ShouldBe("3 of 4 workers: the class Shop.Long takes 8.0 s of 8.0 s, and a class runs on one worker; splitting it would help");

    [Fact]
    public void A_long_test_is_the_cause() =>
        Idle(8, Worker(0, 8), Worker(1, 0), Worker(2, 0), Worker(3, 0), Catalogs.Unit(Catalogs.Assembly(), "Shop.Long", 1))
            .ShouldBe("3 of 4 workers: Shop.Long.Test0 alone takes 8.0 s of 8.0 s; a shorter test would help");

    [Fact]
    public void Little_work_is_the_cause() =>
        Idle(0.01, Worker(0, 4), Worker(1, 0), Worker(2, 0), Worker(3, 0), [.. Catalogs.Of(20, 1).Units]).ShouldBe("3 of 4 workers: 0.2 s of tests are not worth more test hosts; fewer workers would do");

    [Fact]
    public void What_most_idle_workers_were_not_started_for_is_the_cause() =>
        Idle(1, Worker(0, 8), Worker(1, 0, "CPU-bound: 2 cores had 40.1 s to compute, whoever computed it"), Worker(2, 0, WorkerRecord.NothingLeft), Worker(3, 0, WorkerRecord.NothingLeft), [.. Catalogs.Of(20, 1).Units])
            .ShouldBe("3 of 4 workers: CPU-bound: 2 cores had 40.1 s to compute, whoever computed it; fewer workers would do");

    [Fact]
    public void Workers_that_nothing_was_left_for_have_their_cause_in_the_tests() =>
        Idle(1, Worker(0, 8), Worker(1, 0, WorkerRecord.NothingLeft), Worker(2, 0, WorkerRecord.NothingLeft), Worker(3, 8), [.. Catalogs.Of(3, 1).Units])
            .ShouldBe("2 of 4 workers: only 3 units of tests (a class or a part of one) can be shared; fewer workers would do");

    [Fact]
    public void Busy_workers_need_no_word() =>
        Idle(1, Worker(0, 8), Worker(1, 7), Worker(2, 3), Worker(3, 9), [.. Catalogs.Of(20, 1).Units]).ShouldBeNull();

    private static string? Idle(double seconds, WorkerRecord first, WorkerRecord second, WorkerRecord third, WorkerRecord fourth, params TestUnit[] units)
    {
        var tests = units.SelectMany(unit => unit.Entries).Select(entry => new TestRecord
        {
            Id = entry.Key,
            Assembly = entry.Assembly,
            CaseId = entry.Id,
            ClassName = entry.ClassName,
            MethodName = entry.MethodName,
            Name = entry.MethodName,
            Attempts = [new TestAttempt { Outcome = TestOutcome.Passed, Worker = 0, Batch = 1, Number = 1, Duration = TimeSpan.FromSeconds(seconds) }],
        }).ToImmutableArray();
        return IdleWorkers.Of([first, second, third, fourth], tests, [.. units.Select(unit => SampleRun.Unit(unit, _ => seconds))]);
    }

    private static WorkerRecord Worker(int number, double busy, string? notStarted = null) => new(number, RecordedRun.Start, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(busy), busy > 0 ? 1 : 0, 1) { NotStarted = notStarted };
}
