using static System.FormattableString;

namespace ConcurrentTesting.Record;

/// <summary>Names the workers that had next to nothing to do, what left them idle, and what would help.</summary>
internal static class IdleWorkers
{
    // A worker that is occupied for less than this part of the run's tests counts as idle.
    private const double Occupied = 0.25;

    // A unit that takes longer than this many even shares leaves other workers idle.
    private const double Uneven = 1.5;

    public static string? Of(ImmutableArray<WorkerRecord> workers, ImmutableArray<TestRecord> tests, IReadOnlyCollection<UnitPlanned> units)
    {
        var idle = workers.Where(IsIdle).ToList();
        if (idle.Count == 0 || units.Count == 0 || tests.IsEmpty)
            return null;
        var cause = Cause(RecordedWork.Of(units, tests), workers.Length, idle);
        return $"{idle.Count} of {Quantity.Of(workers.Length, "worker")}: {cause}";
    }

    private static bool IsIdle(WorkerRecord worker) =>
        worker.Batches == 0 || (worker.Busy + worker.Starting + worker.Cloning) / worker.Duration < Occupied;

    private static string Cause(ImmutableArray<UnitWork> units, int workers, List<WorkerRecord> idle)
    {
        var total = units.Sum(unit => unit.Seconds);
        var longest = units.MaxBy(unit => unit.Seconds)!;
        var (test, seconds) = longest.Tests.MaxBy(test => test.Seconds);
        var share = Uneven * total / workers;
        if (longest.Seconds > share)
        {
            return seconds > share
                ? Invariant($"{test.FullName} alone takes {seconds:0.0} s of {total:0.0} s; a shorter test would help")
                : $"{Whole(longest, total)}; splitting it would help";
        }

        if (units.Any(unit => unit.Tests.Any(work => work.Test.IsExclusive && work.Seconds > 0)))
            return "tests of exclusive groups wait for each other; smaller groups would help";
        var cause = WhyNotStarted(idle) ?? (units.Length < workers
            ? $"only {Quantity.Of(units.Length, "unit")} of tests (a class or a part of one) can be shared"
            : Invariant($"{total:0.0} s of tests are not worth more test hosts"));
        return $"{cause}; fewer workers would do";
    }

    private static string? WhyNotStarted(List<WorkerRecord> idle) => idle.Select(worker => worker.NotStarted).OfType<string>()
        .Where(reason => reason != WorkerRecord.NothingLeft).GroupBy(reason => reason).MaxBy(same => same.Count())?.Key;

    private static string Whole(UnitWork work, double total) => work.Unit.Tie is { } cause
        ? $"all tests of {work.Unit.Name} stay together ({cause})"
        : Invariant($"the class {work.Unit.Name} takes {work.Seconds:0.0} s of {total:0.0} s, and ")
            + (work.Unit.OneProcess is { } holds ? $"runs on one worker because of {holds}" : "a class runs on one worker");
}
