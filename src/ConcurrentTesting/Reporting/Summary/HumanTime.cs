using System.Globalization;

namespace ConcurrentTesting.Reporting.Summary;

/// <summary>Durations as people read them.</summary>
internal static class HumanTime
{
    /// <summary><c>3 ms</c>, <c>1.24 s</c>, <c>3 min 04 s</c>, <c>1 h 02 min</c>.</summary>
    public static string Of(TimeSpan time)
    {
        var seconds = Math.Max(0, time.TotalSeconds);
        return seconds switch
        {
            < 0.0095 => Invariant($"{seconds * 1000:0.##} ms"),
            < 0.9995 => Invariant($"{seconds * 1000:0} ms"),
            < 9.995 => Invariant($"{seconds:0.00} s"),
            < 59.95 => Invariant($"{seconds:0.0} s"),
            < 3599.5 => Invariant($"{(int)Math.Round(seconds) / 60} min {(int)Math.Round(seconds) % 60:00} s"),
            _ => Invariant($"{(int)Math.Round(seconds / 60) / 60} h {(int)Math.Round(seconds / 60) % 60:00} min"),
        };
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
