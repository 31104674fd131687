using System.Buffers;

namespace ConcurrentTesting.Reports.Text;

/// <summary>Text as XML 1.0 allows it: <see href="https://www.w3.org/TR/xml/#charsets"/>.</summary>
internal static class LegalXml
{
    private const char Replacement = '\uFFFD';
    private static readonly SearchValues<char> Suspects = SearchValues.Create(
        [.. Enumerable.Range(0, 0x10000).Select(code => (char)code).Where(IsSuspect)]);

    /// <summary>Characters that are illegal, and halves of surrogate pairs, become U+FFFD; whole pairs stay.</summary>
    public static string Clean(string text)
    {
        // Almost every text is such, and that is faster to tell.
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return text;

        var next = text.AsSpan().IndexOfAny(Suspects);
        if (next < 0)
            return text;

        var characters = text.ToCharArray();
        for (var index = next; index < characters.Length; index++)
        {
            if (!IsSuspect(characters[index]))
                continue;

            if (index + 1 < characters.Length && char.IsSurrogatePair(characters[index], characters[index + 1]))
                index++;
            else
                characters[index] = Replacement;
        }

        return new string(characters);
    }

    private static bool IsSuspect(char character) =>
        char.IsSurrogate(character)
        || character is < ' ' and not ('\t' or '\n' or '\r')
        || character is '\uFFFE' or '\uFFFF';
}
