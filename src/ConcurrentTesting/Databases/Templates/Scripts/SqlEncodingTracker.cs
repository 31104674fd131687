namespace ConcurrentTesting.Databases.Templates.Scripts;

/// <summary>Follows what a script says of its own encoding.</summary>
internal abstract class SqlEncodingTracker
{
    /// <summary>The encoding of what comes next.</summary>
    public abstract SqlEncoding Current { get; }

    public static SqlEncodingTracker For(SqlDialect dialect) => dialect switch
    {
        SqlDialect.PostgreSql => new PostgreSqlEncodingTracker(),
        SqlDialect.MySql => new MySqlEncodingTracker(),
        _ => new UnchangingEncoding(),
    };

    public abstract void Follow(SqlStatement statement);

    private sealed class UnchangingEncoding : SqlEncodingTracker
    {
        public override SqlEncoding Current => SqlEncoding.Unknown;

        public override void Follow(SqlStatement statement)
        {
            // SQLite does not check the bytes of a text.
        }
    }
}

/// <summary>https://www.postgresql.org/docs/current/multibyte.html: client_encoding, in the four ways to set it.</summary>
internal sealed partial class PostgreSqlEncodingTracker : SqlEncodingTracker
{
    private SqlEncoding _session = SqlEncoding.Utf8;
    private SqlEncoding _beforeBlock = SqlEncoding.Utf8;
    private SqlEncoding? _local;
    private bool _isInBlock;

    public override SqlEncoding Current => _local ?? _session;

    public override void Follow(SqlStatement statement)
    {
        if (NameIn(statement) is { } set)
            Set(set);
        var isInBlock = statement.IsInTransactionAfter(_isInBlock);
        if (isInBlock && !_isInBlock)
            _beforeBlock = _session;
        if (!isInBlock && _isInBlock)
            End(statement.Words[0] is "ROLLBACK" or "ABORT");
        _isInBlock = isInBlock;
    }

    private void End(bool isUndone)
    {
        _local = null;
        if (isUndone)
            _session = _beforeBlock;
    }

    private void Set((string Name, bool IsLocal) set)
    {
        var encoding = set.Name.Length == 0 ? SqlEncoding.Utf8 : SqlEncoding.Of(set.Name, SqlDialect.PostgreSql);
        if (!set.IsLocal)
            (_session, _local) = (encoding, null);
        else if (_isInBlock)
            _local = encoding;
    }

    /// <summary>What <c>\encoding</c> sets; empty where it only asks.</summary>
    public static string Argument(SqlStatement statement) =>
        statement.Text.Split([' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries) is [_, var name]
            ? name.Trim().Trim(';', '\'', '"')
            : "";

    private static (string Name, bool IsLocal)? NameIn(SqlStatement statement) => statement.Words switch
    {
        ["\\ENCODING"] when Argument(statement).Length > 0 => (Argument(statement), false),
        ["SET", ..] => In(Setting().Match(statement.Text), "LOCAL"),
        ["SELECT", ..] when statement.Text.Length < 200 => In(SetConfig().Match(statement.Text), "TRUE"),
        ["RESET", "CLIENT_ENCODING" or "ALL"] or ["DISCARD", "ALL"] => ("", false),
        _ => null,
    };

    private static (string Name, bool IsLocal)? In(Match match, string local)
    {
        if (!match.Success)
            return null;
        var name = match.Groups["name"].Value;
        var isDefault = name.Equals("DEFAULT", StringComparison.OrdinalIgnoreCase);
        // PostgreSQL reads T as TRUE too.
        return (isDefault ? "" : name, match.Groups["scope"].Value.StartsWith(local[..1], StringComparison.OrdinalIgnoreCase));
    }

    [GeneratedRegex(
        @"^SET\s+(?:(?<scope>SESSION|LOCAL)\s+)?(?:""?client_encoding""?\s*(?:=|TO\b)|NAMES\b)\s*['""]?(?<name>[\w-]*)",
        RegexOptions.IgnoreCase)]
    private static partial Regex Setting();

    [GeneratedRegex(@"\bset_config\s*\(\s*'client_encoding'\s*,\s*'(?<name>[^']*)'\s*,\s*'?(?<scope>\w+)", RegexOptions.IgnoreCase)]
    private static partial Regex SetConfig();
}

/// <summary>https://dev.mysql.com/doc/refman/8.4/en/charset-connection.html: character_set_client, and the variables in which dumps save
/// it.</summary>
internal sealed partial class MySqlEncodingTracker : SqlEncodingTracker
{
    private readonly Dictionary<string, SqlEncoding> _saved = new(StringComparer.OrdinalIgnoreCase);
    private SqlEncoding _current = SqlEncoding.Utf8;

    public override SqlEncoding Current => _current;

    public override void Follow(SqlStatement statement)
    {
        if (statement.Words is not ["SET", ..])
            return;
        foreach (Match match in Assignment().Matches(ExecutableComment().Replace(statement.Text, " ").TrimStart()))
        {
            if (match.Groups["saved"] is { Success: true } saved)
                _saved[saved.Value] = _current;
            else
                _current = Of(match.Groups["name"].Value);
        }
    }

    private SqlEncoding Of(string name) => name switch
    {
        ['@', '@', ..] or "binary" => SqlEncoding.Unknown,
        ['@', ..] => _saved.GetValueOrDefault(name[1..].Trim('`'), SqlEncoding.Unknown),
        _ when name.Equals("DEFAULT", StringComparison.OrdinalIgnoreCase) => SqlEncoding.Unknown,
        _ => SqlEncoding.Of(name, SqlDialect.MySql),
    };

    [GeneratedRegex(
        @"(?:^SET|,)\s*(?:@(?<saved>[\w$]+|`[^`]+`)\s*:?=\s*@@(?:session\.|local\.)?character_set_client\b"
        + @"|(?:NAMES|CHARACTER\s+SET|CHARSET|(?:SESSION\s+|LOCAL\s+|@@(?:session\.|local\.)?)?character_set_client\s*:?=)"
        + @"\s*['""]?(?<name>@*`?[\w$.]+))",
        RegexOptions.IgnoreCase)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"/\*M?!\d*|\*/")]
    private static partial Regex ExecutableComment();
}
