namespace ConcurrentTesting.Safety;

/// <summary>A text without its line breaks, real ones and those that JSON writes as <c>\r</c> and <c>\n</c>, so that a secret that was
/// broken over lines is found.</summary>
internal sealed class JoinedLines
{
    private readonly List<(int Joined, int Original)> _starts;

    private JoinedLines(string text, List<(int Joined, int Original)> starts)
    {
        Text = text;
        _starts = starts;
    }

    public string Text { get; }

    public static bool HasBreaks(string text) =>
        text.AsSpan().IndexOfAny('\r', '\n') >= 0 || text.Contains("\\n", StringComparison.Ordinal);

    public static JoinedLines Of(string text)
    {
        var joined = new StringBuilder(text.Length);
        var starts = new List<(int, int)>();
        for (var at = 0; at < text.Length;)
        {
            var end = EndOfLine(text, at);
            starts.Add((joined.Length, at));
            joined.Append(text, at, end - at);
            at = end + LengthOfBreak(text, end);
        }

        return new JoinedLines(joined.ToString(), starts);
    }

    /// <summary>Where a character of <see cref="Text"/> stands in the original.</summary>
    public int Origin(int index)
    {
        var line = _starts.BinarySearch((index, int.MaxValue));
        var (joined, original) = _starts[(line < 0 ? ~line : line) - 1];
        return original + index - joined;
    }

    private static int EndOfLine(string text, int at)
    {
        while (at < text.Length && LengthOfBreak(text, at) == 0)
            at++;
        return at;
    }

    private static int LengthOfBreak(string text, int at) => text.AsSpan(at) switch
    {
        ['\r' or '\n', ..] => 1,
        ['\\', 'r' or 'n', ..] => 2,
        _ => 0,
    };
}
