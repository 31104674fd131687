namespace ConcurrentTesting.Scheduling;

/// <summary>How often, or how long, <c>--test-stress</c> runs the selected tests.</summary>
/// <param name="Times">Null where the time decides.</param>
/// <param name="Time">Null where the number decides.</param>
internal sealed partial record StressGoal(int? Times, TimeSpan? Time)
{
    /// <summary>Every attempt is kept until the reports are written.</summary>
    public const int Most = 10_000;

    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    /// <summary>Null where the text is null or says neither.</summary>
    public static StressGoal? Read(string? text)
    {
        if (text is null || !Pattern().IsMatch(text))
            return null;
        var match = Pattern().Match(text);
        var number = double.Parse(match.Groups["number"].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture);
        return match.Groups["unit"].Value.ToUpperInvariant() switch
        {
            "" => number is >= 1 and <= Most && number == Math.Floor(number) ? new StressGoal((int)number, null) : null,
            "S" => Of(number),
            "M" => Of(number * 60),
            _ => Of(number * 3600),
        };
    }

    /// <summary>Whether nothing more is begun; the first time always runs.</summary>
    /// <param name="round">The time that would come next, from 1.</param>
    public bool IsReached(int round, TimeSpan elapsed) =>
        round > Most || (round > 1 && (Times is { } times ? round > times : elapsed >= Time));

    private static StressGoal? Of(double seconds) =>
        seconds > 0 && seconds <= Longest.TotalSeconds ? new StressGoal(null, TimeSpan.FromSeconds(seconds)) : null;

    [GeneratedRegex(@"\A(?<number>\d{1,9}(\.\d{1,9})?)(?<unit>s|m|h)?\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
