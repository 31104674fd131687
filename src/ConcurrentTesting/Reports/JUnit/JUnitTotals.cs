namespace ConcurrentTesting.Reports.JUnit;

/// <summary>What the tests of a suite, or of all of them, come to.</summary>
internal sealed class JUnitTotals
{
    /// <summary>To some readers zero means that there is no time.</summary>
    public const double ShortestTime = 0.001;

    public int Tests { get; private set; }

    public int Failures { get; private set; }

    public int Errors { get; private set; }

    public int Skipped { get; private set; }

    /// <summary>The sum of the times that its cases tell.</summary>
    public double Seconds { get; private set; }

    /// <summary>When the first attempt of the first test began.</summary>
    public DateTimeOffset StartedAt { get; private set; } = DateTimeOffset.MaxValue;

    public void Add(TestRecord test)
    {
        Tests++;
        Failures += test.Outcome is TestOutcome.Failed or TestOutcome.TimedOut ? 1 : 0;
        Errors += test.Outcome == TestOutcome.Error ? 1 : 0;
        Skipped += test.Outcome == TestOutcome.Skipped ? 1 : 0;
        Seconds += Math.Round(Math.Max(test.Final.Duration.TotalSeconds, ShortestTime), 3);
        if (test.Attempts[0].StartedAt < StartedAt)
            StartedAt = test.Attempts[0].StartedAt;
    }

    /// <summary>Adds the run itself, as a test that is an error.</summary>
    public void AddRun()
    {
        Tests++;
        Errors++;
        Seconds += ShortestTime;
    }
}
