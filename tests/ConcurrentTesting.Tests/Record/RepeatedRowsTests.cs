using ConcurrentTesting.Catalog;
using ConcurrentTesting.Console;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Prometheus;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

/// <summary>Rows of tests that are to run several times: what decides, what is told of them while the run goes on, what is counted.</summary>
public sealed class RepeatedRowsTests
{
    private static readonly TestAssembly Assembly = Catalogs.Assembly();

    private readonly Told _told = new();
    private readonly RunRecorder _recorder;
    private readonly TestEntry _test = Catalogs.Entry(Assembly, "Orders", "Ships");
    private int _batch;

    public RepeatedRowsTests() => _recorder = new RunRecorder(TimeProvider.System, _told, Quarantine.None);

    [Fact]
    public void A_failure_is_told_although_the_infrastructure_failed_an_earlier_time_that_was_tried_again()
    {
        Give(1, TestOutcome.Passed);
        Give(3, TestOutcome.Failed, isFinal: false);
        Give(3, TestOutcome.Passed);
        Give(9, TestOutcome.Failed);
        Give(10, TestOutcome.Failed);

        _told.Finished.Select(test => test.Outcome).ShouldBe([TestOutcome.Passed, TestOutcome.Failed]);
        _told.Done.ShouldBe((1, 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(40)]
    public void A_row_knows_its_batches_and_times_however_many_it_has(int times)
    {
        var row = new RowFold(new AttemptEnded { At = default, Test = new TestRef(Assembly, _test.Id), Row = 0, Occurrence = 0, ClassName = "Orders", MethodName = "Ships", Name = "Ships", Attempt = RecordedRun.Attempt() });
        for (var time = 1; time <= times; time++)
        {
            row.Add(RecordedRun.Attempt(TestOutcome.Failed) with { Round = time, Batch = (2 * time) - 1 });
            row.Add(RecordedRun.Attempt() with { Round = time, Batch = 2 * time });
        }

        row.Measure(2 * times, new MeasuredRow(new TestRef(Assembly, _test.Id), 0, TestFigures.NotMeasured with { Repeated = [] }));

        foreach (var time in Enumerable.Range(1, times))
        {
            row.RoundOf((2 * time) - 1).ShouldBe(time);
            row.RoundOf(2 * time).ShouldBe(time);
            row.LastOf(time)!.Batch.ShouldBe(2 * time);
        }

        row.LastOf(times)!.Figures.ShouldNotBeNull();
        row.HasAttemptIn((2 * times) + 1).ShouldBeFalse();
        row.LastOf(null).ShouldBeNull();
    }

    [Fact]
    public void A_test_whose_first_time_the_infrastructure_failed_is_done_when_that_is_tried_again()
    {
        Give(1, TestOutcome.Failed, isFinal: false);
        Give(2, TestOutcome.Passed);
        _told.Finished.ShouldBeEmpty();

        Give(1, TestOutcome.Passed);
        Give(3, TestOutcome.Passed);

        _told.Finished.ShouldHaveSingleItem().Outcome.ShouldBe(TestOutcome.Passed);
        _told.Done.ShouldBe((1, 0));
    }

    [Fact]
    public void A_failure_that_is_not_tried_again_after_all_is_told_once()
    {
        Give(1, TestOutcome.Failed, isFinal: false);

        _recorder.SettleFailures(_test, _batch).ShouldBe(1);
        Give(2, TestOutcome.Passed);

        _told.Finished.ShouldHaveSingleItem().Outcome.ShouldBe(TestOutcome.Failed);
        _told.Done.ShouldBe((1, 1));
    }

    [Fact]
    public void Failures_of_earlier_times_are_not_settled_again()
    {
        _recorder.Add(_test, "a", 0, Attempt(1, TestOutcome.Failed) with { Batch = 1 }, []);
        _recorder.Add(_test, "a", 0, Attempt(2, TestOutcome.Passed) with { Batch = 2 }, []);
        _recorder.Add(_test, "b", 0, Attempt(2, TestOutcome.Failed) with { Batch = 2 }, [], isFinal: false);

        _recorder.SettleFailures(_test, 2).ShouldBe(1);
    }

    [Fact]
    public void A_live_counter_never_takes_back_that_a_test_passed()
    {
        var live = new LiveTests();
        var passed = RecordedRun.Test("Ships", Attempt(1, TestOutcome.Passed));
        live.TestFinished(passed, isFinal: true);
        live.TestFinished(passed with { Attempts = [.. passed.Attempts, Attempt(2, TestOutcome.Failed) with { Number = 2 }] }, isFinal: true);

        live.Settled.ShouldHaveSingleItem().Outcome.ShouldBe(TestOutcome.Failed);
    }

    [Fact]
    public void A_row_that_ran_again_is_counted_once_while_the_run_goes_on()
    {
        var live = new LiveTests();
        var skipped = RecordedRun.Test("Ships", RecordedRun.Attempt(TestOutcome.Skipped));
        live.TestFinished(skipped, isFinal: true);
        live.TestFinished(skipped with { Attempts = [.. skipped.Attempts, RecordedRun.Attempt() with { Number = 2 }] }, isFinal: true);

        live.Settled.ShouldHaveSingleItem().Outcome.ShouldBe(TestOutcome.Passed);
    }

    [Fact]
    public void What_was_tried_again_is_told_by_the_failure_of_its_own_time()
    {
        var failed = Attempt(1, TestOutcome.Failed) with { Message = "Npgsql.PostgresException : 08006: gone" };
        var test = RecordedRun.Test("Ships", failed, Attempt(2, TestOutcome.Passed) with { Number = 2 }, Attempt(1, TestOutcome.Passed) with { Number = 3, Cause = BatchReasons.Retry });
        var record = RecordedRun.Of("/repo/results", [test]);

        RetryCounts.Of(record with { Settings = record.Settings with { Database = DatabaseEngine.PostgreSql } })
            .ShouldHaveSingleItem().ShouldBe(KeyValuePair.Create("connection", new RetryCount(1, 1)));
    }

    [Fact]
    public void The_worst_time_decides_of_failures_the_last_and_of_others_the_first()
    {
        var (one, two, three) = (Attempt(1, TestOutcome.Passed), Attempt(2, TestOutcome.Passed), Attempt(3, TestOutcome.Passed));

        DecidingAttempt.Of([two with { Number = 1 }, one with { Number = 2 }, three])!.Round.ShouldBe(1);
        DecidingAttempt.Of([one with { Outcome = TestOutcome.Failed }, two with { Outcome = TestOutcome.TimedOut }, three])!.Round.ShouldBe(2);
        DecidingAttempt.Of([one with { Outcome = TestOutcome.Error }, two with { Outcome = TestOutcome.Failed }, three])!.Round.ShouldBe(1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_a_row_keeps_of_its_attempts_is_what_all_of_them_come_to(int seed)
    {
        var random = new Random(seed);
        var row = new RowFold(new AttemptEnded
        {
            At = default,
            Test = new TestRef(Assembly, _test.Id),
            Row = 0,
            Occurrence = 0,
            ClassName = "Orders",
            MethodName = "Ships",
            Name = "Ships",
            Attempt = Attempt(1, TestOutcome.Passed),
        });
        for (var number = 1; number <= 200; number++)
        {
            row.Add(Attempt(random.Next(1, 60), (TestOutcome)random.Next(5)) with { Number = number, Batch = number });
            if (random.Next(3) == 0)
                row.Measure(random.Next(1, number + 1), new MeasuredRow(new TestRef(Assembly, _test.Id), 0, new TestFigures { Queries = number }));

            if (random.Next(10) == 0 && number > 1)
                row.Drop(random.Next(1, number));

            row.Final.ShouldBeSameAs(DecidingAttempt.Of(row.Attempts));
            var (last, batch) = (row.Attempts[^1], row.Attempts[random.Next(row.Attempts.Count)].Batch);
            row.LastOf(last.Round).ShouldBeSameAs(last);
            row.RoundOf(batch).ShouldBe(row.Attempts.Single(attempt => attempt.Batch == batch).Round);
            row.HasAttemptIn(number + 1).ShouldBeFalse();
        }
    }

    [Fact]
    public void Figures_are_kept_of_the_first_thousand_times_and_of_failures()
    {
        Give(1_000, TestOutcome.Passed);
        Give(1_001, TestOutcome.Passed);
        Give(1_002, TestOutcome.Failed);

        for (var batch = 1; batch <= 3; batch++)
        {
            var figures = new MeasuredTest
            {
                Order = 1,
                CaseId = _test.Id,
                FullyQualifiedName = "",
                ClassName = "",
                DisplayName = "any",
                IsWholeCase = true,
                Figures = new TestFigures { Queries = 3 },
            };
            _recorder.Measure(batch, [_test], new BatchFigures([figures], OutsideFigures.None, []));
        }

        _recorder.RowsSoFar(_test).Single().Attempts.Select(attempt => attempt.Figures is not null).ShouldBe([true, false, true]);
    }

    private void Give(int round, TestOutcome outcome, bool isFinal = true) =>
        _recorder.Add(_test, "Ships", 0, Attempt(round, outcome) with { Batch = ++_batch }, [], isFinal);

    private static TestAttempt Attempt(int round, TestOutcome outcome) => new() { Outcome = outcome, Worker = 0, Batch = round, Number = round, Round = round };

    private sealed class Told : IRunObserver
    {
        private readonly RunProgress _progress = new(TimeProvider.System);

        public List<TestRecord> Finished { get; } = [];

        public (int Done, int Failed) Done => (_progress.Snapshot().Done, _progress.Snapshot().Failed);

        public void TestFinished(TestRecord test, bool isFinal)
        {
            Finished.Add(test);
            _progress.Finish(test, isFinal);
        }
    }
}
