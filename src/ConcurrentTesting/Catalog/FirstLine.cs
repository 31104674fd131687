namespace ConcurrentTesting.Catalog;

/// <summary>The first line of a text that says something, for where there is room for one line.</summary>
internal static class FirstLine
{
    public static string Of(string? text) => (text ?? "").TrimStart().Split('\n', 2)[0].TrimEnd();

    /// <summary>Ends with an ellipsis where more lines follow.</summary>
    public static string Marked(string text) => text.Trim().Contains('\n', StringComparison.Ordinal) ? $"{Of(text)} …" : Of(text);

    /// <summary>Ends as a sentence does, for another one after it.</summary>
    public static string Sentence(string text) =>
        Marked(text) is { Length: > 0 } line && !".!?:…".Contains(line[^1], StringComparison.Ordinal) ? $"{line}." : Marked(text);
}
