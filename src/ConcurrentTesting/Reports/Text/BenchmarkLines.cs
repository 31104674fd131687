using static System.FormattableString;

namespace ConcurrentTesting.Reports.Text;

/// <summary>What <c>--test-benchmark</c> prints: where the wall time went and which tests took it.</summary>
internal static class BenchmarkLines
{
    private const int Listed = 5;

    public static IEnumerable<string> Of(RunBenchmark benchmark, Redactor redactor) =>
    [
        $"  Phases     {Parts(benchmark.Phases, benchmark.Wall)}",
        $"  Work       {(WorkerTime(benchmark.WorkerTime) is { Length: > 0 } parts ? parts : "nothing ran")}",
        $"  Speed      {Speed(benchmark)}",
        .. Rows("Slowest", benchmark.Slowest.Select(test => $"{DurationText.Measured(test.Final.Duration),8}  {Name(test, redactor)}")),
        .. Rows("Queries", benchmark.MostQueries.Select(test => Invariant($"{test.Final.Figures!.Queries,8}  {Name(test, redactor)}"))),
        .. Rows("N+1?", benchmark.Suspected.Select(
            query => Invariant($"{query.Count,7}x  {Name(query.Test, redactor)}: {PlainText.OneLine(redactor.Redact(query.Text))}"))),
    ];

    /// <summary>Sequential estimate, speed-up, lower bound, efficiency, imbalance, in one line.</summary>
    public static string Speed(RunBenchmark benchmark)
    {
        var speedUp = benchmark.SpeedUp is { } factor ? Invariant($" ({factor:0.0}x)") : "";
        var efficiency = benchmark.Efficiency is { } share ? Invariant($", efficiency {share * 100:0}%") : "";
        var imbalance = benchmark.Imbalance is { } busiest ? Invariant($", the busiest worker {busiest:0.00} times the average") : "";
        return $"{DurationText.Measured(benchmark.Wall)} instead of about {DurationText.Measured(benchmark.Sequential)} on one worker{speedUp}, lower bound {DurationText.Measured(benchmark.LowerBound)}{efficiency}{imbalance}";
    }

    /// <summary>What the workers' own time went into, in one line; empty where nothing ran.</summary>
    public static string WorkerTime(ImmutableArray<BenchmarkPart> parts) =>
        parts.IsEmpty ? "" : Parts(parts, TimeSpan.FromTicks(parts.Sum(part => part.Time.Ticks)));

    private static string Parts(IReadOnlyCollection<BenchmarkPart> parts, TimeSpan whole) => parts.Count == 0
        ? "nothing ran"
        : string.Join(", ", parts.Select(part => Invariant($"{part.Name} {DurationText.Measured(part.Time)}{Share(part.Time, whole)}")));

    private static string Share(TimeSpan part, TimeSpan whole) => whole > TimeSpan.Zero ? Invariant($" ({part / whole * 100:0}%)") : "";

    private static IEnumerable<string> Rows(string name, IEnumerable<string> rows) =>
        rows.Take(Listed).Select((row, index) => $"  {(index == 0 ? name : ""),-9}  {row}");

    private static string Name(TestRecord test, Redactor redactor) => FailureText.Name(test, redactor);
}
