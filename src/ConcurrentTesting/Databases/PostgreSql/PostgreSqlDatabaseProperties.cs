using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>What belongs to a database but is not stored in it, so that <c>CREATE DATABASE … TEMPLATE</c> does not copy it: owner, rights,
/// settings.</summary>
/// <param name="Grants">Null where the rights are the default ones.</param>
internal sealed record PostgreSqlDatabaseProperties(
    string Owner,
    ImmutableArray<PostgreSqlDatabaseProperties.Grant>? Grants,
    ImmutableArray<PostgreSqlDatabaseProperties.Setting> Settings)
{
    // A copy belongs to the source's owner where we may act as that role (PostgreSQL 16 tells SET from the rest), and else to us.
    private const string MayGive =
        """
        (pg_has_role(datdba, 'USAGE')
         AND pg_has_role(datdba, CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END))
        """;

    /// <summary>Settings that are lists: each element is quoted on its own (pg_dump's variable_is_guc_list_quote).</summary>
    private static readonly string[] ListSettings =
        ["local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries", "temp_tablespaces",
            "unix_socket_directories"];

    /// <param name="Grantee">Quoted, or <c>PUBLIC</c>.</param>
    internal sealed record Grant(string Grantee, string Privilege, bool WithGrantOption);

    /// <param name="Role">Null where it holds for all roles.</param>
    internal sealed record Setting(string? Role, string Name, string Value);

    public static async Task<PostgreSqlDatabaseProperties> ReadAsync(
        PostgreSqlAdmin admin, string database, CancellationToken cancellationToken)
    {
        var owner = await admin.QueryAsync(
            $"""
            SELECT CASE WHEN {MayGive} THEN pg_get_userbyid(datdba)::text ELSE current_user::text END, datacl IS NULL OR NOT {MayGive}
            FROM pg_database WHERE datname = $1
            """,
            row => (Name: row.GetString(0), HasDefaultRights: row.GetBoolean(1)),
            cancellationToken,
            database);
        var grants = await admin.QueryAsync(
            """
            SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, a.privilege_type, a.is_grantable
            FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = $1
            """,
            row => new Grant(row.GetString(0), row.GetString(1), row.GetBoolean(2)),
            cancellationToken,
            database);
        var settings = await admin.QueryAsync(
            """
            SELECT r.rolname::text, s.setconfig FROM pg_db_role_setting s
            JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole
            WHERE d.datname = $1
            """,
            row => (Role: row.IsDBNull(0) ? null : row.GetString(0), Entries: row.GetFieldValue<string[]>(1)),
            cancellationToken,
            database);
        return new PostgreSqlDatabaseProperties(
            owner[0].Name,
            owner[0].HasDefaultRights ? null : [.. grants],
            [.. settings.SelectMany(
                row => row.Entries.Select(entry => entry.Split('=', 2)).Select(pair => new Setting(row.Role, pair[0], pair[1])))]);
    }

    /// <summary>The statements that give a database these rights and settings; the owner is given at its creation.</summary>
    public IEnumerable<string> StatementsFor(string database) => [.. RightsFor(database), .. SettingsFor(database)];

    /// <summary>Those of the rights.</summary>
    public IEnumerable<string> RightsFor(string database)
    {
        var name = Quote(database);
        if (Grants is not null)
        {
            yield return $"REVOKE ALL ON DATABASE {name} FROM PUBLIC, {Quote(Owner)}";
            foreach (var grant in Grants)
                yield return $"GRANT {grant.Privilege} ON DATABASE {name} TO {grant.Grantee}{(grant.WithGrantOption ? " WITH GRANT OPTION" : "")}";
        }

    }

    /// <summary>Those of the settings.</summary>
    public IEnumerable<string> SettingsFor(string database) => Settings.Select(setting =>
    {
        var who = setting.Role is null
            ? $"ALTER DATABASE {Quote(database)}"
            : $"ALTER ROLE {Quote(setting.Role)} IN DATABASE {Quote(database)}";
        return $"{who} SET {Quote(setting.Name)} TO {Value(setting.Name, setting.Value)}";
    });

    /// <summary>A setting's value as <c>SET</c> takes it.</summary>
    public static string Value(string name, string value) =>
        ListSettings.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? string.Join(", ", Elements(value).DefaultIfEmpty("").Select(Literal))
            : Literal(value);

    /// <summary>The elements of a list as the catalog stores it: <c>"$user", public</c>.</summary>
    internal static IEnumerable<string> Elements(string list)
    {
        var position = 0;
        while (position < list.Length)
        {
            var (element, next) = list[position] == '"' ? Quoted(list, position) : Bare(list, position);
            yield return element;
            position = next;
            while (position < list.Length && list[position] is ',' or ' ')
                position++;
        }
    }

    private static (string Element, int Next) Quoted(string list, int begin)
    {
        var element = new System.Text.StringBuilder();
        var position = begin + 1;
        while (position < list.Length)
        {
            if (list[position] != '"')
                element.Append(list[position++]);
            else if (position + 1 < list.Length && list[position + 1] == '"')
                (_, position) = (element.Append('"'), position + 2);
            else
                break;
        }

        return (element.ToString(), position + 1);
    }

    private static (string Element, int Next) Bare(string list, int begin)
    {
        var end = list.IndexOf(',', begin);
        end = end < 0 ? list.Length : end;
        return (list[begin..end].Trim(), end);
    }
}
