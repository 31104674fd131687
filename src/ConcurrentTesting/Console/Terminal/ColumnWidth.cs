using Wcwidth;

namespace ConcurrentTesting.Console.Terminal;

/// <summary>How many columns text takes. Terminals disagree about joined emoji; the widest reading is taken, so that a line never gets
/// longer than meant.</summary>
internal static class ColumnWidth
{
    private const int EmojiPresentation = 0xFE0F;

    /// <summary>The columns of a text without control characters.</summary>
    public static int Of(ReadOnlySpan<char> text)
    {
        if (Ascii.IsValid(text))
            return text.Length;
        var columns = 0;
        foreach (var rune in text.EnumerateRunes())
            columns += rune.Value == EmojiPresentation ? 1 : Math.Max(0, UnicodeCalculator.GetWidth(rune));
        return columns;
    }

    /// <summary>The longest start of <paramref name="text"/> within <paramref name="columns"/>, cut between characters as readers see
    /// them.</summary>
    public static ReadOnlySpan<char> Fit(ReadOnlySpan<char> text, int columns)
    {
        if (Ascii.IsValid(text))
            return text[..Math.Clamp(columns, 0, text.Length)];
        var end = 0;
        for (var left = columns; end < text.Length;)
        {
            var length = StringInfo.GetNextTextElementLength(text[end..]);
            left -= Of(text.Slice(end, length));
            if (left < 0)
                break;
            end += length;
        }

        return text[..end];
    }
}
