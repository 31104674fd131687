namespace ConcurrentTesting.Catalog;

/// <summary>The first line of a text that says something, for where there is room for one line.</summary>
internal static class FirstLine
{
    public static string Of(string? text) => (text ?? "").TrimStart().Split('\n', 2)[0].TrimEnd();

    /// <summary>Ends with an ellipsis where more lines follow.</summary>
    public static string Marked(string text) => text.Trim().Contains('\n', StringComparison.Ordinal) ? $"{Of(text)} …" : Of(text);
}
