using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Tests.Console;
using Microsoft.Extensions.Time.Testing;

namespace ConcurrentTesting.Tests.Record;

/// <summary>Plays a run of no sense: whatever may happen happens, in any order, and is recorded as a real run would.</summary>
internal sealed class RandomRun
{
    private static readonly string[] Texts = ["passed", "a\nb\r\n\tc", "\"quoted\" <b>&amp;</b> \\", "żółć 漢字 🦊 \u200f\u0001", "", "{\"event\":\"run-started\",\"v\":9}", new('x', 5000)];

    private readonly Random _random;
    private readonly FakeTimeProvider _time = new(SampleRun.Start);
    private readonly ImmutableArray<TestEntry> _entries;
    private readonly ImmutableArray<TestUnit> _units;
    private readonly RunRecorder _recorder;
    private int _batch = 1;

    public RandomRun(int seed, JournalWriter journal, IRunObserver? observer = null)
    {
        _random = new Random(seed);
        _recorder = new RunRecorder(_time, observer ?? new Nobody(), Quarantine.None, journal);
        TestAssembly[] assemblies = [Catalogs.Assembly(), Catalogs.Assembly("Other.Tests"), Catalogs.Assembly() with { Path = "/elsewhere/Shop.Tests.dll", Ordinal = 1 }];
        _units = [.. Enumerable.Range(0, 4).Select(index => Catalogs.Unit(assemblies[index % 3], $"Class{index}", 3) with { Ties = index == 2 ? [new Tie("Ports", "collection")] : [] })];
        _entries = [.. _units.SelectMany(unit => unit.Entries)];
    }

    public RunRecord Play(int steps)
    {
        Begin();
        for (var step = 0; step < steps; step++)
        {
            _time.Advance(TimeSpan.FromTicks(_random.Next(1, 50_000_000)));
            Step();
        }

        var end = new RunEnd(_random.Next(4) == 0 ? ConcurrentTestExitCode.Cancelled : null, Text());
        var at = _recorder.Now;
        _recorder.Add(new RunEnded(end.ExitCode, end.Reason) { At = at });
        var record = _recorder.ToRecord(end, at);
        _recorder.Report("artifact-not-written", "It is of the reports, and no more of the run.");
        return record;
    }

    private void Begin()
    {
        var settings = new ConcurrentTestSettings { Workers = 2, ConnectionString = "Host=db;Password=Pa55-w0rd-of-admin", Template = ["a.sql", "cmd:migrate --password x"], Filter = "Name~x" };
        _recorder.Add(new RunStarted { At = _recorder.Now, Run = "r1", Machine = "build-1", Seed = 7, Settings = RecordedSettings.Of(settings), Overrides = ["remote-server: db"] });
        _recorder.Add(new TestsDiscovered(12, 1) { At = _recorder.Now });
        foreach (var unit in _units)
            _recorder.Add(SampleRun.Unit(unit, _ => _random.NextDouble()), unit.Assembly);
        _recorder.Add(new RunPlanned(12, 2, TimeSpan.FromSeconds(_random.NextDouble()), _random.NextDouble()) { At = _recorder.Now });
    }

    private void Step()
    {
        Action[] steps =
        [
            Attempt, Attempt, Attempt, Attempt, Attempt,
            () => _recorder.Settle(Entry(), _random.Next(3), AnAttempt()),
            () => _recorder.SettleMissing(Entry(), AnAttempt()),
            () => _recorder.Supersede(Entry(), _batch),
            () => _recorder.Supersede(Entry(), _batch),
            () => _recorder.Supersede(Entry(), _batch),
            () => _recorder.SettleFailures(Entry(), _batch),
            Measure,
            EndBatch,
            () => _recorder.Add(new BatchDropped(_batch - 3) { At = _recorder.Now }),
            () => _recorder.Add(Outside(), [Entry()]),
            () => _recorder.Report("session-died", Text(), _random.Next(2) == 0 ? null : 1),
            () => _recorder.CountRetry("session-start", _random.Next(2) == 0),
            () => _recorder.Add(new PhaseStarted("tests") { At = _recorder.Now }),
            () => _recorder.Add(new PhaseEnded("tests", _random.NextDouble()) { At = _recorder.Now }),
            () => _recorder.Add(new TestsLeftOut(_random.Next(3)) { At = _recorder.Now }),
            () => _recorder.Add(new WorkerIdle(1) { At = _recorder.Now }),
            () => _recorder.Add(new LeaseTaken(0, "ct_1", _random.NextDouble()) { At = _recorder.Now, HostSeconds = 0.2, ResetSeconds = _random.Next(2) == 0 ? null : 0.5 }),
            () => _recorder.Add(new WorkerEnded(new WorkerRecord(_random.Next(2), _recorder.Now, Some(), Some(), 2, 3) { Resets = 1, Cloning = Some() }) { At = _recorder.Now }),
            () => _recorder.Add(new DatabasesChanged(Databases()) { At = _recorder.Now }),
            () => _recorder.Add(new CloneMade("ct_1", _random.NextDouble()) { At = _recorder.Now }),
            () => _recorder.Add(new CloneDropped("ct_1", _random.NextDouble()) { At = _recorder.Now }),
            () => _recorder.Add(new CloneRead(new DatabaseStatistics { Database = "ct_1", Sessions = 3 }) { At = _recorder.Now }),
            () => _recorder.Add(new CloneKept(new KeptRecord("ct_2", Text(), "psql …")) { At = _recorder.Now }),
            () => _recorder.Add(new DatabasesCounted("retries", _random.Next(3)) { At = _recorder.Now }),
            () => _recorder.Add(new TestRemembered(Text(), [new PastResult((TestOutcome)_random.Next(5), _random.NextDouble(), _random.Next(2) == 0 ? null : 4, _random.Next(2) == 0)]) { At = _recorder.Now }),
            () => _recorder.Add(new RunCompared(new ComparedRun("r0", 2, 1.5, 2.5, 3, 4, 5, null, [new ComparedTest("a/b", Text(), "Failed", 0.5, 7)])) { At = _recorder.Now }),
            () => _recorder.Add(new CoverageMerged(new CoverageRecord(1, 2, 3, 4) { LostBatches = 1 }) { At = _recorder.Now }),
            () => _recorder.AddExplicit([Entry()]),
            () => _recorder.Add(new PartKnown(new ShardRecord(2, 3, "plan", "discovery") { Pipeline = Text(), Attempt = _random.Next(3), Job = Text() }) { At = _recorder.Now }),
        ];
        steps[_random.Next(steps.Length)]();
    }

