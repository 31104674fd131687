using System.Buffers.Binary;
using System.Data;
using System.Security.Cryptography;
using ConcurrentTesting.Databases.Server;
using Npgsql;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Holds advisory locks, which only meet within one database: always on <c>postgres</c>
/// (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS).</summary>
internal sealed class PostgreSqlLockSession : ILockSession
{
    // The number is arbitrary and must never change: two versions of this library must see each other's locks.
    private const int RunClass = 0x43745275;
    private const int TemplateClass = 0x43745465;

    private readonly NpgsqlConnection _session;

    private PostgreSqlLockSession(NpgsqlConnection session) => _session = session;

    public bool IsOpen => _session.State == ConnectionState.Open;

    /// <summary>The two numbers of a lock.</summary>
    internal readonly record struct Key(int Class, int Number)
    {
        public static Key Of(LockName name) =>
            new(
                name.Kind == OwnDatabaseKind.Run ? RunClass : TemplateClass,
                BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name.Name))));

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Class}, {Number}");
    }

    public static async Task<PostgreSqlLockSession> OpenAsync(PostgreSqlAdmin admin, CancellationToken cancellationToken)
    {
        var session = await admin.OpenLockSessionAsync(cancellationToken);
        // Only newer versions have this setting; a session that is idle by design must not be ended by it.
        if (session.PostgreSqlVersion.Major >= 14)
            await session.ExecuteAsync("SET idle_session_timeout = 0", cancellationToken);
        return new PostgreSqlLockSession(session);
    }

    public Task<bool> TryAsync(LockName name, CancellationToken cancellationToken) =>
        AskAsync($"pg_try_advisory_lock({Key.Of(name)})", cancellationToken);

    public Task<bool> TryShareAsync(LockName name, CancellationToken cancellationToken) =>
        AskAsync($"pg_try_advisory_lock_shared({Key.Of(name)})", cancellationToken);

    public Task ReleaseAsync(LockName name, CancellationToken cancellationToken) =>
        AskAsync($"pg_advisory_unlock({Key.Of(name)})", cancellationToken);

    public Task UnshareAsync(LockName name, CancellationToken cancellationToken) =>
        AskAsync($"pg_advisory_unlock_shared({Key.Of(name)})", cancellationToken);

    /// <summary>Nothing takes a lock from a session that lives.</summary>
    public Task<bool> HoldsAsync(LockName name, CancellationToken cancellationToken) => AskAsync("pg_backend_pid() > 0", cancellationToken);

    public async Task WatchAsync(LockName name, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
                await _session.WaitAsync(cancellationToken);
        }
        catch (Exception exception) when (ServerLocks.IsOfBrokenSession(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    private async Task<bool> AskAsync(string function, CancellationToken cancellationToken) =>
        (await _session.QueryAsync($"SELECT pg_catalog.{function}", row => row.GetBoolean(0), cancellationToken))[0];
}
