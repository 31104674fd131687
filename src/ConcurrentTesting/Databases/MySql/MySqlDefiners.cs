using ConcurrentTesting.Databases.Templates.Scripts;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>The definers that scripts name. The account that builds a template may make objects for nobody but itself, so the clauses are
/// taken out and noted, and the objects are given to their definers when the template is built.</summary>
internal sealed partial class MySqlDefiners
{
    private const string Name = "(?:`(?:[^`]|``)*`|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[\\w$]+)";

    private readonly Dictionary<string, string> _byObject = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The statement without its definer, which is noted.</summary>
    public SqlStatement Take(SqlStatement statement)
    {
        if (statement.Words is not ["CREATE" or "ALTER", ..] || !statement.Words.Contains("DEFINER")
            || Clause().Match(statement.Text) is not { Success: true } match)
            return statement;
        var rest = Marks().Replace(statement.Text[(match.Index + match.Length)..], " ");
        if (Made().Match(rest) is { Success: true } made && !match.Groups["self"].Success)
        {
            var name = Unquoted(made.Groups["last"].Success ? made.Groups["last"].Value : made.Groups["name"].Value);
            _byObject[Key(made.Groups["kind"].Value, statement.Encoding.Decode(name))] = statement.Encoding.Decode(Definer(match));
        }

        return statement.Without(match.Groups["clause"].Index, match.Groups["clause"].Length);
    }

    /// <returns>The definer as the catalog names it; null where the script names none.</returns>
    public string? Of(MySqlObject found) => _byObject.GetValueOrDefault(Key(found.Kind, found.Name));

    private static string Key(string kind, string name) => $"{Regex.Replace(kind.ToUpperInvariant(), @"\s+", " ")} {name}";

    private static string Definer(Match match) =>
        $"{Unquoted(match.Groups["user"].Value)}@{(match.Groups["host"].Success ? Unquoted(match.Groups["host"].Value) : "%")}";

    private static string Unquoted(string name) =>
        name[0] is '`' or '\'' or '"' ? name[1..^1].Replace(new string(name[0], 2), name[..1], StringComparison.Ordinal) : name;

    [GeneratedRegex(
        @"^(?:\s|/\*M?!\d*|\*/|\b(?:CREATE|ALTER|OR|REPLACE)\b|\bALGORITHM\s*=\s*\w+)+?(?<clause>\bDEFINER\s*=\s*(?:(?<self>CURRENT_USER(?:\s*\(\s*\))?)|(?<user>" + Name + @")(?:\s*@\s*(?<host>" + Name + @"))?))",
        RegexOptions.IgnoreCase)]
    private static partial Regex Clause();

    [GeneratedRegex(@"/\*M?!\d*|\*/")]
    private static partial Regex Marks();

    [GeneratedRegex(
        @"^\s*(?:SQL\s+SECURITY\s+\w+\s+|AGGREGATE\s+)*(?<kind>VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE(?:\s+BODY)?)\s+(?:IF\s+NOT\s+EXISTS\s+)?(?<name>" + Name + @")(?:\s*\.\s*(?<last>" + Name + "))?",
        RegexOptions.IgnoreCase)]
    private static partial Regex Made();
}