    private void Attempt()
    {
        var entry = Entry();
        _recorder.Add(new TestStarted(0, new TestRef(entry.Assembly, entry.Id), entry.ClassName, entry.MethodName) { At = _recorder.Now }, entry.Assembly);
        _recorder.Add(entry, Text(), _random.Next(2), AnAttempt(), [KeyValuePair.Create("Category", Text())], _random.Next(2) == 0);
    }

    private void Measure()
    {
        var entry = Entry();
        var figures = new TestFigures { Queries = 3, QuerySeconds = _random.NextDouble(), Repeated = [new RepeatedQuery(9, "select ?")], Slowest = [new SlowStatement(_random.NextDouble(), "delete ?")] };
        var test = new MeasuredTest { Order = 1, CaseId = entry.Id, FullyQualifiedName = "", ClassName = "", DisplayName = "any", IsWholeCase = true, Figures = figures };
        _recorder.Measure(_batch, [entry], new BatchFigures([test], OutsideFigures.None, []));
    }

    private void EndBatch()
    {
        var assembly = Entry().Assembly;
        _recorder.Add(new BatchStarted(_batch, 0, assembly, "plan", null, 3) { At = _recorder.Now }, assembly);
        var batch = new BatchRecord
        {
            Number = _batch++,
            Worker = 0,
            Assembly = assembly,
            StartedAt = _recorder.Now,
            Duration = Some(),
            Tests = 2,
            Reason = "requeue",
            TrxFile = "/repo/results/worker-0/batch-0001.trx",
            Error = Text(),
            Coverage = _random.Next(2) == 0 ? null : ["/repo/results/a.xml"],
            Figures = new TestFigures { Reads = 4 },
            Opened = [new OpenedDatabase("shop", 2, "Orders.Ships")],
            BesideTests = Some(),
        };
        _recorder.Add(new BatchEnded(batch) { At = _recorder.Now }, assembly);
    }

    private OutsideFailure Outside() => new()
    {
        Kind = OutsideKinds.CleanUp,
        Name = "Class clean-up Orders",
        Assembly = Entry().Assembly,
        Workers = [_random.Next(2)],
        At = _recorder.Now,
        Message = Text(),
        Classes = ["Orders"],
    };

    private DatabaseRecord Databases() => new()
    {
        Engine = "postgresql",
        TemplateHit = true,
        TemplateTime = Some(),
        Clones = ["w0", "w1"],
        CloneTimes = [Some(), Some()],
        Statistics = [new DatabaseStatistics { Database = "ct_1", Sessions = 3 }],
        Kept = [new KeptRecord("ct_2", Text(), "psql …")],
        Overrides = [Text()],
        Counts = ImmutableSortedDictionary<string, long>.Empty.Add("recycles", 2),
    };

    private TestAttempt AnAttempt() => new()
    {
        Outcome = (TestOutcome)_random.Next(5),
        Worker = 0,
        Batch = _batch,
        Number = 1,
        Database = "ct_1",
        StartedAt = _recorder.Now.ToOffset(TimeSpan.FromHours(2)),
        Duration = Some(),
        Message = Text(),
        StandardOutput = _random.Next(2) == 0 ? null : Text(),
        Cause = "rerun",
        Attachments = ["/repo/results/worker-0/a.png"],
    };

    private TestEntry Entry() => _entries[_random.Next(_entries.Length)];

    private string Text() => Texts[_random.Next(Texts.Length)];

    private TimeSpan Some() => TimeSpan.FromTicks(_random.Next());

    private sealed class Nobody : IRunObserver;
}
