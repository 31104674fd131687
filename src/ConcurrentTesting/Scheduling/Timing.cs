namespace ConcurrentTesting.Scheduling;

/// <summary>What is known of a test's duration.</summary>
/// <param name="Seconds">The moving average of its durations, in seconds.</param>
/// <param name="Samples">How many runs it was made from; at least 1.</param>
/// <param name="LastOutcome">The last outcome by name, for example <c>Passed</c>; null where only a duration was known.</param>
internal sealed record Timing(double Seconds, int Samples, string? LastOutcome)
{
    // A new duration counts for at least this much, so that a test that became slow is known as slow within a few runs.
    private const double Smoothing = 0.3;

    /// <summary>The average with one more run in it: the plain mean of the first runs, exponential from then on.</summary>
    public Timing With(double seconds, string outcome)
    {
        var weight = Math.Max(Smoothing, 1.0 / (Samples + 1));
        return new Timing(Seconds + (weight * (seconds - Seconds)), Samples + 1, outcome);
    }

    public static Timing First(double seconds, string outcome) => new(seconds, 1, outcome);
}
