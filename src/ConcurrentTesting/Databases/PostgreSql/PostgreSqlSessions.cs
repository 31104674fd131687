using System.Diagnostics;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Ends the sessions inside a database, or waits for them to leave.</summary>
internal sealed class PostgreSqlSessions(PostgreSqlAdmin admin)
{
    private const string Clients = "FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'";

    // The server refuses the whole statement for the first session that it does not let us end, so only those are asked for.
    private const string Endable =
        """
        AND EXISTS (SELECT FROM pg_roles me WHERE me.rolname = current_user AND (me.rolsuper OR (
            NOT coalesce((SELECT its.rolsuper FROM pg_roles its WHERE its.oid = usesysid), true)
            AND (pg_has_role(usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE')))))
        """;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>Ends the sessions that we may end, which leave soon after.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> EndAsync(string name, CancellationToken cancellationToken) =>
        (await admin.QueryAsync(
            $"SELECT pg_terminate_backend(pid) {Clients} {Endable}", row => row.GetBoolean(0), cancellationToken, name)).Count;

    /// <summary>Who is inside a database.</summary>
    public Task<IReadOnlyList<string>> DescribeAsync(string name, CancellationToken cancellationToken) =>
        admin.QueryAsync(
            "SELECT concat_ws(' ', pid, usename, application_name, client_addr) FROM pg_stat_activity WHERE datname = $1",
            row => row.GetString(0),
            cancellationToken,
            name);

    /// <returns>Whether nobody is inside any more.</returns>
    public async Task<bool> WaitUntilLeftAsync(string name, TimeSpan limit, CancellationToken cancellationToken)
    {
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < limit;)
        {
            if (await admin.QueryAsync($"SELECT EXISTS (SELECT {Clients})", row => row.GetBoolean(0), cancellationToken, name) is [false])
                return true;
            await Task.Delay(PollInterval, cancellationToken);
        }

        return false;
    }
}
