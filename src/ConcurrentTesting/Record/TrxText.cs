namespace ConcurrentTesting.Record;

/// <summary>Text as VSTest's own TRX logger writes it.</summary>
internal static class TrxText
{
    public const string Namespace = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
    public const string UnitTestType = "13cdc9d9-ddb5-4fa4-a97d-d965ccfc6d4b";
    public const string UncategorizedList = "8c84fa94-04c1-424b-9868-57a2d4851a1d";
    public const string AllLoadedList = "19431567-8539-422a-85d7-44ee4e166bda";

    /// <summary>What the logger takes for illegal in XML becomes <c>\u</c> and four digits. It takes every surrogate for that, so that an
    /// emoji arrives as <c>\ud83d\ude00</c>.</summary>
    public static string Escape(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\0', '\u001F') && !text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')
            && !text.AsSpan().ContainsAnyInRange('\uFFFE', '\uFFFF'))
            return text;

        var escaped = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            if (IsAllowed(character))
                escaped.Append(character);
            else
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
        }

        return escaped.ToString();
    }

    private static bool IsAllowed(char character) =>
        character is '\t' or '\n' or '\r' or (>= ' ' and <= '\uD7FF') or (>= '\uE000' and <= '\uFFFD');
}
