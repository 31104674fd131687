using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates.Scripts;
using Npgsql;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Statements that the role that builds a template may not execute itself, and that reach no other database. Each is checked where
/// it stands and executed by the given account afterwards, when everything belongs to that account. Extensions are made by it at
/// once.</summary>
/// <param name="session">The script's.</param>
/// <param name="admin">The given account's, in the same database.</param>
internal sealed partial class PostgreSqlHeldStatements(
    NpgsqlConnection session, NpgsqlConnection admin, TemplateAccount account, string user, ConcurrentTestSettings settings,
    ICollection<PostgreSqlHeldStatements.Held> held)
{
    private const string Undefined = "0A000 3F000 42704 42883 42P01";

    private static readonly string[] GrantsElsewhere = ["DATABASE", "TABLESPACE", "PARAMETER", "LANGUAGE", "FOREIGN", "LARGE"];

    // This is the encoding of the script's bytes. The session of the given account is sent characters, not bytes.
    private SqlEncoding _encoding = SqlEncoding.Utf8;
    private string? _actingAs;
    private bool _isLocal;
    private HashSet<string> _before = [];

    /// <param name="SearchPath">What names without a schema mean.</param>
    /// <param name="MayBeGone">The script may later have renamed or dropped the object of the statement.</param>
    /// <param name="Where">File, line and statement.</param>
    internal sealed record Held(string Sql, string SearchPath, bool MayBeGone, string Where)
    {
        /// <returns>False where the object of the statement no longer exists.</returns>
        public async Task<bool> ApplyAsync(NpgsqlConnection admin, CancellationToken cancellationToken)
        {
            await admin.QueryAsync("SELECT set_config('search_path', $1, false)", row => row.GetString(0), cancellationToken, SearchPath);
            try
            {
                await using var batch = new NpgsqlBatch(admin) { Timeout = 0 };
                batch.BatchCommands.Add(new NpgsqlBatchCommand(Sql));
                await batch.ExecuteNonQueryAsync(cancellationToken);
                return true;
            }
            catch (PostgresException exception) when (MayBeGone && Undefined.Contains(exception.SqlState, StringComparison.Ordinal))
            {
                return false;
            }
            catch (PostgresException exception)
            {
                throw new ConcurrentTestException(
                    ConcurrentTestExitCode.Incomplete,
                    $"{Where} failed afterwards, as '{admin.UserName}': {exception.MessageText} ({exception.SqlState})", exception);
            }
        }
    }

    /// <returns>Whether the statement has been taken care of; else it is to be executed.</returns>
    public Task<bool> TryTakeAsync(SqlStatement statement, string where, CancellationToken cancellationToken)
    {
        _encoding = statement.Encoding;
        return TryTakeReadableAsync(statement with { Text = statement.Readable }, where, cancellationToken);
    }

    private async Task<bool> TryTakeReadableAsync(SqlStatement statement, string where, CancellationToken cancellationToken) =>
        statement.Words switch
        {
            ["CREATE" or "ALTER" or "DROP", "EXTENSION", ..] => await TryExtensionAsync(statement, cancellationToken),
            ["COMMENT", "ON", "EXTENSION", ..] => await HoldAsync(statement.Text, mayBeGone: false, where, cancellationToken),
            ["ALTER", "DEFAULT", "PRIVILEGES", ..] => await TryDefaultsAsync(statement, where, cancellationToken),
            ["ALTER", .., "OWNER", "TO"] or ["ALTER", .., "OWNER", "TO", _] => await TryOwnerAsync(statement, where, cancellationToken),
            ["CREATE", "SCHEMA", ..] when statement.Words.Contains("AUTHORIZATION") =>
                await TrySchemaAsync(statement, where, cancellationToken),
            ["SET" or "RESET", ..] => await TryActAsync(statement, where, cancellationToken),
            _ => false,
        };

    /// <summary>Handles a statement after it was executed.</summary>
    /// <param name="warnings">The server's warnings, by SQLSTATE: it skips what it cannot grant or revoke without an error.</param>
    /// <returns>Why the statement did not do all that it says; null where it did.</returns>
    public async Task<string?> AfterAsync(
        SqlStatement statement, IReadOnlyCollection<PostgresNotice> warnings, string where, CancellationToken cancellationToken)
    {
        if (_isLocal && statement.Words is ["COMMIT" or "END" or "ROLLBACK" or "ABORT", ..])
            await ActAsAsync(null, false, where, cancellationToken);
        if (statement.Words is not ["GRANT" or "REVOKE", ..]
            || warnings.FirstOrDefault(warning => warning.SqlState is "01006" or "01007") is not { } undone)
            return null;
        if (!IsGrantWithin(statement))
            return $"{undone.MessageText} ({undone.SqlState})";
        await RepeatAsync(statement, where, cancellationToken);
        return null;
    }

    /// <summary>Whether a statement grants or revokes rights on objects in the database, some of which may belong to an extension and so to
    /// the given account.</summary>
    public static bool IsGrantWithin(SqlStatement statement)
    {
        var on = statement.Words.IndexOf("ON");
        return statement.Words is ["GRANT" or "REVOKE", ..] && on > 0
            && !(on + 1 < statement.Words.Length && GrantsElsewhere.Contains(statement.Words[on + 1]));
    }

    /// <summary>The given account executes it too, afterwards.</summary>
    public async Task RepeatAsync(SqlStatement statement, string where, CancellationToken cancellationToken) =>
        await HoldAsync(statement.Readable, mayBeGone: true, where, cancellationToken);

    /// <summary>The script is at its end.</summary>
    public Task EndAsync(string where, CancellationToken cancellationToken) => ActAsAsync(null, false, where, cancellationToken);

    private async Task<bool> TryExtensionAsync(SqlStatement statement, CancellationToken cancellationToken)
    {
        if (PostgreSqlExtensions.Read(statement) is not { } extension || !PostgreSqlExtensions.MayBeMade(extension.Name, settings))
            return false;
        var current = await session.QueryAsync(
            "SELECT current_schema()::text", row => row.IsDBNull(0) ? null : row.GetString(0), cancellationToken);
        await PostgreSqlExtensions.ExecuteAsync(
            admin, extension, current[0] is { } schema ? _encoding.Decode(schema) : null, cancellationToken);
        return true;
    }

    /// <summary>Holds for what the script makes from here on, and for the account that all of it will belong to.</summary>
    private async Task<bool> TryDefaultsAsync(SqlStatement statement, string where, CancellationToken cancellationToken)
    {
        var match = ForRoles().Match(statement.Text);
        var roles = match.Success ? match.Groups["role"].Captures.Select(capture => Role(capture.Value)).ToArray() : [user];
        foreach (var role in roles)
            await RequireRoleAsync(role, cancellationToken);
        if (roles.Contains(user))
        {
            await session.ExecuteAsync(
                _encoding.Encode(
                    match.Success ? statement.Text.Remove(match.Groups["for"].Index, match.Groups["for"].Length) : statement.Text),
                        cancellationToken);
        }

        return await HoldAsync(statement.Text, mayBeGone: false, where, cancellationToken);
    }

    private async Task<bool> TryOwnerAsync(SqlStatement statement, string where, CancellationToken cancellationToken)
    {
        if (Owner().Match(statement.Text) is not { Success: true } match)
            return false;
        await RequireRoleAsync(Role(match.Groups["role"].Value), cancellationToken);
        // Whether the role exists, and may be given the object, is checked here, at the statement with which the script would fail.
        await session.ExecuteAsync(
            _encoding.Encode(statement.Text[..match.Groups["role"].Index] + Quote(account.Name)), cancellationToken);
        return await HoldAsync(statement.Text, mayBeGone: true, where, cancellationToken);
    }

    private async Task<bool> TrySchemaAsync(SqlStatement statement, string where, CancellationToken cancellationToken)
    {
        if (Schema().Match(statement.Text) is not { Success: true } match)
            return false;
        var role = Role(match.Groups["role"].Value);
        await RequireRoleAsync(role, cancellationToken);
        var name = match.Groups["name"].Success ? match.Groups["name"].Value : Quote(role);
        await session.ExecuteAsync(_encoding.Encode($"CREATE SCHEMA {match.Groups["if"].Value}{name}"), cancellationToken);
        return await HoldAsync($"ALTER SCHEMA {name} OWNER TO {Quote(role)}", mayBeGone: true, where, cancellationToken);
    }

    private async Task<bool> TryActAsync(SqlStatement statement, string where, CancellationToken cancellationToken)
    {
        if (Acting().Match(statement.Text) is not { Success: true } match)
            return false;
        var role = match.Groups["role"].Success && !match.Groups["none"].Success ? Role(match.Groups["role"].Value) : null;
        if (role is not null)
            await RequireRoleAsync(role, cancellationToken);
        await ActAsAsync(role == user ? null : role, match.Groups["local"].Success, where, cancellationToken);
        return true;
    }

    /// <summary>Objects that are made while the script acts as another role belong to that role.</summary>
    private async Task ActAsAsync(string? role, bool isLocal, string where, CancellationToken cancellationToken)
    {
        if (_actingAs is null && role is null)
            return;
        var owned = await OwnedAsync(cancellationToken);
        foreach (var (id, kind, identity) in owned.Where(one => _actingAs is not null && !_before.Contains(one.Id)))
            held.Add(new Held($"ALTER {kind} {identity} OWNER TO {Quote(_actingAs!)}", "", MayBeGone: true, where));
        (_actingAs, _isLocal) = (role, isLocal);
        _before = [.. owned.Select(one => one.Id)];
    }

    private Task<IReadOnlyList<(string Id, string Kind, string Identity)>> OwnedAsync(CancellationToken cancellationToken) =>
        session.QueryAsync(
            """
            SELECT d.classid || '/' || d.objid, CASE i.type WHEN 'statistics object' THEN 'STATISTICS' WHEN 'composite type' THEN 'TYPE' ELSE upper(i.type) END, i.identity
            FROM pg_catalog.pg_shdepend d, pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) i
            WHERE d.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) AND d.deptype = 'o'
              AND d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND d.refobjid = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)
              AND i.type NOT IN ('default acl', 'extension', 'user mapping') AND i.identity IS NOT NULL
              AND NOT (i.type = 'sequence' AND EXISTS (SELECT FROM pg_catalog.pg_depend p WHERE p.classid = d.classid AND p.objid = d.objid AND p.deptype IN ('a', 'i') AND p.refobjsubid > 0))
            ORDER BY d.classid, d.objid
            """,
            row => (row.GetString(0), row.GetString(1), _encoding.Decode(row.GetString(2))),
            cancellationToken);

    private async Task<bool> HoldAsync(string sql, bool mayBeGone, string where, CancellationToken cancellationToken)
    {
        var path = await session.QueryAsync("SELECT current_setting('search_path')", row => row.GetString(0), cancellationToken);
        held.Add(new Held(sql, _encoding.Decode(path[0]), mayBeGone, where));
        return true;
    }

    /// <summary>A role that is missing is an error where the script names it.</summary>
    private async Task RequireRoleAsync(string role, CancellationToken cancellationToken) =>
        await session.QueryAsync(
            "SELECT $1::pg_catalog.regrole::pg_catalog.text", row => row.GetString(0), cancellationToken,
            _encoding.Encode(Quote(role)));

    private string Role(string written) => written switch
    {
        _ when written.ToUpperInvariant() is "CURRENT_USER" or "SESSION_USER" or "CURRENT_ROLE" => user,
        ['"', ..] => written[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal),
        ['\'', ..] => written[1..^1].Replace("''", "'", StringComparison.Ordinal),
        _ => written.ToLowerInvariant(),
    };

    [GeneratedRegex("""\bOWNER\s+TO\s+(?<role>"(?:[^"]|"")+"|[\w$]+)\s*\z""", RegexOptions.IgnoreCase)]
    private static partial Regex Owner();

    [GeneratedRegex(
        """^ALTER\s+DEFAULT\s+PRIVILEGES\s+(?:IN\s+SCHEMA\s+(?:"(?:[^"]|"")+"|[\w$,\s])+?\s+)?"""
        + """(?<for>FOR\s+(?:ROLE|USER)\s+(?<role>"(?:[^"]|"")+"|[\w$]+)(?:\s*,\s*(?<role>"(?:[^"]|"")+"|[\w$]+))*)""",
        RegexOptions.IgnoreCase)]
    private static partial Regex ForRoles();

    [GeneratedRegex(
        """^CREATE\s+SCHEMA\s+(?<if>IF\s+NOT\s+EXISTS\s+)?(?:(?!AUTHORIZATION\b)(?<name>"(?:[^"]|"")+"|[\w$]+)\s+)?AUTHORIZATION\s+(?<role>"(?:[^"]|"")+"|[\w$]+)\s*\z""", RegexOptions.IgnoreCase)]
    private static partial Regex Schema();

    [GeneratedRegex(
        """^(?:RESET\s+(?:ROLE|SESSION\s+AUTHORIZATION)|SET\s+(?:SESSION\s+|(?<local>LOCAL\s+))?(?:ROLE|SESSION\s+AUTHORIZATION)\s*(?:=|\bTO\b)?\s*(?<role>(?<none>NONE\b|DEFAULT\b)|"(?:[^"]|"")+"|'(?:[^']|'')+'|[\w$]+))\s*\z""",
        RegexOptions.IgnoreCase)]
    private static partial Regex Acting();
}
