using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>A worker has databases and a test host and may begin.</summary>
/// <param name="Database">Null where the run has none.</param>
/// <param name="Seconds">What it waited for them since it was given its batch.</param>
internal sealed record LeaseTaken(int Worker, string? Database, double Seconds) : RunEvent
{
    // A shorter piece of work is not worth a place in a timeline.
    private const double Shortest = 0.001;

    /// <summary>The last part of <see cref="Seconds"/>, which the test host took; null where the journal does not tell it.</summary>
    public double? HostSeconds { get; init; }

    /// <summary>The seconds before <see cref="Seconds"/> that exchanging the databases for fresh ones took; null where the journal does not
    /// tell it.</summary>
    public double? ResetSeconds { get; init; }

    /// <summary>What the worker did until then.</summary>
    [JsonIgnore]
    public IEnumerable<WorkSpan> Spans
    {
        get
        {
            var (host, reset) = (HostSeconds ?? 0, ResetSeconds ?? 0);
            WorkSpan[] spans =
            [
                Span(WorkKinds.Resets, Seconds, reset), Span(WorkKinds.Clones, host, Seconds - host),
                Span(WorkKinds.HostStarts, 0, host),
            ];
            return spans.Where(span => span.Duration.TotalSeconds >= Shortest);
        }
    }

    internal override void ApplyTo(RunFold fold) => fold.Add(this);

    private WorkSpan Span(string kind, double before, double seconds) =>
        new(Worker, kind, At - TimeSpan.FromSeconds(before + Math.Max(0, seconds)), TimeSpan.FromSeconds(Math.Max(0, seconds)));
}

/// <param name="Number">Counts over the whole run.</param>
/// <param name="Cases">Asked for.</param>
internal sealed record BatchStarted(
    int Number, int Worker, TestAssembly Assembly, [property: JsonConverter(typeof(OwnWord))] string Reason, string? Database,
    int Cases) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Open(this);
}

internal sealed record TestStarted(int Worker, TestRef Test, string ClassName, string Name) : RunEvent
{
    [JsonIgnore]
    public string FullName => TestNames.Full(ClassName, Name);

    internal override void ApplyTo(RunFold fold) => fold.Open(this);

    internal override void TellTo(IRunObserver observer, RunFold fold) => observer.TestStarted(this);
}

/// <summary>A result arrived, or was decided where no host gave it.</summary>
internal sealed record AttemptEnded : RunEvent
{
    public required TestRef Test { get; init; }

    /// <summary>Counts the rows that the test ever had, from 0; the same row has the same in every attempt.</summary>
    public required int Row { get; init; }

    /// <summary>Counts rows of the same name within the test, from 0.</summary>
    public required int Occurrence { get; init; }

    public required string ClassName { get; init; }
    public required string MethodName { get; init; }
    public required string Name { get; init; }

    /// <summary>What the adapter calls a test that gave no result; null where that follows from the names above.</summary>
    public string? AdapterName { get; init; }

    public ImmutableArray<KeyValuePair<string, string>> Traits { get; init; } = [];
    public string? SourceFile { get; init; }
    public int? Line { get; init; }

    /// <summary>Why and until when a failure of it is muted; null where it is not.</summary>
    public string? Quarantine { get; init; }

    public required TestAttempt Attempt { get; init; }

    /// <summary>False where the test will be tried again, or may be.</summary>
    public bool IsFinal { get; init; } = true;

    /// <summary>It stands for a test that did not run, which those who watch are told in the end, not one by one.</summary>
    [JsonIgnore]
    public bool IsQuiet { get; init; }

    internal override void ApplyTo(RunFold fold) => fold.Add(this);

    internal override void TellTo(IRunObserver observer, RunFold fold)
    {
        if (!IsQuiet && IsNews(fold.RowOf(Test, Row)))
            observer.TestFinished(fold.RowOf(Test, Row).ToRecord(), IsFinal);
    }

    private bool IsNews(RowFold row) => Attempt.Round is null || (IsFinal && row.TakeNews(Attempt));
}

/// <summary>A failure that might have been tried again is its row's last word.</summary>
internal sealed record FailureSettled(TestRef Test, int Row) : RunEvent
{
    internal override void ApplyTo(RunFold fold)
    {
    }

    internal override void TellTo(IRunObserver observer, RunFold fold)
    {
        if (fold.RowOf(Test, Row) is var row && row.TakeNews(row.Final))
            observer.TestFinished(row.ToRecord(), isFinal: true);
    }
}

/// <summary>The run of a test in this batch counts: earlier rows that it did not give again become earlier attempts of the rows that it
/// gave.</summary>
internal sealed record RowsSuperseded(TestRef Test, int Batch) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Supersede(this);
}

/// <param name="Row">The row of <paramref name="Test"/> whose attempt in the batch was measured.</param>
internal sealed record MeasuredRow(TestRef Test, int Row, TestFigures Figures);

/// <summary>What the tests of a batch did to the databases, and their memory.</summary>
internal sealed record BatchMeasured(int Batch, ImmutableArray<MeasuredRow> Rows) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}

/// <summary>Another machine has the batch: what this one had of it does not count.</summary>
internal sealed record BatchDropped(int Batch) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Drop(this);
}

internal sealed record BatchEnded(BatchRecord Batch) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}

/// <param name="LeftOpen">
/// The tests that it left without all their results; where one of them fails in the end, that failure speaks for it.
/// </param>
internal sealed record OutsideFailed(OutsideFailure Failure, ImmutableArray<TestRef> LeftOpen) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}

/// <summary>What failed before a batch could run was tried once more.</summary>
internal sealed record PreparationRetried([property: JsonConverter(typeof(OwnWord))] string Cause, bool Succeeded) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}

internal sealed record WorkerIdle(int Worker) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Rest(Worker);

    internal override void TellTo(IRunObserver observer, RunFold fold) => observer.WorkerIdle(Worker);
}

internal sealed record WorkerEnded(WorkerRecord Worker) : RunEvent
{
    internal override void ApplyTo(RunFold fold) => fold.Add(this);
}
