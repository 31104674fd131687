using System.Data.Common;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>What a run has to know of a server and of its own rights there.</summary>
/// <param name="Version">As <c>server_version_num</c>: 150018.</param>
/// <param name="MayMakeRoles">Whether templates can be built by a role of their own.</param>
/// <param name="Collation">Encoding and locale that databases get unless told otherwise.</param>
internal sealed record PostgreSqlServerFacts(int Version, string User, bool IsSuperuser, bool MayMakeRoles, string Collation)
{
    /// <summary>What is selected from <c>pg_roles r</c>; <see cref="Read"/> takes it from a row's first columns.</summary>
    public const string Columns =
        """
        current_setting('server_version_num')::int, current_user::text, r.rolsuper, r.rolsuper OR r.rolcreaterole,
        (SELECT concat_ws(' ', pg_encoding_to_char(encoding), datcollate, datctype) FROM pg_database WHERE datname = 'template0')
        """;

    /// <summary>The index of the first column after <see cref="Columns"/>.</summary>
    public const int ColumnCount = 5;

    public static PostgreSqlServerFacts Read(DbDataReader row) =>
        new(row.GetInt32(0), row.GetString(1), row.GetBoolean(2), row.GetBoolean(3), row.GetString(4));

    public static async Task<PostgreSqlServerFacts> ReadAsync(PostgreSqlAdmin admin, CancellationToken cancellationToken) =>
        (await admin.QueryAsync($"SELECT {Columns} FROM pg_roles r WHERE r.rolname = current_user", Read, cancellationToken))[0];
}
