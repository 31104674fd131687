using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>The first line of every journal.</summary>
internal sealed record RunStarted : RunEvent
{
    public required string Run { get; init; }
    public required string Machine { get; init; }
    public required int Seed { get; init; }

    /// <summary>The settings without secrets; see <see cref="RecordedSettings"/>.</summary>
    public required ConcurrentTestSettings Settings { get; init; }

    /// <summary>One line for each guard of the run itself that an override kept quiet.</summary>
    public ImmutableArray<string> Overrides { get; init; } = [];

    internal override void ApplyTo(RunFold fold) => fold.Start(this);
}

internal sealed record PhaseStarted([property: JsonConverter(typeof(OwnWord))] string Phase) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Open(this);

    internal override void TellTo(IRunObserver observer, RunFold fold) => observer.PhaseStarted(Phase);
}

internal sealed record PhaseEnded([property: JsonConverter(typeof(OwnWord))] string Phase, double Seconds) : RunEvent
{
    [JsonIgnore]
    public PhaseSpan Span => new(Phase, At - TimeSpan.FromSeconds(Seconds), TimeSpan.FromSeconds(Seconds));

    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}

/// <summary>Says what an assembly is that later lines name by its key.</summary>
/// <param name="Key">Name and framework, with a number where several have the same.</param>
internal sealed record AssemblyFound(
    string Key, string Path, string TargetFramework, TestFramework Framework, string? ProjectFile) : RunEvent
{
    public static AssemblyFound Of(string key, TestAssembly assembly, DateTimeOffset at) =>
        new(key, assembly.Path, assembly.TargetFramework, assembly.Framework, assembly.ProjectFile) { At = at };

    public TestAssembly ToAssembly() => new TestAssembly(Path, TargetFramework, Framework, ProjectFile).WithKey(Key);

    internal override void ApplyTo(RunFold fold)
    {
    }
}

/// <summary>Which part of all tests the run is; a later line knows more than the one before.</summary>
internal sealed record PartKnown(ShardRecord Shard) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}

/// <param name="Cases">Discovered and asked for.</param>
/// <param name="Explicit">Explicit tests that nobody asked for.</param>
internal sealed record TestsDiscovered(int Cases, int Explicit) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}

/// <summary>This many of the discovered cases do not fit into the time that was given, and are not asked for.</summary>
internal sealed record TestsLeftOut(int Cases) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}

/// <summary>A test as the plan knows it.</summary>
internal sealed record PlannedTest
{
    public required Guid Case { get; init; }
    public required string ClassName { get; init; }
    public required string MethodName { get; init; }

    /// <summary>Method and row, as people read it.</summary>
    public required string Name { get; init; }

    /// <summary>The results that it gives at least.</summary>
    public required int Cases { get; init; }

    /// <summary>Each of its cases gives one result. Otherwise how many it gives is only known when it has run to its end.</summary>
    public bool HasKnownRows { get; init; } = true;

    /// <summary>What it is expected to take.</summary>
    public required double Seconds { get; init; }

    /// <summary>It must not run beside some others, or any other.</summary>
    public bool IsExclusive { get; init; }

    public string? SourceFile { get; init; }
    public int? Line { get; init; }

    /// <summary>How often it was flaky in earlier runs; null where it was not.</summary>
    public KnownFlaky? KnownFlaky { get; init; }

    [JsonIgnore]
    public string FullName => TestNames.Full(ClassName, Name);
}

/// <summary>The run that this one is held against.</summary>
internal sealed record RunCompared(ComparedRun Compared) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}

/// <summary>How a test ended in earlier runs, the oldest first.</summary>
/// <param name="Test">Its id.</param>
internal sealed record TestRemembered(string Test, ImmutableArray<PastResult> Results) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}

/// <summary>What runs on one worker as a whole.</summary>
internal sealed record UnitPlanned : RunEvent
{
    public required string Name { get; init; }
    public required TestAssembly Assembly { get; init; }

    /// <summary>What keeps its tests together, whatever the granularity; null for a class that nothing holds.</summary>
    public string? Tie { get; init; }

    /// <summary>Why the tests of its class have to run in one process; null: nothing is known that keeps them together.</summary>
    public string? OneProcess { get; init; }

    public required ImmutableArray<PlannedTest> Tests { get; init; }

    internal override void ApplyTo(RunFold fold) => fold.Add(this);

    internal override void TellTo(IRunObserver observer, RunFold fold) => observer.UnitPlanned(this);
}

/// <summary>The plan is made; its units are the lines before.</summary>
/// <param name="KnownTimings">Share of the tests whose duration was known, 0 to 1.</param>
internal sealed record RunPlanned(int Cases, int Workers, TimeSpan Expected, double KnownTimings) : RunEvent
{
    /// <summary>It is no plan of tests that are run for their results, which those who watch would wait for.</summary>
    [JsonIgnore]
    public bool IsQuiet { get; init; }

    internal override void ApplyTo(RunFold fold) => fold.Add(this);

    internal override void TellTo(IRunObserver observer, RunFold fold)
    {
        if (!IsQuiet)
            observer.Planned(Cases, Workers, Expected);
    }
}

internal sealed record CoverageMerged(CoverageRecord Coverage) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}

internal sealed record IncidentReported([property: JsonConverter(typeof(OwnWord))] string Kind, string Message, int? Worker) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(ToIncident());

    internal override void TellTo(IRunObserver observer, RunFold fold) => observer.IncidentHappened(ToIncident());

    private Incident ToIncident() => new(At, Kind, Message, Worker);
}

/// <summary>The work is over, and everything that the reports tell is known; what follows is of the reports themselves.</summary>
/// <param name="ExitCode">Null where the tests decide.</param>
internal sealed record RunEnded(ConcurrentTestExitCode? ExitCode, string Reason) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.End(this);
}
