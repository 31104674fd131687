using ConcurrentTesting.Databases.Server;
using Npgsql;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>What keeps a database of ours from being dropped beyond its sessions, which the drop itself ends: who reads a replication slot
/// of it, prepared transactions and subscriptions. They outlive the tests that made them.</summary>
internal sealed class PostgreSqlObstacles(PostgreSqlAdmin admin, ILogger logger)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Removes what may be removed; what it was is gone a moment later.</summary>
    public async Task RemoveAsync(string database, CancellationToken cancellationToken)
    {
        await TryAsync(database, () => admin.QueryAsync(
            "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = $1 AND active",
            row => row.GetBoolean(0),
            cancellationToken,
            database));
        await TryAsync(database, () => RemoveInsideAsync(database, cancellationToken));
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
            await TryAsync(database, () => session.ExecuteAsync($"ROLLBACK PREPARED {Literal(transaction)}", cancellationToken));
        foreach (var subscription in subscriptions)
            await TryAsync(database, () => DropAsync(session, subscription, database, cancellationToken));
    }

    // The subscription's slot is on another server, so it is dropped without it.
    private async Task DropAsync(NpgsqlConnection session, string subscription, string database, CancellationToken cancellationToken)
    {
        var name = Quote(subscription);
        await session.ExecuteAsync($"ALTER SUBSCRIPTION {name} DISABLE", cancellationToken);
        await session.ExecuteAsync($"ALTER SUBSCRIPTION {name} SET (slot_name = NONE)", cancellationToken);
        await session.ExecuteAsync($"DROP SUBSCRIPTION {name}", cancellationToken);
        logger.LogWarning(
            "Tests left the subscription {Subscription} in {Database}; it was dropped, and its replication slot stays on the server that it subscribed to: drop it there",
            subscription, database);
    }

    // Each obstacle is removed by itself, because one may go where another stays. The drop that follows tells what is still in its way.
    private async Task TryAsync(string database, Func<Task> remove)
    {
        try
        {
            await remove();
        }
        catch (NpgsqlException exception)
        {
            logger.LogDebug("What keeps {Database} from being dropped stays: {Reason}", database, exception.Message);
        }
    }
}
