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
        // Id, User, Host, db, Command, Time, State, Info: its statement. A run that was killed may have left a copy under way. Who asks for
        // the lock that is called like the database, our own session too, has its name as a text in its statement, not as an identifier.
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
                // It has ended by itself, or is one that we may see and not end: what is done next tells whether it is in the way.
            }
        }

        return inside.Length;
    }

    private static string Text(DbDataReader row, int column) => row.IsDBNull(column) ? "" : row.GetString(column);
}
