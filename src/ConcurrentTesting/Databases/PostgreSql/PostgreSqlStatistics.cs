namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Reads <c>pg_stat_database</c> (https://www.postgresql.org/docs/current/monitoring-stats.html). A session's counts are complete
/// once it has ended.</summary>
internal static class PostgreSqlStatistics
{
    private const int WithSessions = 140000;

    /// <summary>How long a session of a process that has ended may take to leave.</summary>
    private static readonly TimeSpan LongestLeave = TimeSpan.FromMilliseconds(250);

    public static async Task<DatabaseStatistics?> ReadAsync(
        PostgreSqlAdmin admin, PostgreSqlSessions sessions, int version, string database, CancellationToken cancellationToken)
    {
        await sessions.WaitUntilLeftAsync(database, LongestLeave, cancellationToken);
        var counted = version >= WithSessions ? "sessions" : "NULL::bigint";
        var rows = await admin.QueryAsync(
            $"""
             SELECT {counted}, xact_commit + xact_rollback, tup_fetched, tup_inserted, tup_updated, tup_deleted, deadlocks
             FROM pg_stat_database WHERE datname = $1
             """,
            row => new DatabaseStatistics
            {
                Database = database,
                Sessions = row.IsDBNull(0) ? null : row.GetInt64(0),
                Transactions = row.GetInt64(1),
                RowsRead = row.GetInt64(2),
                RowsInserted = row.GetInt64(3),
                RowsUpdated = row.GetInt64(4),
                RowsDeleted = row.GetInt64(5),
                Deadlocks = row.GetInt64(6),
            },
            cancellationToken,
            database);
        return rows.Count == 0 ? null : rows[0];
    }
}
