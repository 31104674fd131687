using static System.FormattableString;

namespace ConcurrentTesting.Scheduling;

/// <summary>How many workers a run has where nobody asked for a number.</summary>
/// <param name="Why">In words for people; null where nothing is known but the machine.</param>
internal sealed record WorkersThatPay(int Workers, string? Why)
{
    private const int Most = 32;

    // One start is taken to last this long where nobody has measured it.
    private const double GuessSeconds = 1.0;

    // Tests that only wait are taken to compute this share, so they are worth as many workers as it goes into a core.
    private const double LeastComputing = 0.05;

    // A test host with a driver and a small suite holds 100 to 200 MB.
    private const long HostBytes = 250L << 20;

    /// <summary>The number of workers that keep the cores computing where tests wait, but no more than the tests are worth starts, and no
    /// more than memory has room for.</summary>
    /// <param name="memory">Bytes that the machine has left; null: not known.</param>
    public static WorkersThatPay Of(TimingStore timings, int cores, long? memory)
    {
        var least = new[] { Keeping(timings.Waiting, cores), Worth(timings, cores), Having(memory) }.OfType<WorkersThatPay>()
            .MinBy(limit => limit.Workers)!;
        return least with { Why = least.Workers == cores ? null : least.Why };
    }

    private static WorkersThatPay Keeping(double? waiting, int cores) => waiting is { } share
        ? new WorkersThatPay(
            Math.Min(Most, (int)Math.Round(cores / Math.Max(LeastComputing, 1 - share))),
            Invariant($"{share * 100:0} % of the time is waiting"))
        : new WorkersThatPay(cores, null);

    private static WorkersThatPay? Worth(TimingStore timings, int cores) => timings.TestSeconds is > 0 and var total
        ? new WorkersThatPay(
            WorthStarts(total, cores, timings.Worker?.Seconds), Invariant($"more would take longer to start than they save of {total:0.0} s of tests"))
        : null;

    private static WorkersThatPay? Having(long? memory) => memory is { } bytes
        ? new WorkersThatPay((int)Math.Clamp(bytes / HostBytes, 1, 256), Invariant($"{bytes >> 20} MB of memory have room for no more"))
        : null;

    // As many workers start at a time as there are cores, so n workers end after total / n + n * start / cores.
    private static int WorthStarts(double total, int cores, double? startSeconds) =>
        (int)Math.Ceiling(Math.Sqrt(total * Math.Max(2, cores) / Math.Max(0.1, startSeconds ?? GuessSeconds)));
}
