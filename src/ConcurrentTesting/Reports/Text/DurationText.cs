using static System.FormattableString;

namespace ConcurrentTesting.Reports.Text;

/// <summary>Durations as people read them.</summary>
internal static class DurationText
{
    /// <summary>A measured duration: <c>&lt;1ms</c>, <c>45ms</c>, <c>1.23s</c>, <c>12.3s</c>, <c>2m 05s</c>, <c>1h 02m</c>.</summary>
    public static string Measured(TimeSpan duration) => duration.TotalSeconds switch
    {
        < 0.001 => "<1ms",
        < 0.0995 => Invariant($"{duration.TotalMilliseconds:0}ms"),
        < 9.995 => Invariant($"{duration.TotalSeconds:0.00}s"),
        < 59.95 => Invariant($"{duration.TotalSeconds:0.0}s"),
        _ => Whole(duration),
    };

    /// <summary>A duration that is still growing or shrinking, in whole seconds: <c>0s</c>, <c>59s</c>, <c>2m 05s</c>, <c>1h
    /// 02m</c>.</summary>
    public static string Whole(TimeSpan duration)
    {
        var seconds = Math.Max(0, (long)Math.Floor(duration.TotalSeconds));
        return seconds switch
        {
            < 60 => Invariant($"{seconds}s"),
            < 3600 => Invariant($"{seconds / 60}m {seconds % 60:00}s"),
            _ => Invariant($"{seconds / 3600}h {seconds / 60 % 60:00}m"),
        };
    }
}
