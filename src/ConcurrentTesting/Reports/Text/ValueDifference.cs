namespace ConcurrentTesting.Reports.Text;

/// <summary>A value within a failure's message, and the part of it that is not as the other one.</summary>
/// <param name="Line">The number of its line, from 0.</param>
/// <param name="Value">Where it stands in the line.</param>
/// <param name="Differing">Where its differing part stands in the line; may be empty.</param>
internal readonly record struct ComparedValue(int Line, Range Value, Range Differing, bool IsExpected);

/// <summary>Finds in a failure's message the value that was expected and the one that was there.</summary>
internal static partial class ValueDifference
{
    // xunit puts an arrow between the two values where it has no room beside them.
    private const int MostLinesBetween = 3;

    /// <summary>The values in pairs, expected before actual; none where the message says nothing of the kind.</summary>
    public static ImmutableArray<ComparedValue> In(IReadOnlyList<string> lines)
    {
        var found = ImmutableArray.CreateBuilder<ComparedValue>();
        for (var line = 0; line < lines.Count;)
        {
            var pair = At(lines, line);
            found.AddRange(pair);
            // A line belongs to one pair only.
            line = pair.Length == 0 ? line + 1 : pair[^1].Line + 1;
        }

        return found.ToImmutable();
    }

    private static ImmutableArray<ComparedValue> At(IReadOnlyList<string> lines, int line)
    {
        if (OneLine().Match(lines[line]) is { Success: true } both)
            return Pair(lines, (line, RangeOf(both.Groups["expected"])), (line, RangeOf(both.Groups["actual"])));
        if (Labelled(lines, line) is { } actual)
            return Pair(lines, (line, RangeOf(Expected().Match(lines[line]).Groups["value"])), actual);
        return IsShouldly(lines, line)
            ? Pair(lines, (line + 1, Trimmed(lines[line + 1])), (line + 3, Trimmed(lines[line + 3])))
            : [];
    }

    private static (int Line, Range Value)? Labelled(IReadOnlyList<string> lines, int line)
    {
        if (!Expected().IsMatch(lines[line]))
            return null;
        for (var next = line + 1; next < Math.Min(lines.Count, line + 1 + MostLinesBetween); next++)
        {
            if (Expected().IsMatch(lines[next]))
                return null;
            if (Actual().Match(lines[next]) is { Success: true } actual)
                return (next, RangeOf(actual.Groups["value"]));
        }

        return null;
    }

    private static bool IsShouldly(IReadOnlyList<string> lines, int line) =>
        line + 3 < lines.Count && lines[line].Trim() == "should be" && lines[line + 2].Trim() == "but was";

    private static ImmutableArray<ComparedValue> Pair(
        IReadOnlyList<string> lines, (int Line, Range Value) expected, (int Line, Range Value) actual)
    {
        var wanted = lines[expected.Line].AsSpan()[expected.Value];
        var was = lines[actual.Line].AsSpan()[actual.Value];
        var start = wanted.CommonPrefixLength(was);
        if (start > 0 && char.IsHighSurrogate(wanted[start - 1]))
            start--;
        var end = 0;
        while (end < Math.Min(wanted.Length, was.Length) - start && wanted[^(end + 1)] == was[^(end + 1)])
            end++;
        if (end > 0 && char.IsLowSurrogate(wanted[^end]))
            end--;
        if (AreTrueAndFalse(wanted, was))
            end = 0;
        return
        [
            new ComparedValue(expected.Line, expected.Value, Within(expected.Value, start, wanted.Length - end), IsExpected: true),
            new ComparedValue(actual.Line, actual.Value, Within(actual.Value, start, was.Length - end), IsExpected: false),
        ];
    }

    // "True" and "False" share a letter, which must not mark only a part of them.
    private static bool AreTrueAndFalse(ReadOnlySpan<char> one, ReadOnlySpan<char> other) =>
        bool.TryParse(one, out var isOne) && bool.TryParse(other, out var isOther) && isOne != isOther;

    private static Range Within(Range value, int start, int end) => (value.Start.Value + start)..(value.Start.Value + end);

    private static Range RangeOf(Group group) => group.Index..(group.Index + group.Length);

    private static Range Trimmed(string line)
    {
        var start = line.Length - line.AsSpan().TrimStart().Length;
        return start..Math.Max(start, line.AsSpan().TrimEnd().Length);
    }

    // xunit, NUnit and MSTest 4 write it so; Shouldly's own form is read line by line.
    [GeneratedRegex(@"^\s*expected:\s*(?<value>\S.*)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Expected();

    [GeneratedRegex(@"^\s*(?:actual|but was):\s*(?<value>\S.*)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Actual();

    // MSTest up to 3 writes it so.
    [GeneratedRegex(@"\bExpected:<(?<expected>.*?)>\. Actual:<(?<actual>.*?)>\.", RegexOptions.CultureInvariant)]
    private static partial Regex OneLine();
}
