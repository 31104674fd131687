namespace ConcurrentTesting.Databases.MySql;

/// <summary>A user's rights, as <c>SHOW GRANTS</c> lists them (https://dev.mysql.com/doc/refman/8.4/en/show-grants.html,
/// https://mariadb.com/kb/en/show-grants/).</summary>
internal sealed partial class MySqlRights
{
    private const string All = "ALL PRIVILEGES";

    private readonly ImmutableArray<Grant> _grants;

    private MySqlRights(IEnumerable<Grant> grants) => _grants = [.. grants];

    /// <param name="Database">A pattern as the server keeps it, <c>ct\_%</c>; <c>*</c> for all.</param>
    /// <param name="Object">A table; <c>*</c> for all.</param>
    private sealed record Grant(bool IsRevoked, ImmutableArray<string> Privileges, string Database, string Object)
    {
        public bool Gives(string privilege) => Privileges.Contains(privilege) || Privileges.Contains(All);
    }

    public static MySqlRights Parse(IEnumerable<string> lines) =>
        new(lines.Select(line => Line().Match(line)).Where(match => match.Success).Select(Read));

    /// <summary>Whether the account has a right on the whole server.</summary>
    public bool Has(string privilege) => _grants.Any(grant => !grant.IsRevoked && grant.Database == "*" && grant.Gives(privilege));

    /// <summary>Whether the account has a right on everything in a database, or on one table of it.</summary>
    public bool Has(string privilege, string database, string? table = null)
    {
        var applies = _grants.Where(grant => Covers(grant, database, table) && grant.Gives(privilege)).ToArray();
        // MySQL can revoke a global right for a single database.
        return applies.Any(grant => !grant.IsRevoked && (grant.Database != "*" || !applies.Any(other => other.IsRevoked)));
    }

    private static bool Covers(Grant grant, string database, string? table) =>
        grant.Database == "*"
        || (grant.Object == "*" && Matches(database, grant.Database))
        || (grant.Object == table && grant.Database == database);

    private static bool Matches(string name, string pattern)
    {
        var expression = Regex.Replace(
            pattern,
            @"\\(?<literal>.)|(?<any>%)|(?<one>_)|(?<other>[^\\%_]+|\\$)",
            match => match.Groups["any"].Success
                ? ".*"
                : match.Groups["one"].Success ? "." : Regex.Escape(match.Groups["literal"].Value + match.Groups["other"].Value));
        return Regex.IsMatch(name, $@"^{expression}\z", RegexOptions.IgnoreCase | RegexOptions.Singleline);
    }

    private static Grant Read(Match line) => new(
        line.Groups["verb"].Value == "REVOKE",
        [.. Privilege().Matches(line.Groups["what"].Value).Where(match => !match.Groups["columns"].Success).Select(
            match => match.Groups["name"].Value.Trim().ToUpperInvariant())],
        Unquoted(line.Groups["database"].Value),
        Unquoted(line.Groups["object"].Value));

    private static string Unquoted(string name) =>
        name.Length > 1 && name[0] == name[^1]
            && name[0] is '`' or '"' ? name[1..^1].Replace(new string(name[0], 2), name[0].ToString(), StringComparison.Ordinal) : name;

    [GeneratedRegex(
        @"^(?<verb>GRANT|REVOKE) (?<what>.+?) ON (?:TABLE )?(?<database>\*|`(?:[^`]|``)*`|""(?:[^""]|"""")*"")\.(?<object>\*|`(?:[^`]|``)*`|""(?:[^""]|"""")*"") (?:TO|FROM) ")]
    private static partial Regex Line();

    [GeneratedRegex(@"(?<name>[A-Za-z_ ]+)(?<columns>\([^)]*\))?(?:,|$)")]
    private static partial Regex Privilege();
}
