using ConcurrentTesting.Databases.Server;
using MySqlConnector;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>A table of ours in a finished template, which no copy gets: that the template is complete, when it was used last, which runs
/// use it, and its events, which must not fire there. MySQL has no comments on databases, and nothing else that comes and goes with
/// one.</summary>
internal sealed class MySqlMark(MySqlAdmin admin)
{
    private const string Table = "concurrent_test_template";
    private const string Complete = "complete";
    private const string Run = "run";
    private const string Event = "event";

    public static bool IsMark(string table) => table.Equals(Table, StringComparison.OrdinalIgnoreCase);

    /// <summary>Says that the template is whole.</summary>
    public async Task CompleteAsync(
        string template, DateTimeOffset now, IEnumerable<MySqlObject> events, CancellationToken cancellationToken)
    {
        await using var session = await admin.RentAsync(cancellationToken);
        await session.ExecuteAsync(
            $"""
            CREATE TABLE {Of(template)} (kind VARCHAR(16) NOT NULL, name VARCHAR(64) NOT NULL, value LONGTEXT NOT NULL, PRIMARY KEY (kind, name))
            CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
            """,
            cancellationToken);
        foreach (var found in events)
            await WriteAsync(session, template, Event, found.Name, JsonSerializer.Serialize(found), cancellationToken);
        await WriteAsync(session, template, Complete, "", Text(now), cancellationToken);
    }

    /// <summary>Removes the mark, without which the template counts as half-built.</summary>
    public Task RemoveAsync(string template, CancellationToken cancellationToken) =>
        admin.ExecuteAsync($"DROP TABLE IF EXISTS {Of(template)}", cancellationToken);

    /// <returns>Null where the template is half-built.</returns>
    public async Task<DateTimeOffset?> LastUsedAsync(string template, CancellationToken cancellationToken)
    {
        try
        {
            var found = await admin.QueryAsync(
                $"SELECT value FROM {Of(template)} WHERE kind = '{Complete}'",
                row => DateTimeOffset.ParseExact(row.GetString(0), "u", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                cancellationToken);
            return found is [var lastUsed] ? lastUsed : null;
        }
        catch (MySqlException exception) when (MySqlFaults.IsNotThere(exception))
        {
            return null;
        }
    }

    /// <summary>Notes that a run uses the template, and forgets the dead ones.</summary>
    /// <returns>False where the template is half-built.</returns>
    public async Task<bool> TryUseAsync(string template, string runToken, CancellationToken cancellationToken)
    {
        if (await LastUsedAsync(template, cancellationToken) is null)
            return false;
        await using var session = await admin.RentAsync(cancellationToken);
        await session.ExecuteAsync(
            $"DELETE FROM {Of(template)} WHERE kind = '{Run}' AND NOT ({MySqlLockSession.IsAlive("name")})", cancellationToken);
        await WriteAsync(session, template, Run, runToken, "", cancellationToken);
        return true;
    }

    /// <summary>Notes that a run no longer uses the template.</summary>
    public Task LeaveAsync(string template, string runToken, CancellationToken cancellationToken) =>
        admin.QueryAsync($"DELETE FROM {Of(template)} WHERE kind = '{Run}' AND name = ?", _ => 0, cancellationToken, runToken);

    public async Task TouchAsync(string template, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var session = await admin.RentAsync(cancellationToken);
        await WriteAsync(session, template, Complete, "", Text(now), cancellationToken);
    }

    /// <summary>Whether a run that lives uses the template.</summary>
    public async Task<bool> IsInUseAsync(string template, CancellationToken cancellationToken)
    {
        try
        {
            var users = await admin.QueryAsync(
                $"SELECT COUNT(*) FROM {Of(template)} WHERE kind = '{Run}' AND {MySqlLockSession.IsAlive("name")}",
                row => row.GetInt64(0),
                cancellationToken);
            return users is not [0];
        }
        catch (MySqlException exception) when (MySqlFaults.IsNotThere(exception))
        {
            return false;
        }
    }

    /// <summary>The events that the template would have; none where the database is not one of our templates.</summary>
    public static async Task<IReadOnlyList<MySqlObject>> EventsAsync(
        MySqlConnection session, string database, CancellationToken cancellationToken)
    {
        if (OwnDatabaseName.Parse(database) is null)
            return [];
        try
        {
            return await session.QueryAsync(
                $"SELECT value FROM {Of(database)} WHERE kind = '{Event}' ORDER BY name",
                row => JsonSerializer.Deserialize<MySqlObject>(row.GetString(0))!,
                cancellationToken);
        }
        catch (MySqlException exception) when (MySqlFaults.IsNotThere(exception))
        {
            return [];
        }
    }

    private static async Task WriteAsync(
        MySqlConnection session, string template, string kind, string name, string value, CancellationToken cancellationToken) =>
        await session.QueryAsync($"REPLACE INTO {Of(template)} VALUES (?, ?, ?)", _ => 0, cancellationToken, kind, name, value);

    private static string Of(string template) => $"{Quote(template)}.{Quote(Table)}";

    private static string Text(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);
}
