using System.Data;
using ConcurrentTesting.Databases.Server;
using MySqlConnector;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Holds named locks (https://dev.mysql.com/doc/refman/8.4/en/locking-functions.html, https://mariadb.com/kb/en/get_lock/), which
/// are the whole server's and never shared: a run that shares a template's lock notes itself in the template's mark instead, and counts
/// while its own lock is held.</summary>
internal sealed class MySqlLockSession : ILockSession
{
    private const string RunPrefix = "ct_run_";

    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(10);

    private readonly MySqlMark _mark;
    private readonly string _runToken;
    private readonly TimeProvider _time;
    private readonly MySqlConnection _session;

    private MySqlLockSession(MySqlAdmin admin, MySqlConnection session, string runToken, TimeProvider time)
    {
        _mark = new MySqlMark(admin);
        _runToken = runToken;
        _time = time;
        _session = session;
    }

    public bool IsOpen => _session.State == ConnectionState.Open;

    /// <summary>SQL that is true while the run whose token a column holds is alive.</summary>
    public static string IsAlive(string column) => $"IS_USED_LOCK(CONCAT('{RunPrefix}', {column})) IS NOT NULL";

    /// <summary>The name has at most 64 characters, MySQL's limit; a template's lock is called like its database.</summary>
    public static string NameOf(LockName name) => name.Kind == OwnDatabaseKind.Run ? RunPrefix + name.Name : name.Name;

    public static async Task<MySqlLockSession> OpenAsync(
        MySqlAdmin admin, string runToken, TimeProvider time, CancellationToken cancellationToken) =>
        new(admin, await admin.OpenSessionAsync("", cancellationToken), runToken, time);

    public async Task<bool> TryAsync(LockName name, CancellationToken cancellationToken)
    {
        if (!await TryTakeAsync(name, cancellationToken))
            return false;
        if (name.Kind == OwnDatabaseKind.Run || !await _mark.IsInUseAsync(name.Name, cancellationToken))
            return true;
        await ReleaseAsync(name, cancellationToken);
        return false;
    }

    public async Task<bool> TryShareAsync(LockName name, CancellationToken cancellationToken)
    {
        if (!await TryTakeAsync(name, cancellationToken))
            return false;
        try
        {
            return await _mark.TryUseAsync(name.Name, _runToken, cancellationToken);
        }
        finally
        {
            await ReleaseAsync(name, CancellationToken.None);
        }
    }

    public Task ReleaseAsync(LockName name, CancellationToken cancellationToken) => AskAsync("RELEASE_LOCK(?)", name, cancellationToken);

    public Task UnshareAsync(LockName name, CancellationToken cancellationToken) =>
        _mark.LeaveAsync(name.Name, _runToken, cancellationToken);

    public async Task<bool> HoldsAsync(LockName name, CancellationToken cancellationToken) =>
        await AskAsync("IS_USED_LOCK(?) = CONNECTION_ID()", name, cancellationToken) == 1;

    public async Task WatchAsync(LockName name, CancellationToken cancellationToken)
    {
        try
        {
            do
                await Task.Delay(WatchInterval, _time, cancellationToken);
            while (await HoldsAsync(name, cancellationToken).WaitAsync(LongestAnswer, _time, cancellationToken));
        }
        catch (Exception exception) when (ServerLocks.IsOfBrokenSession(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    private async Task<bool> TryTakeAsync(LockName name, CancellationToken cancellationToken) =>
        await AskAsync("GET_LOCK(?, 0)", name, cancellationToken) == 1;

    /// <returns>Null where the server says NULL.</returns>
    private async Task<long?> AskAsync(string function, LockName name, CancellationToken cancellationToken) =>
        (await _session.QueryAsync(
            $"SELECT {function}", row => row.IsDBNull(0) ? (long?)null : row.GetInt64(0), cancellationToken, NameOf(name)))[0];
}
