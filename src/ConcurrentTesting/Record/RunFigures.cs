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
    // Each report asks for them, and several at the same time.
    private static readonly ConditionalWeakTable<RunRecord, Lazy<RunFigures>> Known = [];

    public static RunFigures Of(RunRecord record) =>
        Known.GetValue(record, asked => new Lazy<RunFigures>(() => Derived(asked))).Value;

    private static RunFigures Derived(RunRecord record)
    {
        var (ticks, measured) = Ran(record);
        var busy = record.StartedWorkers.Select(worker => worker.Busy.TotalSeconds).DefaultIfEmpty().ToList();
        return new RunFigures(
            ticks.Length == 0 ? null : TimeSpan.FromTicks((long)ticks.Average()),
            ticks.Length == 0 ? null : TimeSpan.FromTicks(ticks[(int)Math.Ceiling(ticks.Length * 0.95) - 1]),
            ticks.Length == 0 || record.Wall <= TimeSpan.Zero ? null : record.TestTime / record.Wall,
            busy.Average() > 0 ? busy.Max() / busy.Average() : null,
            TestFigures.Sum(measured));
    }

    // The durations, as ticks, are in their order.
    private static (long[] Ticks, List<TestFigures> Measured) Ran(RunRecord record)
    {
        var ticks = new List<long>(record.Tests.Length);
        var measured = new List<TestFigures>();
        foreach (var test in record.Tests)
        {
            if (test.Outcome is not (TestOutcome.Skipped or TestOutcome.Error))
                ticks.Add(test.Final.Duration.Ticks);
            if (test.Final.Figures is { } figures)
                measured.Add(figures);
        }

        var sorted = ticks.ToArray();
        Array.Sort(sorted);
        return (sorted, measured);
    }
}
