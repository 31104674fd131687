namespace ConcurrentTesting.Databases.Templates.Scripts;

/// <summary>Finds the statements of a template script that reach beyond the database that the script is for, and text that means nothing,
/// before any of it is executed.</summary>
internal static class TemplateScripts
{
    /// <exception cref="ConcurrentTestException">
    /// A statement reaches beyond and the guard is not overridden, or a text is not in its encoding.
    /// </exception>
    public static Task CheckAsync(
        IEnumerable<TemplateSource> sources, DatabaseEngine engine, Guards guards, CancellationToken cancellationToken) =>
        CheckAsync(sources, DialectOf(engine), Find, guards, cancellationToken);

    /// <summary>The same for scripts that run as an account that may reach: what else can be told from words. It is no proof: names can be
    /// put together from parts.</summary>
    public static Task CheckFurtherAsync(
        IEnumerable<TemplateSource> sources, DatabaseEngine engine, Guards guards, CancellationToken cancellationToken) =>
        CheckAsync(sources, DialectOf(engine), FindFurther, guards, cancellationToken);

    private static SqlDialect DialectOf(DatabaseEngine engine) => engine switch
    {
        DatabaseEngine.PostgreSql => SqlDialect.PostgreSql,
        DatabaseEngine.MySql => SqlDialect.MySql,
        _ => SqlDialect.Sqlite,
    };

    private static async Task CheckAsync(
        IEnumerable<TemplateSource> sources, SqlDialect dialect, Func<SqlStatement, SqlDialect, IEnumerable<Reach>> find, Guards guards,
        CancellationToken cancellationToken)
    {
        foreach (var script in sources.SelectMany(source => source.Steps).OfType<SqlFileStep>().DistinctBy(script => script.Path))
        {
            var sql = await SqlScriptFile.ReadAsync(script, cancellationToken);
            foreach (var statement in SqlScriptReader.Read(sql, dialect))
            {
                SqlTextCheck.Require(script, sql, statement, dialect);
                foreach (var reach in find(statement, dialect))
                {
                    guards.Refuse(
                        GuardName.ReachingSql,
                        $"{script.Name}:{reach.Line}: {reach.Statement} reaches beyond the template's own database",
                        reach.Remedy);
                }
            }
        }
    }

    /// <summary>Finds what reaches beyond the database, in the order of the script.</summary>
    public static IEnumerable<Reach> Find(string sql, SqlDialect dialect) =>
        SqlScriptReader.Read(sql, dialect).SelectMany(statement => Find(statement, dialect));

    /// <summary>What <see cref="Find(string, SqlDialect)"/> lets through and reaches beyond all the same.</summary>
    public static IEnumerable<Reach> FindFurther(SqlStatement statement, SqlDialect dialect) =>
        !statement.IsClientCommand && !Find(statement, dialect).Any() && ReachingWords.Find(statement, dialect) is { } name
            ? [new Reach(statement.Line, name, "leave it out")]
            : [];

    private static IEnumerable<Reach> Find(SqlStatement statement, SqlDialect dialect)
    {
        if (Name(statement, dialect) is { } name)
        {
            yield return new Reach(
                statement.Line, name, statement.IsClientCommand ? "only SQL is executed here: leave it out" : "leave it out");
        }

        foreach (var body in statement.Bodies)
        {
            foreach (var reach in Find(body.Text, dialect).Where(reach => !reach.Statement.StartsWith('\\')))
                yield return reach with { Line = body.Line + reach.Line - 1 };
        }
    }

    private static string? Name(SqlStatement statement, SqlDialect dialect) =>
        statement.Words is ["\\ENCODING"] ? null
        : statement.IsClientCommand
            ? statement.Text.Split([' ', '\t'], 2)[0]
            : dialect switch
            {
                SqlDialect.PostgreSql => OnPostgreSql(statement.Words),
                SqlDialect.MySql => OnMySql(statement.Words),
                _ => OnSqlite(statement.Words),
            };

    private static string? OnPostgreSql(ImmutableArray<string> words) => words switch
    {
        ["CREATE" or "DROP" or "ALTER", "DATABASE" or "ROLE" or "USER" or "GROUP" or "TABLESPACE" or "SUBSCRIPTION" or "SYSTEM", ..] =>
            First(words, 2),
        ["PREPARE", "TRANSACTION", ..] => First(words, 2),
        ["COPY", ..] => Copying(words),
        // In a function's body the statement may follow words such as BEGIN and THEN.
        _ => words.IndexOf("COPY") is var at and >= 0 ? Copying(words[at..]) : null,
    };

    private static string? Copying(ImmutableArray<string> words)
    {
        if (words.Contains("PROGRAM"))
            return "COPY … PROGRAM";
        var writesFile = words.Zip(words.Skip(1)).Any(pair => pair.First == "TO" && pair.Second is not "STDOUT") || words[^1] == "TO";
        return writesFile ? "COPY … TO a file" : null;
    }

    private static string? OnMySql(ImmutableArray<string> words) => words switch
    {
        ["USE", ..] => "USE",
        ["CREATE" or "DROP" or "ALTER" or "RENAME", "DATABASE" or "SCHEMA" or "USER" or "ROLE" or "SERVER" or "TABLESPACE", ..] =>
            First(words, 2),
        ["CREATE", "OR", "REPLACE", "DATABASE" or "SCHEMA" or "USER" or "ROLE" or "SERVER", ..] => First(words, 4),
        ["GRANT" or "REVOKE" or "SHUTDOWN" or "RESTART" or "KILL" or "PURGE", ..] => words[0],
        ["INSTALL" or "UNINSTALL" or "CHANGE" or "RESET" or "START"
            or "STOP", "PLUGIN" or "SONAME" or "COMPONENT" or "MASTER" or "REPLICATION" or "SLAVE" or "REPLICA", ..] => First(words, 2),
        ["SET", ..] => Setting(words),
        ["SELECT", ..] when words.Contains("OUTFILE") || words.Contains("DUMPFILE") => "SELECT … INTO a file",
        _ => null,
    };

    private static string? Setting(ImmutableArray<string> words)
    {
        var beyond = words.FirstOrDefault(
            word => word is "GLOBAL" or "PERSIST" or "PERSIST_ONLY" or "@@GLOBAL" or "@@PERSIST" or "@@PERSIST_ONLY" or "PASSWORD");
        return beyond is null ? null : $"SET {beyond}";
    }

    private static string? OnSqlite(ImmutableArray<string> words) => words switch
    {
        ["ATTACH" or "DETACH", ..] => words[0],
        ["VACUUM", .., "INTO"] or ["VACUUM", "INTO", ..] => "VACUUM INTO",
        _ => null,
    };

    private static string First(ImmutableArray<string> words, int count) => string.Join(' ', words.Take(count));

    /// <param name="Line">Counted from 1.</param>
    /// <param name="Statement">Its first words.</param>
    internal sealed record Reach(int Line, string Statement, string Remedy);
}
