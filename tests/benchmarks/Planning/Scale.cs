using System.Collections.Immutable;
using System.Diagnostics;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports;
using ConcurrentTesting.Run;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Settings;

namespace ConcurrentTesting.Benchmarks.Planning;

/// <summary>All that the engine itself does with many tests: plan, queue, accounting, journal, and every report.</summary>
internal sealed class Scale(int tests, int workers) : IDisposable
{
    private const int TestsOfClass = 25;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("scale-benchmark-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <returns>Seconds of planning, of accounting and recording, and of the reports.</returns>
    public async Task<(double Plan, double Accounting, double Reports)> RunAsync()
    {
        var catalog = Catalog();
        var watch = Stopwatch.StartNew();
        var plan = Planner.Plan(catalog, TimingStore.Empty, workers, seed: 1, cores: workers, HostStarts.DirectAndWarm);
        var planned = watch.Elapsed.TotalSeconds;

        watch.Restart();
        var settings = new ConcurrentTestSettings { RootDirectory = _folder.FullName, ResultsDirectory = Path.Combine(_folder.FullName, "results"), Workers = workers };
        var record = await RecordAsync(catalog, plan, settings);
        var recorded = watch.Elapsed.TotalSeconds;

        watch.Restart();
        var incidents = await RunArtifacts.WriteAsync(record, RecordedValue.All(record.Settings, new Redactor()), new Redactor(), default);
        return incidents.IsEmpty && record.Tests.Length == tests
            ? (planned, recorded, watch.Elapsed.TotalSeconds)
            : throw new InvalidOperationException($"{record.Tests.Length} results; {string.Join("; ", incidents.Select(incident => incident.Message))}");
    }

    private async Task<RunRecord> RecordAsync(TestCatalog catalog, Plan plan, ConcurrentTestSettings settings)
    {
        Directory.CreateDirectory(settings.ResultsDirectory);
        using var journal = new JournalWriter(Redactor.Of(settings), TimeProvider.System);
        journal.Begin(Path.Combine(settings.ResultsDirectory, ArtifactNames.Journal));
        var recorder = new RunRecorder(TimeProvider.System, new Nobody(), Quarantine.None, journal);
        recorder.Add(new RunStarted { At = recorder.Now, Run = "scale", Machine = "here", Seed = 1, Settings = RecordedSettings.Of(settings), Overrides = [] });
        recorder.Add(new TestsDiscovered(catalog.CaseCount, 0) { At = recorder.Now });
        foreach (var unit in catalog.Units)
            recorder.Add(PlannedUnits.Of(unit, plan.Predictions, TimingStore.Empty, recorder.Now), unit.Assembly);
        var (queue, accounting, number) = (new BatchQueue(plan, worthStealing: 1), new Accounting(plan.Predictions, 0, 0), 0);
        while (await queue.TakeAsync(number % workers, default) is { } batch)
            queue.Complete(batch, accounting.Judge(Run(recorder, batch, ++number)).Again);
        recorder.Add(new PhaseEnded("tests", 1) { At = recorder.Now });
        recorder.Add(new RunEnded(null, "") { At = recorder.Now });
        return recorder.ToRecord(RunEnd.TestsDecide);
    }

    private BatchEnd Run(RunRecorder recorder, Batch batch, int number)
    {
        var (worker, began) = (number % workers, recorder.Now);
        foreach (var entry in batch.Entries)
        {
            recorder.Add(new TestStarted(worker, new TestRef(entry.Assembly, entry.Id), entry.ClassName, entry.MethodName) { At = recorder.Now }, entry.Assembly);
            recorder.Add(entry, entry.MethodName, 0, Attempt(recorder, worker, number), []);
        }

        recorder.Add(
            new BatchEnded(new BatchRecord { Number = number, Worker = worker, Assembly = batch.Assembly, StartedAt = began, Duration = recorder.Now - began, Tests = batch.Entries.Length, Reason = batch.Reason })
            { At = recorder.Now },
            batch.Assembly);
        return new BatchEnd
        {
            Batch = batch,
            Worker = worker,
            Rows = batch.Entries.ToDictionary(entry => entry, _ => 1),
            Failed = ImmutableHashSet<TestEntry>.Empty,
            Active = ImmutableHashSet<TestEntry>.Empty,
            TimedOut = ImmutableHashSet<TestEntry>.Empty,
            Fault = null,
        };
    }

    private static TestAttempt Attempt(RunRecorder recorder, int worker, int batch) => new()
    {
        Outcome = TestOutcome.Passed,
        Worker = worker,
        Batch = batch,
        Number = 1,
        StartedAt = recorder.Now,
        Duration = TimeSpan.FromMilliseconds(10),
    };

    private TestCatalog Catalog()
    {
        var assembly = new TestAssembly("/repo/Shop.Tests/bin/net10.0/Shop.Tests.dll", "net10.0", TestFramework.XUnit2, null);
        return new TestCatalog(
            [assembly],
            [
                .. Enumerable.Range(0, tests / TestsOfClass).Select(number => FormattableString.Invariant($"Shop.Orders.Class{number}")).Select(
                    name => new TestUnit(name, assembly, [.. Enumerable.Range(0, TestsOfClass).Select(test => SimulatedSuite.Entry(assembly, name, test))])),
            ],
            []);
    }

    private sealed class Nobody : IRunObserver;
}
