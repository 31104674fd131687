using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>Something that happened in a run, as a line of its journal; docs/run-events.md says what each line means. A run's record is the
/// fold of its events, in their order.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(RunStarted), "run-started")]
[JsonDerivedType(typeof(RunCompared), "compared")]
[JsonDerivedType(typeof(PhaseStarted), "phase-started")]
[JsonDerivedType(typeof(PhaseEnded), "phase-ended")]
[JsonDerivedType(typeof(PartKnown), "part")]
[JsonDerivedType(typeof(AssemblyFound), "assembly")]
[JsonDerivedType(typeof(TestsDiscovered), "discovered")]
[JsonDerivedType(typeof(TestsLeftOut), "left-out")]
[JsonDerivedType(typeof(UnitPlanned), "unit")]
[JsonDerivedType(typeof(RunPlanned), "planned")]
[JsonDerivedType(typeof(DatabasesChanged), "databases")]
[JsonDerivedType(typeof(CloneMade), "clone")]
[JsonDerivedType(typeof(CloneRead), "clone-read")]
[JsonDerivedType(typeof(CloneKept), "clone-kept")]
[JsonDerivedType(typeof(CloneDropped), "clone-dropped")]
[JsonDerivedType(typeof(DatabasesCounted), "databases-counted")]
[JsonDerivedType(typeof(LeaseTaken), "lease")]
[JsonDerivedType(typeof(BatchStarted), "batch-started")]
[JsonDerivedType(typeof(TestStarted), "test-started")]
[JsonDerivedType(typeof(AttemptEnded), "attempt-ended")]
[JsonDerivedType(typeof(FailureSettled), "failure-settled")]
[JsonDerivedType(typeof(RowsSuperseded), "superseded")]
[JsonDerivedType(typeof(BatchMeasured), "measured")]
[JsonDerivedType(typeof(BatchEnded), "batch-ended")]
[JsonDerivedType(typeof(BatchDropped), "batch-dropped")]
[JsonDerivedType(typeof(OutsideFailed), "outside-failure")]
[JsonDerivedType(typeof(PreparationRetried), "retry")]
[JsonDerivedType(typeof(WorkerIdle), "worker-idle")]
[JsonDerivedType(typeof(WorkerEnded), "worker-ended")]
[JsonDerivedType(typeof(IncidentReported), "incident")]
[JsonDerivedType(typeof(CoverageMerged), "coverage")]
[JsonDerivedType(typeof(TestRemembered), "past")]
[JsonDerivedType(typeof(RunEnded), "run-ended")]
internal abstract record RunEvent
{
    /// <summary>The version of the lines that are written; those of a later one are refused.</summary>
    public const int CurrentVersion = 1;

    [JsonPropertyName("v")]
    [JsonPropertyOrder(-2)]
    public int Version { get; init; } = CurrentVersion;

    [JsonPropertyOrder(-1)]
    public required DateTimeOffset At { get; init; }

    /// <summary>Adds it to what is known of the run.</summary>
    internal abstract void ApplyTo(RunFold fold);

    /// <summary>Tells somebody who watches the run.</summary>
    /// <param name="fold">The run with this event.</param>
    internal virtual void TellTo(IRunObserver observer, RunFold fold)
    {
    }
}
