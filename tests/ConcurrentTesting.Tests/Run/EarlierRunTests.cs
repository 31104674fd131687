using System.Collections.Concurrent;
using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run;

public sealed class EarlierRunTests : IDisposable, IRunObserver
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<Incident> _incidents = [];
    private readonly TestEntry _kept = Catalogs.Entry(RecordedRun.Assembly(), "Shop.Tests.BasketTests", "Kept");

    public void Dispose() => _folder.Dispose();

    void IRunObserver.IncidentHappened(Incident incident) => _incidents.Enqueue(incident);

    [Fact]
    public void The_plan_is_for_the_workers_that_the_run_has()
    {
        var earlier = EarlierRun.Read(Settings).For(Settings with { Workers = 7 });

        earlier.Plan(Catalogs.Of(3, 3), TimingStore.Empty, seed: 1, _ => true).Seeds.Length.ShouldBe(7);
    }

    [Fact]
    public void A_replay_tells_which_tests_it_leaves_out_because_they_are_not_there_any_more()
    {
        var tests = Enumerable.Range(0, 12).Select(number => RecordedRun.Test($"Gone{number}")).Append(RecordedRun.Test("Kept") with { CaseId = _kept.Id });
        var file = Write(RecordedRun.Of(_folder.Path, tests, RecordedRun.Batch(0)));

        Select(Settings with { ReplayFile = file }).ShouldBe([_kept]);

        var incident = _incidents.ShouldHaveSingleItem();
        incident.Kind.ShouldBe(IncidentKinds.TestsGone);
        incident.Message.ShouldStartWith($"12 tests that ran in {file} were not discovered this time (renamed, removed or filtered out) and do not run: Shop.Tests.BasketTests.Gone0, ");
        incident.Message.ShouldEndWith(" and 2 more");
    }

    [Fact]
    public void What_failed_last_and_is_not_there_any_more_is_told()
    {
        var failed = RecordedRun.Attempt(TestOutcome.Failed);
        Write(RecordedRun.Of(_folder.Path, [RecordedRun.Test("Gone", failed), RecordedRun.Test("Kept", failed) with { CaseId = _kept.Id }]));

        Select(Settings with { OnlyFailed = true }).ShouldBe([_kept]);

        _incidents.ShouldHaveSingleItem().Message.ShouldBe("1 test that failed in the last run was not discovered this time (renamed, removed or filtered out) and does not run: Shop.Tests.BasketTests.Gone");
    }

    [Fact]
    public void An_error_of_discovery_failed_the_whole_assembly()
    {
        var record = RecordedRun.Of(_folder.Path, [RecordedRun.Test("Kept") with { CaseId = _kept.Id }]) with
        {
            Outside = [new OutsideFailure { Kind = OutsideKinds.Error, Name = "Error", Assembly = _kept.Assembly, Workers = [], At = RecordedRun.Start, Message = "wrong signature" }],
        };
        Write(record);

        Select(Settings with { OnlyFailed = true }).ShouldBe([_kept]);
    }

    private ConcurrentTestSettings Settings => new()
    {
        WorkingDirectory = _folder.Path,
        RootDirectory = _folder.Path,
        TemporaryDirectory = Path.Combine(_folder.Path, "temp"),
        ResultsDirectory = _folder.Path,
    };

    private ImmutableArray<TestEntry> Select(ConcurrentTestSettings settings) =>
        EarlierRun.Read(settings).Select(Catalogs.Of(new TestUnit(_kept.ClassName, _kept.Assembly, [_kept])), new RunRecorder(TimeProvider.System, this, Quarantine.None)).Entries();

    private string Write(RunRecord record)
    {
        var file = Path.Combine(_folder.Path, ArtifactNames.Run);
        using var json = File.Create(file);
        RecordedRun.WriteJson(record, json, new Redactor());
        return file;
    }
}
