namespace ConcurrentTesting.Scheduling.Sharding;

/// <summary>One of the parts that several machines make of a run's tests: <c>2/5</c>.</summary>
/// <param name="Part">From 1.</param>
/// <param name="Of">How many parts there are.</param>
internal readonly record struct Shard(int Part, int Of)
{
    /// <summary>What <c>--test-shard</c> says where the CI host knows the part.</summary>
    public const string Auto = "auto";

    /// <summary>The most parts there may be, which is as many jobs as GitHub starts for one matrix.</summary>
    public const int Most = 256;

    public static bool IsAuto(string text) => text.Equals(Auto, StringComparison.OrdinalIgnoreCase);

    /// <summary>Null where the text is no <c>i/n</c> with i from 1 to n, and n up to <see cref="Most"/>.</summary>
    public static Shard? Read(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 2 && Number(parts[0]) is { } part && Number(parts[1]) is { } of
            && new Shard(part, of) is { IsValid: true } shard ? shard : null;
    }

    public bool IsValid => Of is >= 1 and <= Most && Part >= 1 && Part <= Of;

    public override string ToString() => FormattableString.Invariant($"{Part}/{Of}");

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
