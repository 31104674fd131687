using System.Collections.Frozen;

namespace ConcurrentTesting.Scheduling;

/// <summary>A unit and how long it is expected to take.</summary>
internal sealed record PlannedUnit(TestUnit Unit, double Seconds, bool FailedLast)
{
    public int CaseCount { get; } = Unit.Entries.Sum(entry => entry.CaseCount);

    public bool IsExclusive { get; } = Unit.Entries.Any(entry => !entry.ExclusiveGroups.IsEmpty);
}

/// <summary>Tests of one assembly for one run of a test host.</summary>
internal sealed record Batch
{
    public required TestAssembly Assembly { get; init; }
    public required ImmutableArray<TestEntry> Entries { get; init; }

    /// <summary>Expected seconds of work in it.</summary>
    public required double Seconds { get; init; }

    /// <summary>One of <see cref="BatchReasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>The worker it came back from and should not go to again; null: any.</summary>
    public int? NotOnWorker { get; init; }

    /// <summary>The test that ran when its host died, which the batch is to try; null: another reason made the batch.</summary>
    public TestEntry? Suspect { get => field ?? (Reason == BatchReasons.Alone ? Entries[0] : null); init; }

    /// <summary>Tests that have their results and run again because others of the batch are not themselves without them.</summary>
    public ImmutableArray<TestEntry> Companions { get; init; } = [];

    /// <summary>The infrastructure failed tests of it, which are tried again, whatever else its reason is.</summary>
    public bool IsRetry { get => field || Reason == BatchReasons.Retry; init; }

    /// <summary>Where its suspect ran, and since when, as its host ended before the test did; null where none did.</summary>
    public (int Worker, DateTimeOffset? Since)? Interrupted { get; init; }

    /// <summary>How often it came back without any progress.</summary>
    public int FruitlessTries { get; init; }

    /// <summary>Which of the times that its tests are to run it is, from 2; null: the first, or the only one.</summary>
    public int? Round { get; init; }

    /// <summary>How long its worker waits before it begins, so that what broke can come back.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>What it must not run beside: batches of the same group, or any other batch
    /// (<see cref="ExclusiveGroup.Everything"/>).</summary>
    public ImmutableArray<string> ExclusiveGroups { get; init; } = [];

    /// <summary>What holds it for this machine among several; null: there is no other.</summary>
    public BatchLease? Lease { get; init; }

    /// <summary>Those of its tests that have failed, on whichever of several machines, and have not passed since.</summary>
    public ImmutableArray<TestEntry> HaveFailed { get; init; } = [];

    public int CaseCount => Entries.Sum(entry => entry.CaseCount);

    /// <summary>Whether nothing of earlier batches may be in its test process.</summary>
    public bool NeedsFreshProcess => FruitlessTries > 0 || (Reason != BatchReasons.Requeue && !BatchReasons.IsFirst(Reason));
}

/// <summary>Which batches each worker starts with and which ones are shared.</summary>
internal sealed record Plan
{
    /// <summary>A list a worker, in the order it takes them.</summary>
    public required ImmutableArray<ImmutableArray<Batch>> Seeds { get; init; }

    /// <summary>The shared rest, longest first.</summary>
    public required ImmutableArray<Batch> Tail { get; init; }

    /// <summary>Expected seconds of work in all.</summary>
    public required double Seconds { get; init; }

    /// <summary>The longest test or what has to stay together, or the work shared evenly, whichever is longer.</summary>
    public required double LowerBoundSeconds { get; init; }

    /// <summary>The longest unit, which runs on one worker whether it has to or not.</summary>
    public double LongestUnitSeconds { get; init; }

    /// <summary>Each worker runs what it begins with and nobody takes it from it: the plan repeats an earlier run.</summary>
    public bool IsFixed { get; init; }

    /// <summary>Share of the tests whose duration was known, 0 to 1.</summary>
    public required double KnownTimings { get; init; }

    /// <summary>Expected seconds by entry.</summary>
    public required IReadOnlyDictionary<TestEntry, double> Predictions { get; init; }

    /// <summary>The entries that are to run several times.</summary>
    public IReadOnlySet<TestEntry> Repeated { get; init; } = FrozenSet<TestEntry>.Empty;

    /// <summary>The shared set-ups that an entry needs; entries that need none are left out.</summary>
    public IReadOnlyDictionary<TestEntry, ImmutableArray<NeededSetUp>> SetUps { get; init; } =
        ImmutableDictionary<TestEntry, ImmutableArray<NeededSetUp>>.Empty;

    /// <summary>The shared set-ups of a catalog's entries.</summary>
    public static IReadOnlyDictionary<TestEntry, ImmutableArray<NeededSetUp>> SetUpsOf(TestCatalog catalog) => catalog.Units
        .Where(unit => !unit.SetUps.IsEmpty)
        .Select(unit => (unit.Entries, SetUps: unit.SetUps.Select(setUp => NeededSetUp.Of(unit.Assembly, setUp)).ToImmutableArray()))
        .SelectMany(unit => unit.Entries.Select(entry => (entry, unit.SetUps)))
        .ToDictionary(pair => pair.entry, pair => pair.SetUps);

    public IEnumerable<Batch> Batches => Seeds.SelectMany(seed => seed).Concat(Tail);

    /// <summary>The wall time that the tests are expected to take.</summary>
    public TimeSpan Expected => TimeSpan.FromSeconds(Math.Max(Math.Max(LowerBoundSeconds, LongestUnitSeconds), Seconds / UsedWorkers));

    /// <summary>Workers that have something to start with.</summary>
    public int UsedWorkers => Math.Max(1, Seeds.Count(seed => seed.Length > 0));
}

/// <summary>A shared set-up as a worker sees it.</summary>
/// <param name="Name">Its assembly and its name.</param>
/// <param name="IsOnceInProcess">No fixture sets it up for each batch.</param>
internal readonly record struct NeededSetUp(string Name, bool IsOnceInProcess)
{
    public static NeededSetUp Of(TestAssembly assembly, SharedSetUp setUp) =>
        new($"{assembly.Key}/{setUp.Name}", setUp is { HasFixture: false, MayHaveFixture: false });
}
