namespace ConcurrentTesting.Databases.Templates.Scripts;

/// <summary>Tells from a statement's words that it reaches beyond its database. This list remains where no account can be made that cannot
/// reach. It looks everywhere in a statement, into bodies of routines and into texts that are executed, and rather finds too
/// much.</summary>
internal static partial class ReachingWords
{
    private const int DeepestText = 4;

    private static readonly string[] Verbs = ["CREATE", "DROP", "ALTER", "RENAME"];

    private static readonly string[] OnServers =
    [
        "DATABASE", "ROLE", "USER", "GROUP", "TABLESPACE", "SUBSCRIPTION", "SYSTEM", "SERVER", "FOREIGN DATA WRAPPER", "EVENT TRIGGER",
        "SCHEMA", "ACCESS METHOD", "LOGFILE GROUP",
        "RESOURCE GROUP", "INSTANCE",
    ];

    /// <summary>Functions and statements, as they begin.</summary>
    private static readonly string[] PostgreSqlWords =
    [
        "DBLINK", "LO_EXPORT", "LO_IMPORT", "PG_TERMINATE_BACKEND", "PG_CANCEL_BACKEND", "PG_RELOAD_CONF", "PG_ROTATE_LOGFILE",
        "PG_PROMOTE", "PG_SWITCH_WAL", "PG_FILE_", "PG_LS_",
        "PG_READ_", "PG_STAT_RESET", "PG_CREATE_PHYSICAL_", "PG_CREATE_LOGICAL_", "PG_DROP_REPLICATION_", "PG_REPLICATION_", "PG_LOGICAL_",
        "PG_CREATE_RESTORE_POINT", "PG_BACKUP_",
        "PG_WAL_REPLAY_", "POSTGRES_FDW_", "PG_AUTHID", "PLPYTHONU", "PLPYTHON2U", "PLPYTHON3U", "PLPERLU", "PLTCLU",
    ];

    private static readonly string[] PostgreSqlPairs =
    [
        "DROP OWNED", "REASSIGN OWNED", "ON DATABASE", "ON ROLE", "ON TABLESPACE", "ON PARAMETER", "ON FOREIGN", "USER MAPPING",
        "IMPORT FOREIGN", "FOREIGN TABLE", "LOAD",
        "CHECKPOINT",
    ];

    private static readonly string[] MySqlWords =
        ["GRANT", "REVOKE", "SHUTDOWN", "KILL", "OUTFILE", "DUMPFILE", "LOAD_FILE"];

    private static readonly string[] MySqlPairs =
    [
        "SET GLOBAL", "SET @@GLOBAL", "SET PERSIST", "SET PERSIST_ONLY", "SET @@PERSIST", "SET @@PERSIST_ONLY", "SET PASSWORD", "SET ROLE",
        "DEFAULT ROLE", "RESET MASTER", "RESET SLAVE", "RESET REPLICA", "RESET PERSIST", "CHANGE MASTER", "CHANGE REPLICATION",
        "START SLAVE", "STOP SLAVE", "START REPLICA", "STOP REPLICA", "INSTALL PLUGIN", "INSTALL SONAME", "INSTALL COMPONENT",
        "UNINSTALL PLUGIN", "UNINSTALL SONAME",
        "UNINSTALL COMPONENT", "PURGE BINARY", "PURGE MASTER", "DATA DIRECTORY", "INDEX DIRECTORY",
        "ENGINE FEDERATED", "ENGINE SPIDER", "ENGINE CONNECT", "FLUSH", "BINLOG",
    ];

    /// <returns>The words that reach; null where none do.</returns>
    public static string? Find(SqlStatement statement, SqlDialect dialect) =>
        dialect == SqlDialect.Sqlite ? null : Find(statement, dialect, 0);

    private static string? Find(SqlStatement statement, SqlDialect dialect, int depth) =>
        Made(statement.Words, dialect)
        ?? (dialect == SqlDialect.PostgreSql ? OnPostgreSql(statement) : OnMySql(statement))
        ?? statement.Bodies.Select(body => FindIn(body.Text, dialect, depth)).FirstOrDefault(found => found is not null)
        ?? (Executes(statement, dialect) ? Texts(statement, dialect, depth) : null);

    private static string? FindIn(string sql, SqlDialect dialect, int depth) =>
        depth >= DeepestText ? null : SqlScriptReader.Read(sql, dialect).Select(inner => Find(inner, dialect, depth + 1)).FirstOrDefault(
            found => found is not null);

    /// <summary>What belongs to the server is made, changed or dropped, anywhere in the statement.</summary>
    private static string? Made(ImmutableArray<string> words, SqlDialect dialect)
    {
        // No word of an ALTER TABLE counts, because a table may have a column of that name.
        var begin = words is ["ALTER", "TABLE", ..] ? words.Length : 0;
        for (var at = begin; at < words.Length - 1; at++)
        {
            if (!Verbs.Contains(words[at]))
                continue;
            var rest = Following(words, at);
            if (OnServers.FirstOrDefault(known => rest.StartsWith(known + " ", StringComparison.Ordinal)) is { } what
                && (what != "SCHEMA" || dialect == SqlDialect.MySql))
                return $"{words[at]} {what}";
        }

        return null;
    }

    /// <summary>The next words, without what may stand between.</summary>
    private static string Following(ImmutableArray<string> words, int at) =>
        string.Join(' ', words.Skip(at + 1).SkipWhile(word => word is "OR" or "REPLACE").Take(3)) + " ";

