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

    /// <summary>Where a statement is, as messages say it.</summary>
    public static string Where(SqlFileStep script, int line, int number, string statement) =>
        FormattableString.Invariant($"{script.Name}:{line}: statement {number} ({Quote(statement)})");

    /// <summary>Throws where a script leaves a transaction open at its end.</summary>
    public static void RequireEnded(SqlFileStep script, bool isInTransaction)
    {
        if (isInTransaction)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete, $"{script.Name}: the file ends inside a transaction; add COMMIT");
        }
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
