using System.Collections.Concurrent;
using System.Globalization;
using ConcurrentTesting.Databases.Server;
using Microsoft.Extensions.Logging;
using MySqlConnector;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Drops databases of ours, and ends the sessions that are in the way: MySQL's DROP waits for every open transaction.</summary>
internal sealed class MySqlSessions(MySqlAdmin admin, ILogger logger)
{
    /// <summary>How long a drop may take before the database is left for the next sweep.</summary>
    public static readonly TimeSpan DropLimit = TimeSpan.FromSeconds(5);

    private const int NoSuchThread = 1094;

    private readonly ConcurrentDictionary<string, bool> _undropped = new();

    /// <returns>Whether it is gone.</returns>
    public async Task<bool> DropAsync(string name, CancellationToken cancellationToken)
    {
        if (OwnDatabaseName.Parse(name) is null)
            throw new InvalidOperationException($"{name} is not a database of ours");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DropLimit);
        try
        {
            while (!await TryDropAsync(name, limit.Token))
            {
            }

            return true;
        }
        catch (Exception exception) when (exception is MySqlException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            var why = exception is MySqlException { Number: > 0 and not 1317 } server ? server.Message : $"a session that is not ours to end holds it for more than {DropLimit.TotalSeconds:0} s";
            // It is tried again at the run's end, but told once.
            logger.Log(_undropped.TryAdd(name, true) ? LogLevel.Warning : LogLevel.Debug, "The database {Name} could not be dropped and is left for the next run's sweep: {Reason}", name, why);
            return false;
        }
    }

    /// <summary>Ends the sessions that are inside a database or at work on it, as far as we may see and end them.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> EndAsync(string name, CancellationToken cancellationToken)
    {
        // Id, User, Host, db, Command, Time, State, Info: its statement. A run that was killed may have left a copy under way. Who asks for the lock that is called
        // like the database, our own session too, has its name as a text in its statement, not as an identifier.
        var inside = (await admin.QueryAsync(
            "SHOW FULL PROCESSLIST", row => (Id: row.GetInt64(0), Database: Text(row, 3), Statement: Text(row, 7)), cancellationToken))
            .Where(session => session.Database == name || session.Statement.Contains(Quote(name), StringComparison.Ordinal)).ToArray();
        foreach (var session in inside)
        {
            try
            {
                await admin.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"KILL {session.Id}"), cancellationToken);
            }
            catch (MySqlException exception) when (exception.Number == NoSuchThread)
            {
                // It has ended by itself.
            }
        }

        return inside.Length;
    }

    private static string Text(MySqlDataReader row, int column) => row.IsDBNull(column) ? "" : row.GetString(column);

    private async Task<bool> TryDropAsync(string name, CancellationToken cancellationToken)
    {
        await EndAsync(name, cancellationToken);
        try
        {
            await admin.ExecuteAsync($"DROP DATABASE IF EXISTS {Quote(name)}", cancellationToken);
            return true;
        }
        catch (MySqlException exception) when (exception.Number == MySqlFaults.LockWaitTimeout)
        {
            return false;
        }
    }
}
