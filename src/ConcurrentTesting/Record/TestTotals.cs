namespace ConcurrentTesting.Record;

/// <summary>What reports count of a run's tests, counted once for all of them.</summary>
/// <param name="Muted">Tests that failed and count as skipped.</param>
/// <param name="Time">What all attempts took, one after another.</param>
internal readonly record struct TestTotals(int Passed, int Skipped, int Errors, int TimedOut, int Flaky, int Muted, TimeSpan Time)
{
    public static TestTotals Of(ImmutableArray<TestRecord> tests)
    {
        var outcomes = new int[Enum.GetValues<TestOutcome>().Length];
        var (flaky, muted, ticks) = (0, 0, 0L);
        foreach (var test in tests)
        {
            outcomes[(int)test.Outcome]++;
            flaky += test.IsFlaky ? 1 : 0;
            muted += test.IsMuted ? 1 : 0;
            foreach (var attempt in test.Attempts)
                ticks += attempt.Duration.Ticks;
        }

        return new TestTotals(
            outcomes[(int)TestOutcome.Passed], outcomes[(int)TestOutcome.Skipped], outcomes[(int)TestOutcome.Error],
            outcomes[(int)TestOutcome.TimedOut], flaky, muted, TimeSpan.FromTicks(ticks));
    }
}
