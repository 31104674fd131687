using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run;

public sealed class SplitGuardsTests
{
    private static readonly SharedSetUp Ports = new("collection Ports", "Ports") { HasFixture = false, Guard = "has no fixture" };

    private readonly Heard _heard = new();
    private readonly RunRecorder _recorder;

    public SplitGuardsTests() => _recorder = new RunRecorder(TimeProvider.System, _heard, Quarantine.Read(null, DateOnly.MinValue));

    [Fact]
    public void A_guard_that_is_split_is_named_once()
    {
        var (catalog, plan) = Planned(workers: 8, Ports);

        SplitGuards.Report(_recorder, catalog, plan, workers: 8);

        _heard.Incidents.ShouldHaveSingleItem().Message
            .ShouldBe("collection Ports has no fixture and runs on 8 workers; if it guards more than the database: --test-together Ports");
    }

    [Fact]
    public void What_is_whole_or_only_sets_up_needs_no_word()
    {
        var (catalog, plan) = Planned(workers: 8, new SharedSetUp("collection Database", "Database"));
        SplitGuards.Report(_recorder, catalog, plan, workers: 8);

        (catalog, plan) = Planned(workers: 1, Ports);
        SplitGuards.Report(_recorder, catalog, plan, workers: 1);

        _heard.Incidents.ShouldBeEmpty();
    }

    [Fact]
    public void What_is_to_run_several_times_is_not_split_by_that()
    {
        var catalog = Catalogs.Of(Catalogs.Of(1, 1).Units[0] with { SetUps = [Ports] });
        var plan = Repeats.Stressed(Planner.Plan(catalog, TimingStore.Empty, workers: 8, seed: 1, cores: 2), StressGoal.Read("100")!);

        SplitGuards.Report(_recorder, catalog, plan, workers: 8);

        plan.Batches.Count().ShouldBeGreaterThan(1);
        _heard.Incidents.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("System.Net.Sockets.SocketException : Address already in use")]
    [InlineData("System.IO.IOException : The process cannot access the file '/tmp/a' because it is being used by another process.")]
    [InlineData("Only one usage of each socket address (protocol/network address/port) is normally permitted.")]
    public void A_failure_over_something_shared_names_it_again(string message)
    {
        var (catalog, plan) = Planned(workers: 8, Ports);
        Fail(catalog.Entries()[3], message);
        Fail(catalog.Entries()[4], message);

        SplitGuards.ReportSuspects(_recorder, catalog, plan, workers: 8);

        var incident = _heard.Incidents.ShouldHaveSingleItem();
        incident.Kind.ShouldBe("guard-suspected");
        incident.Message.ShouldBe($"{catalog.Entries()[3].ClassName}.Test0 failed with \"{message}\": collection Ports has no fixture and ran on 8 workers; if it guards more than the database: --test-together Ports");
    }

    [Fact]
    public void A_failure_over_nothing_shared_names_nothing()
    {
        var (catalog, plan) = Planned(workers: 8, Ports);
        Fail(catalog.Entries()[3], "Assert.Equal() Failure");

        SplitGuards.ReportSuspects(_recorder, catalog, plan, workers: 8);

        _heard.Incidents.ShouldBeEmpty();
    }

    private static (TestCatalog, Plan) Planned(int workers, SharedSetUp setUp)
    {
        var catalog = Catalogs.Of([.. Catalogs.Of(32, 1).Units.Select(unit => unit with { SetUps = [setUp] })]);
        return (catalog, Planner.Plan(catalog, TimingStore.Empty, workers, seed: 1, cores: 2));
    }

    private void Fail(TestEntry entry, string message) => _recorder.Add(
        entry, entry.MethodName, 0, new TestAttempt { Outcome = TestOutcome.Failed, Worker = 0, Batch = 1, Number = 1, Message = message }, []);

    private sealed class Heard : IRunObserver
    {
        public List<Incident> Incidents { get; } = [];

        public void IncidentHappened(Incident incident) => Incidents.Add(incident);
    }
}
