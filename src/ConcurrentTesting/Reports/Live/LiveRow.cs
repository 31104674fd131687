namespace ConcurrentTesting.Reports.Live;

/// <summary>A result row as far as a run has come.</summary>
/// <param name="Number">Counts the rows of the run in the order in which they came.</param>
/// <param name="IsFinal">False where it will be tried again, or may be.</param>
internal sealed record LiveRow(int Number, TestRecord Test, bool IsFinal)
{
    public bool MayRunAgain => !IsFinal && Test.Final.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped);
}
