namespace ConcurrentTesting.Record;

/// <summary>Shortens captured text that would make a report unreadable, or that its reader would refuse.</summary>
internal static class TextCap
{
    /// <summary>The bound of captured output and stack traces, in bytes of UTF-8.</summary>
    public const int Stream = 32 * 1024;

    /// <summary>The bound of messages, in bytes of UTF-8.</summary>
    public const int Message = 16 * 1024;

    private const int NoteBytes = 80;

    /// <summary>The text itself where it takes at most <paramref name="limit"/> bytes of UTF-8; else its beginning and its end, and between
    /// them a line that says how much was left out. The result never takes more than <paramref name="limit"/> bytes.</summary>
    public static string Apply(string text, int limit)
    {
        if (text.Length <= limit / 3)
            return text;

        var size = Encoding.UTF8.GetByteCount(text);
        if (size <= limit)
            return text;

        var half = (limit - NoteBytes) / 2;
        var head = text.AsSpan(0, LengthOfHead(text, half));
        var tail = text.AsSpan(text.Length - LengthOfTail(text, half));
        var left = size - Encoding.UTF8.GetByteCount(head) - Encoding.UTF8.GetByteCount(tail);
        return string.Create(CultureInfo.InvariantCulture, $"{head}\n[… {left} of {size} bytes left out here …]\n{tail}");
    }

    private static int LengthOfHead(string text, int bytes)
    {
        var length = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes -= rune.Utf8SequenceLength;
            if (bytes < 0)
                break;

            length += rune.Utf16SequenceLength;
        }

        return length;
    }

    private static int LengthOfTail(string text, int bytes)
    {
        var length = 0;
        while (length < text.Length)
        {
            _ = Rune.DecodeLastFromUtf16(text.AsSpan(0, text.Length - length), out var rune, out var consumed);
            bytes -= rune.Utf8SequenceLength;
            if (bytes < 0)
                break;

            length += consumed;
        }

        return length;
    }
}