    private static string? OnPostgreSql(SqlStatement statement)
    {
        var words = statement.Words;
        if (words is ["GRANT" or "REVOKE", ..] && !words.Contains("ON"))
            return $"{words[0]} of a role";
        return words.FirstOrDefault(word => PostgreSqlWords.Any(known => word.StartsWith(known, StringComparison.Ordinal)))
            ?? Pair(words, PostgreSqlPairs)
            ?? (words.Contains("COPY") ? CopiedFile(statement) : null)
            ?? MadeExtension(statement);
    }

    private static string? MadeExtension(SqlStatement statement) =>
        statement.Words.Contains("EXTENSION")
            && Extension().Match(statement.Text) is { Success: true } match ? $"EXTENSION {match.Groups["name"].Value}" : null;

    private static string? CopiedFile(SqlStatement statement) =>
        Copied().IsMatch(statement.Text) ? "COPY … FROM a file of the server" : null;

    private static string? OnMySql(SqlStatement statement)
    {
        var words = statement.Words;
        return words.FirstOrDefault(word => MySqlWords.Contains(word))
            ?? Pair(words, MySqlPairs)
            ?? Used(words)
            ?? Qualified(statement.Text);
    }

    private static string? Used(ImmutableArray<string> words)
    {
        var at = words.IndexOf("USE");
        return at >= 0 && (at + 1 == words.Length || words[at + 1] is not ("INDEX" or "KEY" or "FRM")) ? "USE" : null;
    }

    private static string? Pair(ImmutableArray<string> words, string[] pairs) =>
        pairs.FirstOrDefault(pair => pair.Split(' ') is [var one, .. var other] && Enumerable.Range(0, words.Length).Any(
            at => words[at] == one && (other.Length == 0 ? at == 0 : at + 1 < words.Length && words[at + 1] == other[0])));

    /// <summary>A name before a dot that is neither a table's nor an alias of the statement is another database's.</summary>
    private static string? Qualified(string text)
    {
        var names = MySqlName().Matches(text).Where(match => match.Groups["name"].Success).ToArray();
        var alone = names.Where(match => !match.Groups["dot"].Success).Select(Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var beyond = names.Where(match => match.Groups["dot"].Success).Select(Name)
            .FirstOrDefault(name => !alone.Contains(name) && name.ToUpperInvariant() is not ("NEW" or "OLD" or "INFORMATION_SCHEMA"));
        return beyond is null ? null : $"the name {beyond}.…";
    }

    private static string Name(Match match) => match.Groups["name"].Value.Trim('`', '"');

    /// <summary>Whether texts in the statement may be executed: of a routine, or put together.</summary>
    private static bool Executes(SqlStatement statement, SqlDialect dialect) =>
        statement.Words.Contains("EXECUTE")
        || statement.Words.Contains("PREPARE")
        || (dialect == SqlDialect.PostgreSql && statement.Bodies.IsEmpty
            && statement.Words is ["DO", ..] or ["CREATE", "FUNCTION" or "PROCEDURE", ..] or ["CREATE", "OR", "REPLACE", ..])
        || (dialect == SqlDialect.MySql && statement.Words is ["SET", ..] && statement.Text.Contains('@'));

    private static string? Texts(SqlStatement statement, SqlDialect dialect, int depth) =>
        Text().Matches(statement.Text).Select(match => match.Value[1..^1].Replace("''", "'", StringComparison.Ordinal)).Where(
            text => Begins().IsMatch(text))
            .Select(text => FindIn(text, dialect, depth) ?? TemplateScripts.Find(text, dialect).FirstOrDefault()?.Statement).FirstOrDefault(
                found => found is not null);

    [GeneratedRegex(
        """\bEXTENSION\s+(IF\s+NOT\s+EXISTS\s+)?"?(?<name>dblink|\w+_fdw|pl\w+u|adminpack|pageinspect|pg_surgery|pg_cron|pglogical)\b""",
        RegexOptions.IgnoreCase)]
    private static partial Regex Extension();

    [GeneratedRegex(@"\bCOPY\b[^;]*?\bFROM\s+E?'", RegexOptions.IgnoreCase)]
    private static partial Regex Copied();

    [GeneratedRegex(@"'(?:[^'\\]|\\.|'')*'|""(?:[^""\\]|\\.|"""")*""", RegexOptions.Singleline)]
    private static partial Regex Text();

    [GeneratedRegex(
        @"^\s*(CREATE|DROP|ALTER|RENAME|GRANT|REVOKE|SET|USE|INSERT|REPLACE|UPDATE|DELETE|TRUNCATE|CALL|SELECT|WITH|COPY|DO|BEGIN|DECLARE|KILL|SHUTDOWN|FLUSH|REASSIGN)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Begins();

    // Strings, comments and variables are skipped; executable comments are not.
    [GeneratedRegex(
        @"'(?:[^'\\]|\\.|'')*'|/\*(?!M?!).*?\*/|--\s[^\n]*|\#[^\n]*|@@?[\w$.]+|\b\d[\w.]*|(?<![\w$`.])(?<name>`(?:[^`]|``)+`|""(?:[^""])+""|[A-Za-z_\u0080-\uffff$][\w$]*)(?<dot>\s*\.\s*(?=[`""\w]))?(?:(?<=\.\s*)(?:`(?:[^`]|``)+`|""[^""]+""|[\w$]+))?",
        RegexOptions.Singleline)]
    private static partial Regex MySqlName();
}
