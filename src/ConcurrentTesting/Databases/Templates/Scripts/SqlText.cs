namespace ConcurrentTesting.Databases.Templates.Scripts;

/// <summary>What error messages quote of SQL text.</summary>
internal static class SqlText
{
    private const int LongestQuote = 100;

    /// <returns>The index of the first character that is neither blank nor comment.</returns>
    public static int SkipBlanksAndComments(string text)
    {
        var index = 0;
        while (index < text.Length)
        {
            var next = SkipOne(text, index);
            if (next == index)
                break;
            index = next;
        }

        return index;
    }

    public static string Quote(string statement)
    {
        var line = FirstLine.Of(statement);
        return line.Length <= LongestQuote ? line : line[..LongestQuote] + "…";
    }

    private static int SkipOne(string text, int index)
    {
        if (char.IsWhiteSpace(text[index]) || text[index] == ';')
            return index + 1;
        if (text.AsSpan(index).StartsWith("--"))
            return After(text, "\n", index);
        return text.AsSpan(index).StartsWith("/*") ? After(text, "*/", index) : index;
    }

    private static int After(string text, string end, int from)
    {
        var found = text.IndexOf(end, from, StringComparison.Ordinal);
        return found < 0 ? text.Length : found + end.Length;
    }
}
