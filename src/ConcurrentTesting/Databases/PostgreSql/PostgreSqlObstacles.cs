using Microsoft.Extensions.Logging;
using Npgsql;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>
/// What keeps a database of ours from being dropped beyond its sessions, which the drop itself ends: who reads a replication slot of it,
/// prepared transactions and subscriptions. They outlive the tests that made them.
/// </summary>
internal sealed class PostgreSqlObstacles(PostgreSqlAdmin admin, ILogger logger)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Removes what may be removed; what it was is gone a moment later.</summary>
    public async Task RemoveAsync(string database, CancellationToken cancellationToken)
    {
        try
        {
            await admin.QueryAsync(
                "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = $1 AND active",
                row => row.GetBoolean(0),
                cancellationToken,
                database);
            await RemoveInsideAsync(database, cancellationToken);
        }
        catch (NpgsqlException exception)
        {
            // The drop is tried again, and tells what is in its way.
            logger.LogDebug("What keeps {Database} from being dropped stays: {Reason}", database, exception.Message);
        }

        await Task.Delay(PollInterval, cancellationToken);
    }

    private async Task RemoveInsideAsync(string database, CancellationToken cancellationToken)
    {
        var transactions = await admin.QueryAsync(
            "SELECT gid FROM pg_prepared_xacts WHERE database = $1", row => row.GetString(0), cancellationToken, database);
        var subscriptions = await admin.QueryAsync(
            "SELECT subname::text FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = $1",
            row => row.GetString(0),
            cancellationToken,
            database);
        if (transactions.Count + subscriptions.Count == 0)
            return;
        await using var session = await admin.OpenSessionAsync(database, cancellationToken);
        foreach (var transaction in transactions)
            await ExecuteAsync(session, $"ROLLBACK PREPARED {Literal(transaction)}", cancellationToken);
        foreach (var subscription in subscriptions.Select(Quote))
        {
            // Without its slot, which another server has.
            await ExecuteAsync(session, $"ALTER SUBSCRIPTION {subscription} DISABLE", cancellationToken);
            await ExecuteAsync(session, $"ALTER SUBSCRIPTION {subscription} SET (slot_name = NONE)", cancellationToken);
            await ExecuteAsync(session, $"DROP SUBSCRIPTION {subscription}", cancellationToken);
        }
    }
}
