using System.Collections.Frozen;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates.Scripts;
using Npgsql;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Extensions that we make for a role that may not: those that reach no other database, and those that the user names.</summary>
internal static partial class PostgreSqlExtensions
{
    /// <summary>Extensions that reach nothing outside their database; never dblink, foreign data wrappers, untrusted languages, or file
    /// access.</summary>
    private static readonly FrozenSet<string> Harmless = new[]
    {
        "address_standardizer", "address_standardizer_data_us", "autoinc", "bloom", "btree_gin", "btree_gist", "citext", "cube", "dict_int",
            "dict_xsyn", "earthdistance",
        "fuzzystrmatch", "h3", "hll", "hstore", "hypopg", "insert_username", "intagg", "intarray", "ip4r", "isn", "lo", "ltree",
        "moddatetime", "pg_buffercache", "pg_hint_plan",
        "pg_stat_statements", "pg_trgm", "pg_uuidv7", "pgcrypto", "pgrouting", "pgrowlocks", "pgstattuple", "pgtap", "plpgsql", "postgis",
        "postgis_topology", "prefix", "refint",
        "rum", "seg", "semver", "sslinfo", "tablefunc", "tcn", "temporal_tables", "timescaledb", "tsm_system_rows", "tsm_system_time",
        "unaccent", "unit", "uuid-ossp", "vector",
        "xml2",
    }.ToFrozenSet();

    /// <summary>A statement that only concerns one extension.</summary>
    /// <param name="Verb"><c>CREATE</c>, <c>ALTER</c> or <c>DROP</c>.</param>
    /// <param name="IsConditional"><c>IF NOT EXISTS</c>, <c>IF EXISTS</c>.</param>
    /// <param name="Schema">The schema as it was written; null where it was not.</param>
    /// <param name="Rest">What follows, as it was written.</param>
    internal sealed record Statement(string Verb, string Name, bool IsConditional, string? Schema, string Rest);

    public static bool MayBeMade(string name, ConcurrentTestSettings settings) =>
        Harmless.Contains(name) || settings.TemplateExtensions.Contains(name, StringComparer.Ordinal);

    /// <returns>Null where it is another statement, or does not say plainly what it does.</returns>
    public static Statement? Read(SqlStatement statement)
    {
        if (statement.Words is not ["CREATE" or "ALTER" or "DROP", "EXTENSION", ..]
            || Pattern().Match(statement.Text) is not { Success: true } match)
            return null;
        return new Statement(
            statement.Words[0],
            Unquoted(match.Groups["name"].Value),
            match.Groups["if"].Success,
            match.Groups["schema"] is { Success: true } schema ? Unquoted(schema.Value) : null,
            match.Groups["rest"].Value.Trim());
    }

    /// <summary>Executes it as the given account, built again from its parts so that nothing else is executed with it.</summary>
    /// <param name="current">The schema that the script makes things in; null for none.</param>
    public static async Task ExecuteAsync(
        NpgsqlConnection session, Statement statement, string? current, CancellationToken cancellationToken)
    {
        var schema = statement.Verb == "CREATE" ? statement.Schema
            ?? await SchemaAsync(session, statement, current, cancellationToken) : null;
        var condition = statement.IsConditional ? statement.Verb == "CREATE" ? "IF NOT EXISTS " : "IF EXISTS " : "";
        await session.ExecuteAsync(
            $"{statement.Verb} EXTENSION {condition}{Quote(statement.Name)}{(schema is null ? "" : $" SCHEMA {Quote(schema)}")} {statement.Rest}",
            cancellationToken);
    }

    /// <summary>Whether a script makes the extension itself, perhaps in a schema of its choice.</summary>
    public static bool IsMadeBy(string script, string name) =>
        Regex.IsMatch(script, $"""\bEXTENSION\s+(IF\s+NOT\s+EXISTS\s+)?"?{Regex.Escape(name)}\b""", RegexOptions.IgnoreCase);

    /// <summary>Makes those that the user has named and no script makes.</summary>
    public static async Task MakeNamedAsync(
        NpgsqlConnection session, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        foreach (var name in names)
        {
            await session.ExecuteAsync(
                $"SET search_path = public, pg_catalog; CREATE EXTENSION IF NOT EXISTS {Quote(name)} CASCADE; SET search_path = pg_catalog", cancellationToken);
        }
    }

    /// <summary>Some extensions require a schema of their own.</summary>
    private static async Task<string?> SchemaAsync(
        NpgsqlConnection session, Statement statement, string? current, CancellationToken cancellationToken)
    {
        var own = await session.QueryAsync(
            "SELECT count(v.schema) FROM pg_available_extensions e JOIN pg_available_extension_versions v ON v.name = e.name AND v.version = e.default_version WHERE e.name = $1",
            row => row.GetInt64(0),
            cancellationToken,
            statement.Name);
        return own is [0] ? current : null;
    }

    private static string Unquoted(string name) =>
        name[0] == '"' ? name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : name.ToLowerInvariant();

    [GeneratedRegex(
        """
        ^CREATE\s+EXTENSION\s+(?<if>IF\s+NOT\s+EXISTS\s+)?(?<name>"([^"]|"")+"|\w+)(\s+WITH)?(\s+SCHEMA\s+(?<schema>"([^"]|"")+"|\w+))?
          (?<rest>(\s+VERSION\s+('[^']*'|"[^"]*"|\w+))?(\s+CASCADE)?)\s*\z
        |^ALTER\s+EXTENSION\s+(?<name>"([^"]|"")+"|\w+)(?<rest>\s+UPDATE(\s+TO\s+('[^']*'|"[^"]*"|\w+))?|\s+SET\s+SCHEMA\s+("([^"]|"")+"|\w+))\s*\z
        |^DROP\s+EXTENSION\s+(?<if>IF\s+EXISTS\s+)?(?<name>"([^"]|"")+"|\w+)(?<rest>(\s+(CASCADE|RESTRICT))?)\s*\z
        """,
        RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
