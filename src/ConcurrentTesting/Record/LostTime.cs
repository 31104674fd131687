using static System.FormattableString;

namespace ConcurrentTesting.Record;

/// <summary>Names what cost a run most where it took much longer than its tests had to, and what would help.</summary>
internal static class LostTime
{
    // A run with this efficiency or more needs no advice.
    private const double GoodEfficiency = 0.6;

    // With fewer durations known, a plan is a guess.
    private const double EnoughTimings = 0.5;

    /// <summary>The largest cause; null where the run was efficient, or nothing ran.</summary>
    public static string? Of(RunRecord run)
    {
        var total = run.Workers.Sum(worker => worker.Duration.TotalSeconds);
        if (run.Efficiency is null or >= GoodEfficiency || total <= 0)
            return null;
        var hosts = run.Workers.Sum(worker => worker.Starting.TotalSeconds) + BesideTests(run);
        var clones = run.Workers.Sum(worker => worker.Cloning.TotalSeconds);
        var busy = run.Workers.Sum(worker => worker.Busy.TotalSeconds + worker.Starting.TotalSeconds);
        var idle = Math.Max(0, total - clones - busy);
        if (idle >= hosts && idle >= clones)
            return WhyIdle(run, idle / total);
        return hosts >= clones
            ? Invariant(
                $"starting test hosts and setting up took {hosts / total:0%} of the workers' time; fewer workers, or more tests a class, start fewer")
            : Invariant(
                $"waiting for databases took {clones / total:0%} of the workers' time; a smaller template or a server on this machine would help");
    }

    private static string WhyIdle(RunRecord run, double share) =>
        run.Idle is { } cause ? $"almost no work for {cause}"
        : run.KnownTimings < EnoughTimings ? Invariant(
            $"only {run.KnownTimings:0%} of the tests' durations were known before; keep the timings file from run to run")
        : Invariant($"workers waited {share:0%} of their time for the last tests; shorter classes, or fewer workers, would help");

    // Tests run one after another in a batch.
    private static double BesideTests(RunRecord run)
    {
        var tests = run.Tests.SelectMany(test => test.Attempts)
            .ToLookup(attempt => attempt.Batch, attempt => attempt.Duration.TotalSeconds);
        return run.Batches.Sum(batch => Math.Max(0, batch.Duration.TotalSeconds - tests[batch.Number].Sum()));
    }
}
