using System.Text;

namespace ConcurrentTesting.TestHook.Statements;

/// <summary>
/// A command's text as people recognise it, without anything that may be secret: no literals, no comments. Texts that differ in their
/// values alone become the same.
/// </summary>
internal static class StatementText
{
    /// <summary>The longest that is told apart; what follows is cut off.</summary>
    public const int Longest = 200;

    private const string Value = "?";

    // SQLite takes "text" that names nothing for a string: only where a name must stand is it kept.
    private static readonly string[] BeforeNames = ["FROM", "JOIN", "INTO", "UPDATE", "AS", "TABLE"];

    public static string Of(ReadOnlySpan<char> text, SqlDialect dialect)
    {
        var normal = new StringBuilder(Math.Min(text.Length, Longest + 32));
        var tokens = new SqlTokens(text, dialect);
        var before = default(ReadOnlySpan<char>);
        while (tokens.Next() is var kind && kind != SqlTokenKind.End && normal.Length <= Longest)
        {
            var token = IsValue(ref tokens, kind, dialect, before) ? Value : tokens.Word;
            Append(normal, token, tokens.IsApart);
            before = tokens.Word;
        }

        while (normal.Length > 0 && normal[^1] is ';' or ' ')
            normal.Length--;
        return normal.Length <= Longest ? normal.ToString() : normal.ToString(0, Longest - 1) + "…";
    }

    private static void Append(StringBuilder normal, ReadOnlySpan<char> token, bool isApart)
    {
        // A list of values is as good as one: IN (?, ?, ?) has as many as there were rows before.
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

            // $$ … $$; a parameter's dollar stands alone.
            '$' => word.Length > 1,
            '\'' => true,

            // A number, or E'…', N'…', X'…'.
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
}
