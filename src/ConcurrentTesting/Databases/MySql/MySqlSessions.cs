using System.Data.Common;
using MySqlConnector;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Ends the sessions that are in a database's way: MySQL's DROP waits for every open transaction.</summary>
internal sealed class MySqlSessions(MySqlAdmin admin)
{
    private const int NoSuchThread = 1094;
    private const int NotOwnThread = 1095;

    /// <summary>Ends the sessions that are inside a database or at work on it, as far as we may see and end them.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> EndAsync(string name, CancellationToken cancellationToken)
    {
        // The columns are Id, User, Host, db, Command, Time, State, Info (the statement). A session that a killed run left may still copy
        // into the database: its statement has the name as an identifier. A session that asks for the lock of that name, as ours does, has
        // it as a text.
        var inside = (await admin.QueryAsync(
            "SHOW FULL PROCESSLIST", row => (Id: row.GetInt64(0), Database: Text(row, 3), Statement: Text(row, 7)), cancellationToken))
            .Where(session => session.Database == name || session.Statement.Contains(Quote(name), StringComparison.Ordinal)).ToArray();
        foreach (var session in inside)
        {
            try
            {
                await admin.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"KILL {session.Id}"), cancellationToken);
            }
            catch (MySqlException exception) when (exception.Number is NoSuchThread or NotOwnThread)
            {
                // The session has ended by itself, or we may see and not end it: the caller's next step shows whether it is in the way.
            }
        }

        return inside.Length;
    }

    private static string Text(DbDataReader row, int column) => row.IsDBNull(column) ? "" : row.GetString(column);
}
