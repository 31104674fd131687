using System.Collections.Immutable;
using System.Security;
using System.Text.Json;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run;
using ConcurrentTesting.Run.Merging;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Tests.Run.Merging;

/// <summary>One try of a part.</summary>
internal sealed record WrittenTry(int Part)
{
    public string? Run { get; init; }

    /// <summary>When it began.</summary>
    public int Minutes { get; init; }

    public long? Attempt { get; init; }

    /// <summary>The test that fails, by its name.</summary>
    public string? Failing { get; init; }

    /// <summary>How it ended; null: as its tests did.</summary>
    public ConcurrentTestExitCode? ExitCode { get; init; }

    /// <summary>Its process was ended from outside after so many events.</summary>
    public int? KilledAfter { get; init; }

    public string? Pipeline { get; init; } = "77";

    public string? Job { get; init; } = "part";

    public string? Platform { get; init; } = "Linux X64";

    public string? Commit { get; init; } = "c0ffee";

    /// <summary>What it has to share with the others.</summary>
    public ImmutableSortedDictionary<string, string>? Settings { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty.Add("--test-configuration", "Debug");

    /// <summary>What else became of what it tells, before it was sealed.</summary>
    public Func<List<RunEvent>, IEnumerable<RunEvent>> With { get; init; } = events => events;
}

/// <summary>Writes the results folders of a run's parts as machines would, without running anything.</summary>
internal sealed class WrittenParts : IDisposable
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);
    private static readonly TestAssembly Assembly = Catalogs.Assembly();
    private readonly bool _isRich;
    private readonly string _root = Directory.CreateTempSubdirectory("parts-").FullName;

    /// <param name="id">Null: the parts are by hash.</param>
    /// <param name="isRich">With explicit tests, rows that only running shows, and results of the test hosts' own.</param>
    public WrittenParts(int parts = 3, int classes = 9, string? id = "0123456789", bool isRich = false, params string[] names)
    {
        _isRich = isRich;
        var catalog = CatalogOf(classes, names);
        if (isRich)
            catalog = catalog with { Explicit = [.. Enumerable.Range(0, classes).Select(index => Catalogs.Entry(Assembly, $"Shop.Class{index}", "OnRequest"))] };
        var settings = new ConcurrentTestSettings { Database = DatabaseEngine.Sqlite, ShardCount = parts };
        Plan = id is null
            ? ShardPlanner.ByHash(catalog, settings, parts)
            : ShardPlanner.ByTimings(catalog, settings, TimingStore.Empty, id);
    }

    public ShardPlan Plan { get; }

    public string Parts => Path.Combine(_root, "parts");

    public string Results => Path.Combine(_root, "merged");

    public ConcurrentTestSettings Settings(params IEnumerable<string> folders) => new()
    {
        MergeFolders = [.. folders],
        ResultsDirectory = Results,
        TimingsFile = Path.Combine(_root, "next", "timings.json"),
        RootDirectory = _root,
        WorkingDirectory = _root,
    };

    public ImmutableArray<string> WriteAll() => [.. Plan.Parts.Select(part => Write(new WrittenTry(part.Part)))];

    /// <summary>The folder of the results.</summary>
    public string Write(WrittenTry what)
    {
        var run = what.Run ?? $"run-{what.Part}";
        var path = Directory.CreateDirectory(Path.Combine(Parts, $"part-{what.Part}-{run}")).FullName;
        Directory.CreateDirectory(Path.Combine(path, "worker-1"));
        File.WriteAllText(Path.Combine(path, "worker-1", "note.txt"), $"of part {what.Part}");
        if (_isRich)
            File.WriteAllText(Path.Combine(path, "worker-1", "batch-0001.trx"), TrxOf(Plan.Parts[what.Part - 1], what.Failing));
        var shard = new ShardRecord(what.Part, Plan.Parts.Length, ShardPlanFile.HashOf(Plan), Plan.Discovery)
        {
            Pipeline = what.Pipeline,
            Attempt = what.Attempt,
            Job = what.Job,
            Platform = what.Platform,
            Commit = what.Commit,
        };
        var events = what.With([.. EventsOf(what, run, path, shard)]).Take(what.KilledAfter ?? int.MaxValue).ToList();
        Write(Path.Combine(path, ArtifactNames.Journal), events);
        if (what.KilledAfter is not null)
            return path;
        File.WriteAllBytes(Path.Combine(path, ArtifactNames.Plan), ShardPlanFile.Write(Plan));
        File.WriteAllText(Path.Combine(path, ArtifactNames.Timings), TimingsOf(Plan.Parts[what.Part - 1]));
        var record = RunFold.RecordOf(events);
        Seal(path, record with { Shard = shard, ExitCode = what.ExitCode ?? record.ExitCode }, what.Settings);
        return path;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static void Write(string file, List<RunEvent> events)
    {
        using var journal = new JournalWriter(new Redactor(), TimeProvider.System);
        journal.Begin(file);
        events.ForEach(journal.Append);
    }

    private static void Seal(string path, RunRecord record, ImmutableSortedDictionary<string, string>? settings)
    {
        var files = Directory.GetFiles(path, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(path, file)).Where(PartSeal.IsInput)
            .ToImmutableSortedDictionary(name => name, name => ArtifactList.HashOf(Path.Combine(path, name)), StringComparer.Ordinal);
        File.WriteAllBytes(Path.Combine(path, ArtifactNames.Part), PartSeal.Of(record, settings)!.Close(files));
    }

    private IEnumerable<RunEvent> EventsOf(WrittenTry what, string run, string folder, ShardRecord shard)
    {
        var at = Begin.AddMinutes(what.Minutes);
        var settings = new ConcurrentTestSettings
        {
            Workers = 2,
            ResultsDirectory = folder,
            RootDirectory = _root,
            WorkingDirectory = _root,
            RepeatedArguments = $" --test-projects src/Shop --test-results-directory parts/{what.Part}",
        };
        yield return new RunStarted { At = at, Run = run, Machine = $"machine-{what.Part}", Seed = what.Part, Settings = settings };
        yield return new PartKnown(shard) { At = at };
        yield return AssemblyFound.Of(Assembly.Source, Assembly, at);
        var classes = Plan.Parts[what.Part - 1].Classes;
        yield return new TestsDiscovered(classes.Sum(type => type.Tests.Length), classes.Sum(type => type.Explicit.Length)) { At = at };
        foreach (var type in classes)
            yield return new UnitPlanned { At = at, Name = type.Class, Assembly = Assembly, Tests = [.. type.Tests.Distinct().Select(name => Planned(type, name))] };
        yield return new RunPlanned(classes.Sum(type => type.Tests.Length), 2, TimeSpan.FromSeconds(1), 1) { At = at };
        yield return new BatchStarted(1, 1, Assembly, "plan", null, 1) { At = at };
        foreach (var (type, name) in classes.SelectMany(type => type.Tests.Select(name => (type, name))))
        {
            yield return Ended(type, name, at, what.Failing);
            if (HasRows(name))
                yield return Ended(type, name, at, what.Failing) with { Row = 1, Occurrence = 1 };
        }

        yield return new BatchEnded(new BatchRecord { Number = 1, Worker = 1, Assembly = Assembly, StartedAt = at, Duration = TimeSpan.FromSeconds(2), Tests = 1, Reason = "plan", TrxFile = _isRich ? Path.Combine(folder, "worker-1", "batch-0001.trx") : null }) { At = at };
        foreach (var (type, name) in classes.SelectMany(type => type.Explicit.Select(name => (type, name))))
            yield return OnRequest(Ended(type, name, at, failing: null));
        yield return new WorkerEnded(new WorkerRecord(1, at, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1), 1, 1)) { At = at };
        yield return new PhaseEnded("tests", 2) { At = at };
        yield return new RunEnded(null, "") { At = at.AddSeconds(3) };
    }

    private bool HasRows(string name) => _isRich && name == "Test1";

    private static AttemptEnded OnRequest(AttemptEnded ended) =>
        ended with { Attempt = ended.Attempt with { Outcome = TestOutcome.Skipped, Worker = -1, Batch = 0, Duration = TimeSpan.Zero } };

    private PlannedTest Planned(ShardClass type, string name) => new()
    {
        Case = CaseOf(type.Class, name),
        ClassName = type.Class,
        MethodName = name,
        Name = name,
        Cases = type.Tests.Count(other => other == name),
        HasKnownRows = !HasRows(name),
        Seconds = 1,
    };

    private static AttemptEnded Ended(ShardClass type, string name, DateTimeOffset at, string? failing) => new()
    {
        At = at,
        Test = new TestRef(Assembly, CaseOf(type.Class, name)),
        Row = 0,
        Occurrence = 0,
        ClassName = type.Class,
        MethodName = name,
        Name = name,
        Attempt = new TestAttempt
        {
            Outcome = $"{type.Class}.{name}" == failing ? TestOutcome.Failed : TestOutcome.Passed,
            Worker = 1,
            Batch = 1,
            Number = 1,
            StartedAt = at,
            Duration = TimeSpan.FromSeconds(0.5),
        },
    };

    private string TrxOf(ShardPart part, string? failing)
    {
        var rows = part.Classes.SelectMany(type => type.Tests.SelectMany(name => Enumerable.Range(0, HasRows(name) ? 2 : 1).Select(row => (type.Class, Name: name, Row: row))))
            .Select(test => $"""
                <UnitTestResult executionId="{StableGuid.Of($"{test}")}" testId="{CaseOf(test.Class, test.Name)}" testName="{SecurityElement.Escape($"{test.Class}.{test.Name}")}" duration="00:00:00.5000000" outcome="{($"{test.Class}.{test.Name}" == failing ? "Failed" : "Passed")}"><Output><StdOut>said {test.Name}</StdOut></Output></UnitTestResult>
                """);
        return $"""
            <?xml version="1.0" encoding="utf-8"?>
            <TestRun id="{Guid.Empty}" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
              <TestSettings name="default" id="{Guid.Empty}"><Deployment runDeploymentRoot="root" /></TestSettings>
              <Results>{string.Concat(rows)}</Results>
              <ResultSummary outcome="Completed"><Counters total="0" /></ResultSummary>
            </TestRun>
            """;
    }

    private static Guid CaseOf(string type, string name) => StableGuid.Of($"{type}.{name}");

    // Each part remembers another suite too.
    private static string TimingsOf(ShardPart part) =>
        $"{{\"version\":1,\"tests\":{{{string.Join(',', part.All.Append(new ShardTest(Assembly.Source, "Stale", "Old", false)).Append(new ShardTest("Other (net10.0)", "Other", "Pays", false)).Select(test => $"{JsonSerializer.Serialize(test.ToString())}:{{\"seconds\":{part.Part},\"samples\":2}}"))}}},\"assemblies\":{{{JsonSerializer.Serialize(Assembly.Source)}:{{\"content\":\"built\",\"changedAt\":\"2026-11-28T12:00:00+00:00\"}}}}}}";

    private static TestCatalog CatalogOf(int classes, string[] names) => Catalogs.Of(
    [
        .. Enumerable.Range(0, classes).Select(index => Catalogs.Unit(Assembly, $"Shop.Class{index}", 2 + (index % 3))),
        .. names.Select((name, index) => new TestUnit($"Shop.Named{index}", Assembly, [Catalogs.Entry(Assembly, $"Shop.Named{index}", name)])),
    ]);
}
