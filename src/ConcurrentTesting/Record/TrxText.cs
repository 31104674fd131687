using System.Globalization;
using System.Text;

namespace ConcurrentTesting.Record;

/// <summary>Text as VSTest's own TRX logger writes it.</summary>
internal static class TrxText
{
    /// <summary>
    /// What the logger takes for illegal in XML becomes <c>\u</c> and four digits. It takes every surrogate for that, so that an emoji
    /// arrives as <c>\ud83d\ude00</c>.
    /// </summary>
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
