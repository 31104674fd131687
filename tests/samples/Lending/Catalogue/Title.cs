namespace Lending;

/// <summary>What may stand as a title or a name in the catalogue.</summary>
public static class Title
{
    public const int LongestTitle = 300;

    /// <summary>The text without blanks around it.</summary>
    /// <exception cref="ArgumentException">It is empty or too long, or holds what no database stores: a NUL, half a surrogate pair.</exception>
    public static string Normalise(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException("A title cannot hold a NUL character.", nameof(text));
        if (HasLoneSurrogate(text))
            throw new ArgumentException("A title cannot hold half a surrogate pair.", nameof(text));
        var title = text.Trim();
        if (title.Length is 0 or > LongestTitle)
            throw new ArgumentException($"A title has 1 to {LongestTitle} characters, not {title.Length}.", nameof(text));
        return title;
    }

    /// <summary>The word a book is sorted by: its title without a leading article.</summary>
    public static string SortKey(string title)
    {
        foreach (var article in (string[])["The ", "A ", "An "])
        {
            if (title.Length > article.Length && title.StartsWith(article, StringComparison.OrdinalIgnoreCase))
                return title[article.Length..];
        }

        return title;
    }

    private static bool HasLoneSurrogate(string text)
    {
        for (var index = 0; index < text.Length; index++)
        {
            if (!char.IsSurrogate(text[index]))
                continue;
            if (index + 1 == text.Length || !char.IsSurrogatePair(text[index], text[index + 1]))
                return true;
            index++;
        }

        return false;
    }
}
