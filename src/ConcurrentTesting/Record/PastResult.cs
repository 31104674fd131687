namespace ConcurrentTesting.Record;

/// <summary>How a test ended in an earlier run.</summary>
/// <param name="Queries">Null where nothing was measured.</param>
internal readonly record struct PastResult(TestOutcome Outcome, double Seconds, long? Queries, bool IsFlaky)
{
    public bool IsFailure => Outcome is not (TestOutcome.Passed or TestOutcome.Skipped);
}
