using System.Data;
using System.Globalization;
using Npgsql;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>
/// A session that does nothing but hold advisory locks on <c>postgres</c> (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS). The server
/// gives them back within milliseconds of our process's death, however it dies, because the session is idle.
/// </summary>
internal sealed class PostgreSqlLock : IAsyncDisposable
{
    // Arbitrary, and the same for ever: two versions of this library must see each other's locks.
    private const int RunClass = 0x43745275;
    private const int TemplateClass = 0x43745465;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly PostgreSqlAdmin _admin;
    private readonly TimeProvider _time;
    private readonly HashSet<Key> _shared = [];
    private NpgsqlConnection _session;
    private bool _isDisposed;

    private PostgreSqlLock(PostgreSqlAdmin admin, NpgsqlConnection session, TimeProvider time)
    {
        _admin = admin;
        _session = session;
        _time = time;
    }

    /// <summary>A lock for a run, by its token in names; for a template, by its database's name.</summary>
    internal readonly record struct Key(int Class, int Number)
    {
        public static Key OfRun(string token) => new(RunClass, Hash(token));

        public static Key OfTemplate(string name) => new(TemplateClass, Hash(name));

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Class}, {Number}");

        private static int Hash(string text) =>
            System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(
                System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));
    }

    public static async Task<PostgreSqlLock> OpenAsync(PostgreSqlAdmin admin, TimeProvider time, CancellationToken cancellationToken) =>
        new(admin, await OpenSessionAsync(admin, cancellationToken), time);

    /// <summary>
    /// A template's in a new session where the last one broke, and what it held alone with it. A run's not: after a restart of the server
    /// other runs are about to take theirs again.
    /// </summary>
    public async Task<bool> TryExclusiveAsync(Key key, CancellationToken cancellationToken)
    {
        if (key.Class == TemplateClass)
            await ReopenAsync(cancellationToken);
        return await AskAsync($"pg_try_advisory_lock({key})", cancellationToken);
    }

    /// <summary>In a new session where the last one broke; a shared lock is taken again there.</summary>
    public async Task<bool> TrySharedAsync(Key key, CancellationToken cancellationToken)
    {
        await ReopenAsync(cancellationToken);
        var isTaken = await AskAsync($"pg_try_advisory_lock_shared({key})", cancellationToken);
        if (isTaken)
            _shared.Add(key);
        return isTaken;
    }

    /// <summary>A session that broke has given it back.</summary>
    public Task ReleaseExclusiveAsync(Key key, CancellationToken cancellationToken) =>
        IsOpen ? AskAsync($"pg_advisory_unlock({key})", cancellationToken) : Task.CompletedTask;

    /// <summary>A session that broke has given it back.</summary>
    public Task ReleaseSharedAsync(Key key, CancellationToken cancellationToken)
    {
        _shared.Remove(key);
        return IsOpen ? AskAsync($"pg_advisory_unlock_shared({key})", cancellationToken) : Task.CompletedTask;
    }

    /// <summary>Waits between two tries for a lock that another holds.</summary>
    public Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(PollInterval, _time, cancellationToken);

    /// <summary>Returns when the session is lost, or throws when cancelled. Nothing else may use the session meanwhile.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
                await _session.WaitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return _session.DisposeAsync();
    }

    private bool IsOpen => _session.State == ConnectionState.Open;

    private static async Task<NpgsqlConnection> OpenSessionAsync(PostgreSqlAdmin admin, CancellationToken cancellationToken)
    {
        var session = await admin.OpenSessionAsync(PostgreSqlAdmin.AdminDatabase, cancellationToken);
        // Set on versions that have it: a session that is idle by design must not be ended for it.
        if (session.PostgreSqlVersion.Major >= 14)
            await PostgreSqlAdmin.ExecuteAsync(session, "SET idle_session_timeout = 0", cancellationToken);
        return session;
    }

    private async Task ReopenAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (IsOpen)
            return;
        var session = await OpenSessionAsync(_admin, cancellationToken);
        try
        {
            foreach (var key in _shared)
                await AskAsync(session, $"pg_try_advisory_lock_shared({key})", cancellationToken);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }

        await _session.DisposeAsync();
        _session = session;
    }

    private Task<bool> AskAsync(string function, CancellationToken cancellationToken) => AskAsync(_session, function, cancellationToken);

    private static async Task<bool> AskAsync(NpgsqlConnection session, string function, CancellationToken cancellationToken) =>
        (await PostgreSqlAdmin.QueryAsync(session, $"SELECT pg_catalog.{function}", row => row.GetBoolean(0), cancellationToken))[0];
}
