namespace ConcurrentTesting.Databases.MySql;

/// <summary>Sums up what the server counted in the tables of a database
/// (https://mariadb.com/kb/en/information-schema-table_statistics-table/,
/// https://dev.mysql.com/doc/refman/8.4/en/performance-schema-table-wait-summary-tables.html).</summary>
internal static class MySqlStatistics
{
    private const string OfUsers =
        """
        SELECT CAST(COALESCE(SUM(rows_read), 0) AS SIGNED), CAST(COALESCE(SUM(rows_changed), 0) AS SIGNED), NULL, NULL, NULL
        FROM information_schema.table_statistics WHERE table_schema = ?
        """;

    private const string OfPerformance =
        """
        SELECT CAST(COALESCE(SUM(count_fetch), 0) AS SIGNED), NULL, CAST(COALESCE(SUM(count_insert), 0) AS SIGNED), CAST(COALESCE(SUM(count_update), 0) AS SIGNED), CAST(COALESCE(SUM(count_delete), 0) AS SIGNED)
        FROM performance_schema.table_io_waits_summary_by_table WHERE object_schema = ?
        """;

    public static async Task<DatabaseStatistics?> ReadAsync(
        MySqlAdmin admin, MySqlStatisticsSource? source, string database, CancellationToken cancellationToken)
    {
        if (source is null)
            return null;
        var rows = await admin.QueryAsync(
            source == MySqlStatisticsSource.UserStatistics ? OfUsers : OfPerformance,
            row => Enumerable.Range(0, row.FieldCount).Select(column => row.IsDBNull(column) ? (long?)null : row.GetInt64(column))
                .ToArray(),
            cancellationToken,
            database);
        var counts = rows[0];
        return new DatabaseStatistics
        {
            Database = database,
            RowsRead = counts[0],
            RowsChanged = counts[1],
            RowsInserted = counts[2],
            RowsUpdated = counts[3],
            RowsDeleted = counts[4],
        };
    }

    /// <summary>What was counted since an earlier reading; null where the server has begun to count anew, as after a restart.</summary>
    public static DatabaseStatistics? Since(DatabaseStatistics earlier, DatabaseStatistics later) =>
        IsLess(later, earlier) ? null : later with
        {
            RowsRead = later.RowsRead - earlier.RowsRead,
            RowsChanged = later.RowsChanged - earlier.RowsChanged,
            RowsInserted = later.RowsInserted - earlier.RowsInserted,
            RowsUpdated = later.RowsUpdated - earlier.RowsUpdated,
            RowsDeleted = later.RowsDeleted - earlier.RowsDeleted,
        };

    private static bool IsLess(DatabaseStatistics counts, DatabaseStatistics than) =>
        counts.RowsRead < than.RowsRead || counts.RowsChanged < than.RowsChanged || counts.RowsInserted < than.RowsInserted;
}
