namespace ConcurrentTesting.Scheduling;

/// <summary>What is known of a test from earlier runs: how long it takes, how it ended, and how often it was flaky.</summary>
/// <param name="Seconds">The moving average of its durations, in seconds.</param>
/// <param name="Samples">How many runs it was made from; at least 1.</param>
/// <param name="LastOutcome">The last outcome by name, for example <c>Passed</c>; null where only a duration was known.</param>
internal sealed record Timing(double Seconds, int Samples, string? LastOutcome)
{
    // A new duration counts for at least this much, so that a test that became slow is known as slow within a few runs.
    private const double Smoothing = 0.3;

    // A test that was mended must not be called flaky for ever.
    private const int StableAfter = 100;

    /// <summary>Runs in which it failed at first and passed in the end; null: none that are not long ago.</summary>
    public int? FlakyRuns { get; init; }

    /// <summary>How many rows it gave in the last run; null where that is known before it runs.</summary>
    public int? Rows { get; init; }

    /// <summary>When it began to run last, to the second; null where that is not known.</summary>
    public DateTimeOffset? LastRun { get; init; }

    /// <summary>Runs since the last of them; null where there were none.</summary>
    public int? RunsSinceFlaky { get; init; }

    /// <summary>The average with one more run in it: the plain mean of the first runs, exponential from then on.</summary>
    public Timing With(double seconds, string outcome, bool isFlaky)
    {
        var weight = Math.Max(Smoothing, 1.0 / (Samples + 1));
        return (this with { Seconds = Seconds + (weight * (seconds - Seconds)), Samples = Samples + 1, LastOutcome = outcome })
            .Remembering(isFlaky);
    }

    public static Timing First(double seconds, string outcome, bool isFlaky) => new Timing(seconds, 1, outcome).Remembering(isFlaky);

    private Timing Remembering(bool isFlaky) =>
        isFlaky ? this with { FlakyRuns = (FlakyRuns ?? 0) + 1, RunsSinceFlaky = 0 }
        : RunsSinceFlaky + 1 >= StableAfter ? this with { FlakyRuns = null, RunsSinceFlaky = null }
        : this with { RunsSinceFlaky = RunsSinceFlaky + 1 };
}
