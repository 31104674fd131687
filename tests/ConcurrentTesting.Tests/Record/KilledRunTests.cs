using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Tests.Console;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class KilledRunTests
{
    private readonly FakeTimeProvider _time = new(SampleRun.Start);
    private readonly List<RunEvent> _events = [];
    private readonly RunRecorder _recorder;
    private readonly TestUnit _unit = Catalogs.Unit(Catalogs.Assembly(), "Orders", 3);

    public KilledRunTests() => _recorder = new RunRecorder(_time, new Listener(_events), Quarantine.None);

    [Fact]
    public void What_was_planned_and_has_no_result_is_told_as_one()
    {
        Begin();
        Give(_unit.Entries[0], TestOutcome.Passed);
        Start(_unit.Entries[1]);

        var record = Killed();

        record.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        record.Reason.ShouldBe("The run's process was ended before the run was over; 2 tests gave no result.");
        record.Tests.Select(test => (test.Name, test.Outcome, test.Final.Worker, test.Final.Message)).ShouldBe(
        [
            ("Test0", TestOutcome.Passed, 1, null),
            ("Test1", TestOutcome.Error, 1, "The test was running when the run's process was ended from outside."),
            ("Test2", TestOutcome.Error, -1, "The test was asked for and never ran: the run's process was ended before it could."),
        ]);
        record.Incidents.ShouldHaveSingleItem().Kind.ShouldBe(IncidentKinds.RunKilled);
    }

    [Fact]
    public void What_was_going_on_ends_with_the_run()
    {
        Begin();
        Give(_unit.Entries[0], TestOutcome.Passed);

        var record = Killed();

        record.Batches.ShouldHaveSingleItem().Error.ShouldBe("The run's process was ended while this batch ran.");
        record.Batches[0].Tests.ShouldBe(1);
        record.Workers.ShouldHaveSingleItem().ShouldBe(new WorkerRecord(1, SampleRun.Start.AddSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 1, 1));
        record.Phases["tests"].ShouldBe(2);
        record.Wall.ShouldBe(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public void A_run_whose_results_were_all_in_is_incomplete_all_the_same()
    {
        Begin();
        foreach (var entry in _unit.Entries)
            Give(entry, TestOutcome.Passed);

        var record = Killed();

        (record.ExitCode, record.Reason).ShouldBe((ConcurrentTestExitCode.Incomplete, "The run's process was ended before the run was over."));
        record.Passed.ShouldBe(3);
    }

    [Fact]
    public void A_case_that_lacks_some_of_its_results_is_told_of()
    {
        var entry = Catalogs.Entry(Catalogs.Assembly(), "Orders", "Ships", cases: 3);
        Begin(_unit with { Entries = [entry] });
        Give(entry, TestOutcome.Passed);

        Killed().Tests.Select(test => test.Final.Message).ShouldBe(
            [null, .. Enumerable.Repeat("The test was asked for 3 times and gave 1 result before the run's process was ended.", 2)], ignoreOrder: true);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public void What_ran_last_and_may_have_had_more_rows_lacks_one(bool hasKnownRows, int results)
    {
        var entry = Catalogs.Entry(Catalogs.Assembly(), "Orders", "Ships", hasKnownRows: hasKnownRows);
        Begin(_unit with { Entries = [entry] });
        Give(entry, TestOutcome.Passed);

        Killed().Tests.Length.ShouldBe(results);
    }

    [Fact]
    public void A_run_that_has_ended_stays_as_it_is()
    {
        Begin();
        _recorder.Add(new RunEnded(null, "") { At = _recorder.Now });

        KilledRun.End(FoldOf(_events)).ShouldBeEmpty();
    }

    private void Begin(TestUnit? unit = null)
    {
        unit ??= _unit;
        _recorder.Add(new RunStarted { At = _recorder.Now, Run = "r1", Machine = "m", Seed = 1, Settings = new ConcurrentTestSettings() });
        _recorder.Add(new TestsDiscovered(3, 0) { At = _recorder.Now });
        _recorder.Add(SampleRun.Unit(unit, _ => 1), unit.Assembly);
        _recorder.Add(new PhaseStarted("tests") { At = _recorder.Now });
        _time.Advance(TimeSpan.FromSeconds(1));
        _recorder.Add(new BatchStarted(1, 1, unit.Assembly, "plan", null, 3) { At = _recorder.Now }, unit.Assembly);
    }

    private void Start(TestEntry entry) =>
        _recorder.Add(new TestStarted(1, new TestRef(entry.Assembly, entry.Id), entry.ClassName, entry.MethodName) { At = _recorder.Now }, entry.Assembly);

    private void Give(TestEntry entry, TestOutcome outcome)
    {
        Start(entry);
        _time.Advance(TimeSpan.FromSeconds(1));
        _recorder.Add(entry, entry.MethodName, 0, SampleRun.Attempt(outcome, worker: 1), []);
    }

    private RunRecord Killed()
    {
        var fold = FoldOf(_events);
        KilledRun.End(fold);
        return fold.ToRecord();
    }

    private static RunFold FoldOf(IEnumerable<RunEvent> events)
    {
        var fold = new RunFold();
        foreach (var happened in events)
            fold.Apply(happened);
        return fold;
    }

    private sealed class Listener(List<RunEvent> events) : IRunObserver
    {
        public void Happened(RunEvent happened) => events.Add(happened);
    }
}
