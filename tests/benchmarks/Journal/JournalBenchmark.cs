using System.Collections.Immutable;
using System.Diagnostics;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Live;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;

namespace ConcurrentTesting.Benchmarks.Journal;

/// <summary>Records a run: each test begins, ends and is measured, in batches of a hundred, with a secret that is looked for in every text.</summary>
internal sealed class JournalBenchmark(int tests) : IDisposable
{
    private const int TestsOfBatch = 100;

    private static readonly TestAssembly Assembly = new("/repo/Shop.Tests/bin/net10.0/Shop.Tests.dll", "net10.0", TestFramework.XUnit2, null);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("journal-benchmark-");

    private readonly ImmutableArray<ImmutableArray<TestEntry>> _batches =
        [.. Enumerable.Range(0, tests).Select(Entry).Chunk(TestsOfBatch).Select(batch => batch.ToImmutableArray())];

    public long BytesPerTest { get; private set; }

    /// <summary>Lets everything be compiled to its end.</summary>
    public void Warm()
    {
        for (var round = 0; round < 3; round++)
        {
            Run(isWritten: false);
            Run(isWritten: true);
            Run(isWritten: false, isWatched: true);
        }
    }

    /// <param name="isWatched">A live page reads along.</param>
    /// <returns>Milliseconds a test.</returns>
    public double Run(bool isWritten, bool isWatched = false)
    {
        var file = Path.Combine(_folder.FullName, ArtifactNames.Journal);
        using var journal = isWritten ? new JournalWriter(Redactor.Of(new ConcurrentTestSettings { ConnectionString = "Host=db;Password=Tr0ub4dor&3" }), TimeProvider.System) : null;
        journal?.Begin(file);
        var feed = isWatched ? new LiveFeed() : null;
        using var reading = feed is null ? null : Read(feed);
        var recorder = new RunRecorder(TimeProvider.System, feed is null ? new Nobody() : feed, Quarantine.None, journal);
        recorder.Add(new RunStarted { At = recorder.Now, Run = "r1", Machine = "build-1", Seed = 7, Settings = new ConcurrentTestSettings { RootDirectory = "/repo", ResultsDirectory = "/repo/results" } });
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var watch = Stopwatch.StartNew();
        for (var batch = 0; batch < _batches.Length; batch++)
            Record(recorder, _batches[batch], batch + 1);
        journal?.Flush();
        var elapsed = watch.Elapsed;
        if (isWritten)
            BytesPerTest = new FileInfo(file).Length / tests;
        return elapsed.TotalMilliseconds / tests;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    // As often as the server does for a browser.
    private static Timer Read(LiveFeed feed)
    {
        var messages = new LiveMessages(feed, TimeProvider.System, new ReportText(new Redactor()));
        var cursor = new LiveCursor();
        return new Timer(
            _ =>
            {
                lock (cursor)
                    _ = messages.Since(cursor).Sum(message => message.Length);
            }, null, 250, 250);
    }

    private static void Record(RunRecorder recorder, ImmutableArray<TestEntry> entries, int batch)
    {
        var measured = ImmutableArray.CreateBuilder<MeasuredTest>(entries.Length);
        foreach (var entry in entries)
        {
            recorder.Add(new TestStarted(0, new TestRef(Assembly, entry.Id), entry.ClassName, entry.MethodName) { At = recorder.Now }, Assembly);
            recorder.Add(entry, entry.MethodName, 0, Attempt(recorder, batch), []);
            measured.Add(Measured(entry, measured.Count));
        }

        recorder.Measure(batch, entries, new BatchFigures(measured.ToImmutable(), OutsideFigures.None, []));
    }

    private static TestAttempt Attempt(RunRecorder recorder, int batch) => new()
    {
        Outcome = TestOutcome.Passed,
        Worker = 0,
        Batch = batch,
        Number = 1,
        Database = "ct_3f9a_w0_1",
        StartedAt = recorder.Now,
        Duration = TimeSpan.FromMilliseconds(10),
    };

    private static MeasuredTest Measured(TestEntry entry, long order) => new()
    {
        Order = order,
        CaseId = entry.Id,
        FullyQualifiedName = "",
        ClassName = "",
        DisplayName = entry.DisplayName,
        IsWholeCase = true,
        Figures = new TestFigures { Operations = 4, Queries = 5, Reads = 3, Writes = 2, QuerySeconds = 0.0123, Connections = 1 },
    };

    private static TestEntry Entry(int number)
    {
        var className = FormattableString.Invariant($"Shop.Orders.Class{number / TestsOfBatch}");
        var method = FormattableString.Invariant($"Order_{number}_is_paid");
        return new TestEntry
        {
            Assembly = Assembly,
            Id = StableGuid.Of($"{className}.{method}"),
            CaseCount = 1,
            Payload = new NoPayload(),
            ClassName = className,
            MethodName = method,
            DisplayName = $"{className}.{method}",
            FullyQualifiedName = $"{className}.{method}",
            HasKnownRows = true,
        };
    }

    private sealed record NoPayload : TestPayload;

    private sealed class Nobody : IRunObserver;
}
