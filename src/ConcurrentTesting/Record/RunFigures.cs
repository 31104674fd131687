using System.Runtime.CompilerServices;

namespace ConcurrentTesting.Record;

/// <summary>Figures that several reports derive from a run; null where there is nothing to derive them from.</summary>
/// <param name="Average">The average duration of the final attempts of tests that ran.</param>
/// <param name="Percentile95">The duration that 95 % of them did not exceed (nearest rank).</param>
/// <param name="Speedup">What the tests' durations add up to, over the wall time.</param>
/// <param name="Imbalance">The busiest worker's time over the workers' average; 1 is even.</param>
/// <param name="Measured">What the final attempts did to the databases, added up.</param>
internal sealed record RunFigures(TimeSpan? Average, TimeSpan? Percentile95, double? Speedup, double? Imbalance, TestFigures Measured)
{
    // Each report asks for them.
    private static readonly ConditionalWeakTable<RunRecord, RunFigures> Known = [];

    public static RunFigures Of(RunRecord record) => Known.GetValue(record, Derived);

    private static RunFigures Derived(RunRecord record)
    {
        var durations = record.Tests
            .Where(test => test.Outcome is not (TestOutcome.Skipped or TestOutcome.Error))
            .Select(test => test.Final.Duration)
            .ToList();
        durations.Sort();
        var busy = record.StartedWorkers.Select(worker => worker.Busy.TotalSeconds).DefaultIfEmpty().ToList();
        return new RunFigures(
            durations.Count == 0 ? null : TimeSpan.FromTicks((long)durations.Average(duration => duration.Ticks)),
            durations.Count == 0 ? null : durations[(int)Math.Ceiling(durations.Count * 0.95) - 1],
            durations.Count == 0 || record.Wall <= TimeSpan.Zero ? null : record.TestTime / record.Wall,
            busy.Average() > 0 ? busy.Max() / busy.Average() : null,
            TestFigures.Sum(record.Tests.Select(test => test.Final.Figures).OfType<TestFigures>()));
    }
}
