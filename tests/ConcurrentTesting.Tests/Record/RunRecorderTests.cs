using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Tests.Reports;
using ConcurrentTesting.Tests.Reports.Trx;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class RunRecorderTests
{
    private static readonly TestAssembly Assembly = Catalogs.Assembly();

    private readonly RunRecorder _recorder = new(TimeProvider.System, new NoObserver(), Quarantine.Read(null, DateOnly.MaxValue));
    private readonly TestEntry _theory = Catalogs.Entry(Assembly, "Orders", "Ships", hasKnownRows: false);

    [Fact]
    public void Results_are_made_of_rows_once_until_a_row_changes()
    {
        var recorder = new RunRecorder(TimeProvider.System, new NoObserver(), Quarantine.None);
        recorder.Add(new RunStarted { At = recorder.Now, Run = "r", Machine = "m", Seed = 1, Settings = new ConcurrentTestSettings() });
        var entry = Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", "Pays");
        recorder.Add(entry, "Pays", 0, RecordedRun.Attempt(TestOutcome.Failed), []);

        var first = recorder.ToRecord(RunEnd.TestsDecide).Tests;
        recorder.Report("kind", "It happened.");
        var second = recorder.ToRecord(RunEnd.TestsDecide).Tests;
        recorder.Add(entry, "Pays", 0, RecordedRun.Attempt(), []);
        var third = recorder.ToRecord(RunEnd.TestsDecide).Tests;

        (first == second).ShouldBeTrue();
        third.Single().Attempts.Length.ShouldBe(2);
    }

    [Theory]
    [InlineData(1, "All tests passed; 1 test did not fit the time and was left out (--test-budget).")]
    [InlineData(2, "All tests passed; 2 tests did not fit the time and were left out (--test-budget).")]
    public void A_green_run_says_how_many_tests_it_left_out(int leftOut, string reason)
    {
        _recorder.Add(new RunStarted { At = _recorder.Now, Run = "r", Machine = "m", Seed = 1, Settings = new ConcurrentTestSettings() });
        _recorder.Add(_theory, "Ships", 0, RecordedRun.Attempt(), []);
        _recorder.Add(new TestsLeftOut(leftOut) { At = _recorder.Now });

        _recorder.ToRecord(RunEnd.TestsDecide).Reason.ShouldBe(reason);
    }

    [Theory]
    [InlineData(1, "1 of 1 test failed. Outside of tests there was 1 more failure.")]
    [InlineData(2, "1 of 1 test failed. Outside of tests there were 2 more failures.")]
    public void A_run_with_failed_tests_tells_the_failures_outside_of_them_too(int outside, string reason)
    {
        _recorder.Add(new RunStarted { At = _recorder.Now, Run = "r", Machine = "m", Seed = 1, Settings = new ConcurrentTestSettings() });
        _recorder.Add(_theory, "Ships", 0, RecordedRun.Attempt(TestOutcome.Failed), []);
        for (var i = 0; i < outside; i++)
            _recorder.Add(Outside(OutsideKinds.CleanUp, i == 0 ? "it threw" : "it timed out", worker: 1), []);

        _recorder.ToRecord(RunEnd.TestsDecide).Reason.ShouldBe(reason);
    }

    [Fact]
    public void A_record_that_was_asked_for_before_does_not_hold_back_what_came_after_it()
    {
        var recorder = new RunRecorder(TimeProvider.System, new NoObserver(), Quarantine.None);
        recorder.Add(new RunStarted { At = recorder.Now, Run = "r", Machine = "m", Seed = 1, Settings = new ConcurrentTestSettings { Workers = 1 } });
        var entry = Catalogs.Entry(Assembly, "Shop.Orders", "Pays");
        recorder.Add(PlannedUnits.Of(new TestUnit("Shop.Orders", Assembly, [entry]), new Dictionary<TestEntry, double> { [entry] = 1 }, TimingStore.Empty, recorder.Now), Assembly);
        recorder.Add(entry, "Pays", 0, RecordedRun.Attempt() with { Duration = TimeSpan.FromSeconds(2) }, []);
        var before = recorder.ToRecord(RunEnd.TestsDecide);

        recorder.Add(entry, "Pays", 0, RecordedRun.Attempt() with { Duration = TimeSpan.FromSeconds(3) }, []);
        recorder.Add(new WorkerEnded(new WorkerRecord(0, recorder.Now, TimeSpan.FromSeconds(9), TimeSpan.Zero, 0, 0)) { At = recorder.Now });
        recorder.Add(new TestRemembered("Pays", [new PastResult(TestOutcome.Passed, 1, null, IsFlaky: false)]) { At = recorder.Now });
        var after = recorder.ToRecord(RunEnd.TestsDecide);

        (before.LowerBound, before.Idle, before.History.Count).ShouldBe((TimeSpan.FromSeconds(2), (string?)null, 0));
        (after.LowerBound, after.History.Count).ShouldBe((TimeSpan.FromSeconds(5), 1));
        after.Idle.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("XUnit3", "Shop.Orders.Pays", "Shop.Orders.Pays")] // what its adapter calls it by default
    [InlineData("XUnit3", "Pays", "Pays")]                         // "methodDisplay": "method"
    [InlineData("XUnit2", "Orders are paid", "Orders are paid")]   // [Fact(DisplayName = …)]
    [InlineData("NUnit", "Pays", "Pays")]
    [InlineData("NUnit", "Shop.Orders.Pays", "Shop.Orders.Pays")]
    public void A_test_that_gave_no_result_has_its_adapters_name_in_the_trx_file(string framework, string displayName, string expected)
    {
        var entry = Catalogs.Entry(Assembly with { Framework = Enum.Parse<TestFramework>(framework) }, "Shop.Orders", "Pays") with { DisplayName = displayName };
        _recorder.Add(new RunStarted { At = _recorder.Now, Run = "r", Machine = "m", Seed = 1, Settings = new ConcurrentTestSettings() });
        _recorder.AddExplicit([entry]);

        var trx = MergedTrx.Of(_recorder.ToRecord(RunEnd.TestsDecide));

        trx.Results.Single().Attribute("testName")!.Value.ShouldBe(expected);
    }

    [Fact]
    public void A_muted_failure_speaks_for_nothing_that_failed_outside_of_tests()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "quarantine.json");
        File.WriteAllText(file, """[{ "test": "Orders.Ships", "reason": "#123", "expires": "2027-01-31" }]""");
        var recorder = new RunRecorder(TimeProvider.System, new NoObserver(), Quarantine.Read(file, DateOnly.MinValue));

        recorder.Add(Outside(OutsideKinds.ProcessEnd, "it exited", worker: 1), [_theory]);
        recorder.Add(_theory, "Ships", 0, RecordedRun.Attempt(TestOutcome.Failed), []);

        recorder.Outside.ShouldHaveSingleItem();
    }

    [Fact]
    public void Rows_that_the_last_run_did_not_give_are_attempts_of_those_that_it_gave()
    {
        Give(batch: 1, "a", "b", "c");
        Give(batch: 2, "a", "d");

        _recorder.Supersede(_theory, 2);

        var rows = _recorder.RowsSoFar(_theory);
        rows.Select(row => row.Name).ShouldBe(["a", "d"], ignoreOrder: true);
        rows.Sum(row => row.Attempts.Length).ShouldBe(5);
        rows.ShouldAllBe(row => row.Final.Batch == 2 && row.Attempts.Select(attempt => attempt.Number).SequenceEqual(Enumerable.Range(1, row.Attempts.Length)));
    }

    [Fact]
    public void Rows_of_a_test_whose_second_process_died_sooner_are_attempts_of_its_failure()
    {
        Give(batch: 1, "a", "b", "c");
        Give(batch: 2, "a");
        _recorder.SettleMissing(_theory, Attempt(2, TestOutcome.Failed));

        _recorder.Supersede(_theory, 2);

        var rows = _recorder.RowsSoFar(_theory);
        rows.Select(row => row.Outcome).ShouldBe([TestOutcome.Passed, TestOutcome.Failed]);
        rows[1].Attempts.Length.ShouldBe(3);
    }

    [Fact]
    public void What_a_host_did_not_give_is_a_row_beside_those_of_the_same_name()
    {
        var name = TestNames.Short(_theory.ClassName, _theory.DisplayName);
        Give(batch: 1, name, name);

        _recorder.SettleMissing(_theory, Attempt(1, TestOutcome.Failed));

        _recorder.RowsSoFar(_theory).Select(row => row.Outcome).ShouldBe([TestOutcome.Passed, TestOutcome.Passed, TestOutcome.Failed]);
    }

    [Theory]
    [InlineData(TestOutcome.Passed, 1)]
    [InlineData(TestOutcome.Failed, 0)]
    internal void End_of_a_process_counts_where_no_test_that_it_left_open_fails(TestOutcome outcome, int count)
    {
        _recorder.Add(Outside(OutsideKinds.ProcessEnd, "it exited", worker: 1), [_theory]);
        _recorder.Add(_theory, "a", 0, Attempt(2, outcome), []);

        _recorder.Outside.Length.ShouldBe(count);
    }

    [Fact]
    public void Same_failure_on_several_workers_is_one_that_names_them()
    {
        _recorder.Add(Outside(OutsideKinds.CleanUp, "broke", worker: 3), []);
        _recorder.Add(Outside(OutsideKinds.CleanUp, "broke", worker: 1), []);
        _recorder.Add(Outside(OutsideKinds.CleanUp, "broke otherwise", worker: 1), []);

        _recorder.Outside.Select(failure => string.Join(',', failure.Workers)).ShouldBe(["1,3", "1"]);
    }

    private void Give(int batch, params string[] rows)
    {
        foreach (var same in rows.GroupBy(row => row))
        {
            for (var occurrence = 0; occurrence < same.Count(); occurrence++)
                _recorder.Add(_theory, same.Key, occurrence, Attempt(batch, TestOutcome.Passed), []);
        }
    }

    private static TestAttempt Attempt(int batch, TestOutcome outcome) => new() { Outcome = outcome, Worker = 0, Batch = batch, Number = 1 };

    private static OutsideFailure Outside(string kind, string message, int worker) => new()
    {
        Kind = kind,
        Name = "Class clean-up Orders",
        Assembly = Assembly,
        Workers = [worker],
        At = DateTimeOffset.UnixEpoch,
        Message = message,
    };

    private sealed class NoObserver : IRunObserver;
}
