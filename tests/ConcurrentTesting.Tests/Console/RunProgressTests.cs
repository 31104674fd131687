using ConcurrentTesting.Catalog;
using ConcurrentTesting.Console;
using ConcurrentTesting.Record;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Console;

public class RunProgressTests
{
    private readonly FakeTimeProvider _time = new(SampleRun.Start);
    private readonly RunProgress _progress;

    public RunProgressTests()
    {
        _progress = new RunProgress(_time);
        _progress.StartPhase(PhaseNames.Tests);
    }

    [Fact]
    public void What_is_built_is_named_while_databases_are_prepared_beside_it()
    {
        var progress = new RunProgress(TimeProvider.System);

        progress.StartPhase(PhaseNames.Build);
        progress.StartPhase(PhaseNames.Template);
        var building = ProgressView.Line(progress.Snapshot());
        progress.StartPhase(PhaseNames.Discovery);
        var discovering = ProgressView.Line(progress.Snapshot());

        building.ShouldStartWith("Building, Preparing databases: ");
        discovering.ShouldStartWith("Preparing databases, Discovering tests: ");
    }

    [Fact]
    public void The_time_left_begins_as_the_plans_and_follows_the_run()
    {
        var entries = SampleRun.Entries(10);
        Plan(10, workers: 1, 100, entries, _ => 10);
        Left().ShouldBe(100);

        // Each takes twice as long as it was expected to.
        var left = new List<double>();
        foreach (var entry in entries[..9])
        {
            _progress.Start(SampleRun.Started(0, entry));
            Pass(20);
            _progress.Finish(SampleRun.Result(entry), isFinal: true);
            left.Add(Left());
        }

        left[4].ShouldBe(75, 0.1);
        left[8].ShouldBe(19, 0.1);
        left.ShouldBe(left.OrderDescending());
    }

    [Fact]
    public void Progress_counts_predicted_seconds_and_not_tests()
    {
        var entries = SampleRun.Entries(10);
        Plan(10, workers: 1, 100, entries, entry => entry == entries[0] ? 91 : 1);
        _progress.Start(SampleRun.Started(0, entries[0]));
        Pass(91);
        _progress.Finish(SampleRun.Result(entries[0]), isFinal: true);
        Left().ShouldBe(9, 0.5);
    }

    [Fact]
    public void A_running_test_counts_as_far_as_it_has_come()
    {
        var entries = SampleRun.Entries(2);
        Plan(2, workers: 1, 100, entries, _ => 50);
        _progress.Start(SampleRun.Started(0, entries[0]));
        Pass(25);
        Left().ShouldBe(75, 0.1);
    }

    [Fact]
    public void It_is_never_less_than_the_longest_running_test_still_takes()
    {
        var entries = SampleRun.Entries(2);
        Plan(2, workers: 2, 10, entries, entry => entry == entries[0] ? 1000 : 1);
        _progress.Start(SampleRun.Started(0, entries[0]));
        Pass(10);
        Left().ShouldBe(990, 0.1);
    }

    [Fact]
    public void Without_a_prediction_nothing_is_said_until_something_is_done()
    {
        Plan(4, workers: 1, 0, [], _ => 0);
        Pass(10);
        _progress.Snapshot().Left.ShouldBeNull();
        _progress.Finish(SampleRun.Result(SampleRun.Entry("Pays")), isFinal: true);
        Left().ShouldBe(30, 0.1);
    }

    [Fact]
    public void Rows_that_discovery_could_not_tell_apart_add_to_the_total()
    {
        var (theory, fact) = (SampleRun.Entry("Theory"), SampleRun.Entry("Fact"));
        Plan(2, workers: 1, 10, [theory, fact], _ => 5);
        for (var row = 0; row < 5; row++)
            _progress.Finish(SampleRun.Result(theory), isFinal: true);
        (_progress.Snapshot().Done, _progress.Snapshot().Total).ShouldBe((5, 6));
        _progress.Finish(SampleRun.Result(fact), isFinal: true);
        (_progress.Snapshot().Percent, _progress.Snapshot().Left).ShouldBe((100, null));
    }

    [Fact]
    public void A_start_that_is_reported_again_does_not_set_the_clock_back()
    {
        var entry = SampleRun.Entry("Pays");
        _progress.Start(SampleRun.Started(0, entry));
        Pass(3);
        _progress.Start(SampleRun.Started(0, entry));
        _progress.Snapshot().Workers[0].Since.ShouldBe(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void A_test_that_gave_a_result_is_not_called_slow_before_thirty_more_seconds()
    {
        var entry = SampleRun.Entry("Pays");
        _progress.Start(SampleRun.Started(0, entry));
        Pass(20);
        _progress.Finish(SampleRun.Result(entry), isFinal: true);
        Pass(20);
        _progress.NewlySlow().ShouldBeEmpty();
        Pass(10);
        _progress.NewlySlow().ShouldHaveSingleItem().HasResult.ShouldBeTrue();
        _progress.Idle(0);
        Pass(100);
        _progress.NewlySlow().ShouldBeEmpty();
    }

    [Fact]
    public async Task Counts_are_exact_with_many_threads()
    {
        Plan(8000, workers: 8, 0, [], _ => 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(
            () =>
            {
                foreach (var entry in SampleRun.Entries(1000))
                {
                    _progress.Start(SampleRun.Started(worker, entry));
                    _progress.Finish(SampleRun.Result(entry, SampleRun.Attempt(worker % 2 == 0 ? TestOutcome.Passed : TestOutcome.Failed, worker)), isFinal: true);
                }
            },
            TestContext.Current.CancellationToken)));
        var progress = _progress.Snapshot();
        (progress.Done, progress.Failed, progress.Total).ShouldBe((8000, 4000, 8000));
    }

    private void Plan(int tests, int workers, double expectedSeconds, IEnumerable<TestEntry> entries, Func<TestEntry, double> predicted)
    {
        _progress.Plan(tests, workers, TimeSpan.FromSeconds(expectedSeconds));
        foreach (var unit in SampleRun.Catalog(entries).Units)
            _progress.Expect(SampleRun.Unit(unit, predicted));
    }

    private void Pass(double seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private double Left() => _progress.Snapshot().Left!.Value.TotalSeconds;
}
