namespace ConcurrentTesting.TestHook.Statements;

/// <summary>A command's text as people recognise it, without anything that may be secret: no literals, no comments. Texts that differ in
/// their values alone become the same.</summary>
/// <param name="Text">As much of it as is told apart.</param>
/// <param name="From">Where its FROM begins, after the list of columns; -1 where there is none.</param>
internal readonly record struct StatementText(string Text, int From)
{
    /// <summary>The longest that is shown.</summary>
    public const int Longest = 200;

    /// <summary>The longest that is told apart: texts that differ only in what follows are the same.</summary>
    public const int LongestWhole = 4000;

    // What a test asked for stands in FROM and WHERE; Entity Framework writes a list of all columns first.
    private const int MostOfColumns = 60;
    private const string Value = "?";
    private const char Ellipsis = '…';

    // SQLite takes a "text" that names nothing for a string, so it is kept only where a name must stand.
    private static readonly string[] BeforeNames = ["FROM", "JOIN", "INTO", "UPDATE", "AS", "TABLE"];

    /// <summary>The text as it is shown.</summary>
    public static string Of(ReadOnlySpan<char> text, SqlDialect dialect) => Whole(text, dialect).Cut();

    /// <summary>The text by which one is told from others.</summary>
    public static StatementText Whole(ReadOnlySpan<char> text, SqlDialect dialect)
    {
        var normal = new StringBuilder(Math.Min(text.Length, LongestWhole + 32));
        var tokens = new SqlTokens(text, dialect);
        var before = default(ReadOnlySpan<char>);
        var from = new FromSearch();
        while (tokens.Next() is var kind && kind != SqlTokenKind.End && normal.Length <= LongestWhole)
        {
            var token = IsValue(ref tokens, kind, dialect, before) ? Value : tokens.Word;
            Append(normal, token, tokens.IsApart);
            if (IsUnsure(tokens.Word, dialect))
            {
                normal.Append(Ellipsis);
                break;
            }

            from.See(kind, token, normal.Length - token.Length);
            before = tokens.Word;
        }

        return new StatementText(Trimmed(normal), from.At);
    }

    /// <summary>Cut to <see cref="Longest"/>: of the columns as much as shows what they are, of the rest its begin and its end.</summary>
    public string Cut()
    {
        if (Text.Length <= Longest)
            return Text;
        if (From < 0 || From >= Text.Length)
            return $"{Text.AsSpan(0, Longest - 1)}{Ellipsis}";
        var start = From <= MostOfColumns ? Text[..From] : $"{Text.AsSpan(0, MostOfColumns - 2)}{Ellipsis} ";
        var room = Longest - start.Length;
        var rest = Text.AsSpan(From);
        return rest.Length <= room
            ? $"{start}{rest}"
            : $"{start}{rest[..(room - 1 - (room / 2))]}{Ellipsis}{rest[^(room / 2)..]}";
    }

    private static string Trimmed(StringBuilder normal)
    {
        while (normal.Length > 0 && normal[^1] is ';' or ' ')
            normal.Length--;
        return normal.Length <= LongestWhole ? normal.ToString() : $"{normal.ToString(0, LongestWhole - 1)}{Ellipsis}";
    }

    // A server's setting decides whether a backslash before a quote belongs to the string or hides its end, so a value may follow.
    private static bool IsUnsure(ReadOnlySpan<char> token, SqlDialect dialect)
    {
        if (dialect == SqlDialect.Sqlite || token.Length < 2)
            return false;
        var quote = token[0] is '\'' or '"' ? token[0] : token[1];
        var isString = quote == '\'' || (quote == '"' && dialect == SqlDialect.MySql);
        if (!isString || (dialect == SqlDialect.PostgreSql && token[0] is 'e' or 'E'))
            return false;
        return token.Contains(['\\', quote], StringComparison.Ordinal);
    }

    private static void Append(StringBuilder normal, ReadOnlySpan<char> token, bool isApart)
    {
        // A list of values counts as one value: IN (?, ?, ?) only tells how many rows there were before.
        if (token is Value && EndsWithValueAndComma(normal))
        {
            while (normal[^1] != '?')
                normal.Length--;
            return;
        }

        if (isApart && normal.Length > 0)
            normal.Append(' ');
        normal.Append(token);
    }

    private static bool EndsWithValueAndComma(StringBuilder normal)
    {
        var end = normal.Length - 1;
        while (end >= 0 && normal[end] == ' ')
            end--;
        if (end < 1 || normal[end] != ',')
            return false;
        end--;
        while (end >= 0 && normal[end] == ' ')
            end--;
        return end >= 0 && normal[end] == '?';
    }

    private static bool IsValue(ref SqlTokens tokens, SqlTokenKind kind, SqlDialect dialect, ReadOnlySpan<char> before)
    {
        if (kind != SqlTokenKind.Else)
            return false;
        var word = tokens.Word;
        return word[0] switch
        {
            '"' => dialect == SqlDialect.MySql || (dialect == SqlDialect.Sqlite && !IsName(ref tokens, before)),

            // $$ … $$ is a string; a parameter's dollar stands alone.
            '$' => word.Length > 1,
            '\'' => true,

            // The token is a number, or E'…', N'…', X'…'.
            _ => char.IsAsciiLetterOrDigit(word[0]),
        };
    }

    private static bool IsName(ref SqlTokens tokens, ReadOnlySpan<char> before)
    {
        if (tokens.Following == '.' || before is ".")
            return true;
        foreach (var word in BeforeNames)
        {
            if (before.Equals(word, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    /// <summary>Looks for the first FROM outside parentheses.</summary>
    private struct FromSearch()
    {
        private int _depth;

        public int At { get; private set; } = -1;

        public void See(SqlTokenKind kind, ReadOnlySpan<char> token, int place)
        {
            if (kind == SqlTokenKind.Open)
                _depth++;
            else if (kind == SqlTokenKind.Close)
                _depth--;
            else if (At < 0 && _depth == 0 && token.Equals("FROM", StringComparison.OrdinalIgnoreCase))
                At = place;
        }
    }
}
