using System.Data;
using MySqlConnector;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>
/// A session that does nothing but hold named locks (https://dev.mysql.com/doc/refman/8.4/en/locking-functions.html, https://mariadb.com/kb/en/get_lock/), which are
/// the whole server's. The server gives them back within milliseconds of our process's death, however it dies, because the session is idle.
/// </summary>
internal sealed class MySqlLock : IAsyncDisposable
{
    private const string RunPrefix = "ct_run_";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(10);

    private readonly MySqlAdmin _admin;
    private readonly TimeProvider _time;
    private MySqlConnection _session;

    private MySqlLock(MySqlAdmin admin, MySqlConnection session, TimeProvider time)
    {
        _admin = admin;
        _session = session;
        _time = time;
    }

    /// <summary>SQL that is true while the run whose token a column holds is alive.</summary>
    public static string IsAlive(string column) => $"IS_USED_LOCK(CONCAT('{RunPrefix}', {column})) IS NOT NULL";

    /// <summary>By a run's token in names. Not longer than 64 characters, MySQL's limit; a template's lock is called like its database.</summary>
    public static string OfRun(string token) => RunPrefix + token;

    public static async Task<MySqlLock> OpenAsync(MySqlAdmin admin, TimeProvider time, CancellationToken cancellationToken) =>
        new(admin, await admin.OpenSessionAsync("", cancellationToken), time);

    /// <summary>In a new session where the last one broke, and what it held with it.</summary>
    public async Task<bool> TryAsync(string name, CancellationToken cancellationToken)
    {
        if (_session.State != ConnectionState.Open)
        {
            await _session.DisposeAsync();
            _session = await _admin.OpenSessionAsync("", cancellationToken);
        }

        return await AskAsync("GET_LOCK(@p0, 0)", name, cancellationToken) == 1;
    }

    /// <summary>A session that broke has given it back.</summary>
    public Task ReleaseAsync(string name, CancellationToken cancellationToken) =>
        _session.State == ConnectionState.Open ? AskAsync("RELEASE_LOCK(@p0)", name, cancellationToken) : Task.CompletedTask;

    /// <summary>Waits between two tries for a lock that another holds.</summary>
    public Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(PollInterval, _time, cancellationToken);

    /// <summary>Returns when the session or its lock is lost, or throws when cancelled. Nothing else may use the session meanwhile.</summary>
    public async Task WatchAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            do
                await Task.Delay(WatchInterval, _time, cancellationToken);
            while (await AskAsync("IS_USED_LOCK(@p0) = CONNECTION_ID()", name, cancellationToken).WaitAsync(LongestAnswer, _time, cancellationToken) == 1);
        }
        catch (Exception exception) when (exception is MySqlException or InvalidOperationException or IOException or TimeoutException)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    /// <returns>Null where the server says NULL.</returns>
    private async Task<long?> AskAsync(string function, string name, CancellationToken cancellationToken) =>
        (await MySqlAdmin.QueryAsync(_session, $"SELECT {function}", row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0), cancellationToken, name))[0];
}
