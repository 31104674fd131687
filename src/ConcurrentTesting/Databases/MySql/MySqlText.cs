using ConcurrentTesting.Databases.Server;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>What the statements of a database's objects say about the database itself and about their definers.</summary>
internal static partial class MySqlText
{
    // The server quotes names in the statements that it writes; strings are skipped.
    private const string Strings = @"'(?:[^'\\]|\\.|'')*'|""(?:[^""\\]|\\.|"""")*""";

    /// <summary>The same statement for another database. The server leaves the database's own name out, except before the functions and the
    /// sequences that a view or a default uses, in a view that it cannot resolve (stale, or of a definer who is not there), and in one that
    /// reaches another database too; a column's name may follow a table alias of the same name, which has to stay.</summary>
    public static string Canonical(string sql, string from, string to)
    {
        var name = $@"(?<!\.){Regex.Escape(Quote(from))}\.";
        // No alias has a name like those of our databases.
        var place = OwnDatabaseName.Parse(from) is not null
            ? name
            : $@"{name}(?=`(?:[^`]|``)+`[.(])|(?<=\b(?:nextval|lastval|setval)\(){name}|(?<=\b(?:from|join|straight_join) \(*){name}";
        return Regex.Replace(
            sql, $"{Strings}|(?<name>{place})", match => match.Groups["name"].Success ? Quote(to) + "." : match.Value,
            RegexOptions.Singleline);
    }

    /// <summary>The same for text that a person has written: wherever a name of ours stands it is the database. Other names stay.</summary>
    public static string Written(string sql, string from, string to) =>
        OwnDatabaseName.Parse(from) is null ? sql : sql.Replace(from, to, StringComparison.Ordinal);

    /// <summary>Whether the text names the database, alone or before a dot.</summary>
    public static bool Names(string sql, string database) =>
        Regex.IsMatch(
            sql, $@"{Regex.Escape(Quote(database))}\s*\.|(?<![\w$`]){Regex.Escape(database)}\s*\.|\bUSE\s+`?{Regex.Escape(database)}\b",
            RegexOptions.IgnoreCase);

    /// <summary>The statement of a view, a routine or an event without its definer, so that the executing user becomes it.</summary>
    public static string WithoutDefiner(string sql) => Definer().Replace(sql, "", 1);

    /// <summary>The object with another definer.</summary>
    public static MySqlObject DefinedBy(MySqlObject found, string definer) =>
        found with
        {
            Definer = definer,
            Sql = Definer().Replace(
                found.Sql, " DEFINER=" + QuotedDefiner(definer).Replace("$", "$$", StringComparison.Ordinal), 1),
        };

    /// <summary>The statement of an event, disabled.</summary>
    public static string Disabled(string sql) => Enabled().Replace(sql, "$1 DISABLE", 1);

    /// <summary>Whether an event happens at one time only.</summary>
    public static bool IsOnce(string sql) => Once().IsMatch(sql);

    public static string WithoutAutoIncrement(string sql) => AutoIncrement().Replace(sql, "", 1);

    /// <summary>A definer as the catalog has it, quoted: <c>`user`@`host`</c>; a role has no host.</summary>
    public static string QuotedDefiner(string definer)
    {
        var at = definer.LastIndexOf('@');
        return at < 0 ? Quote(definer) : $"{Quote(definer[..at])}@{Quote(definer[(at + 1)..])}";
    }

    [GeneratedRegex(
        @"(?<=^CREATE\b[^(]*?) DEFINER=(?:`(?:[^`]|``)*`|""(?:[^""]|"""")*"")(?:@(?:`(?:[^`]|``)*`|""(?:[^""]|"""")*""))?",
        RegexOptions.IgnoreCase)]
    private static partial Regex Definer();

    [GeneratedRegex(@"(ON COMPLETION (?:NOT )?PRESERVE) ENABLE\b")]
    private static partial Regex Enabled();

    [GeneratedRegex(@"^CREATE\b.*? EVENT `(?:[^`]|``)*` ON SCHEDULE AT ", RegexOptions.Singleline)]
    private static partial Regex Once();

    [GeneratedRegex(@"(?<=\n\) [^\n]*) AUTO_INCREMENT=\d+")]
    private static partial Regex AutoIncrement();
}
