using System.Net.Sockets;
using Npgsql;

namespace ConcurrentTesting.Queue;

/// <summary>A machine's one connection to the queue: what is asked over it is asked again where the server was away for a while, so
/// everything that is asked may be asked twice.</summary>
internal sealed class QueueConnection : IAsyncDisposable
{
    /// <summary>How long the queue may be away until a machine gives up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    // A machine that freezes inside a transaction must not keep the others waiting, and no question waits for ever. A generic plan spares
    // planning the same questions again for each run's name. Bitmap scans never clear dead rows out of an index, and claims leave many.
    private const string Prologue =
        "SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off; "
        + "SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '15s'; SET statement_timeout = '30s'; "
        + "SET jit = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan; SET client_min_messages = warning";

    private const string Rights =
        " Another user made its tables: this one needs USAGE on the schema concurrent_test and its sequence leases, and SELECT, INSERT, UPDATE and DELETE on its tables.";

    private readonly SemaphoreSlim _gate = new(1);
    private readonly string _connectionString;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private NpgsqlConnection? _connection;
    private long? _awaySince;
    private long? _backSince;

    /// <param name="patience">Null: <see cref="Patience"/>.</param>
    /// <exception cref="ConcurrentTestException">The string cannot be read.</exception>
    public QueueConnection(string connectionString, TimeProvider time, TimeSpan? patience = null)
    {
        (_time, _patience) = (time, patience ?? Patience);
        var given = Parse(connectionString);
        _connectionString = new NpgsqlConnectionStringBuilder(given.ConnectionString)
        {
            // Several servers were named: the one that takes writes is used.
            TargetSessionAttributes =
                given.TargetSessionAttributes ?? (given.Host!.Contains(',', StringComparison.Ordinal) ? "primary" : null),
            Pooling = false,
            Multiplexing = false,
            Timeout = 5,
            CommandTimeout = 10,
            // The same few questions are asked again and again, and planning them takes longer than answering.
            MaxAutoPrepare = 20,
            AutoPrepareMinUsages = 2,
            TcpKeepAlive = true,
            ApplicationName = "ConcurrentTest queue",
            Enlist = false,
        }.ConnectionString;
    }

    /// <summary>The server came back less than so long ago.</summary>
    public bool WasAwayWithin(TimeSpan time) =>
        _awaySince is not null || (_backSince is { } back && _time.GetElapsedTime(back) < time);

    /// <summary>Runs what may run twice; waits for a server that is away.</summary>
    /// <exception cref="ConcurrentTestException">The queue was away for too long, or cannot be used.</exception>
    public async Task<T> AskAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                try
                {
                    _connection ??= await ConnectAsync(cancellationToken);
                    var answer = await ask(_connection, cancellationToken);
                    if (_awaySince is not null)
                        _backSince = _time.GetTimestamp();
                    _awaySince = null;
                    return answer;
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested && IsPassing(exception))
                {
                    await DropAsync();
                    GiveUpWhenOverdue(exception);
                }
                catch (PostgresException exception) when (!cancellationToken.IsCancellationRequested)
                {
                    await DropAsync();
                    throw new ConcurrentTestException(
                        ConcurrentTestExitCode.Incomplete,
                        $"The queue of --test-queue refused a question: {exception.MessageText.TrimEnd('.')}.", exception);
                }
                catch
                {
                    // The next question must not begin in the middle of this one, whatever state the connection is in.
                    await DropAsync();
                    throw;
                }

                await Task.Delay(pause, _time, cancellationToken);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DropAsync();
        _gate.Dispose();
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(_connectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await RefuseSharedSessionAsync(connection, cancellationToken);
            await using var command = new NpgsqlCommand(Prologue, connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
            await RequirePrimaryAsync(connection, cancellationToken);
            await QueueSchema.EnsureAsync(connection, cancellationToken);
            return connection;
        }
        catch (PostgresException exception) when (!IsPassing(exception))
        {
            await connection.DisposeAsync();
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                $"The queue of --test-queue cannot be used: {exception.MessageText}.{(exception.SqlState == PostgresErrorCodes.InsufficientPrivilege ? Rights : "")}",
                exception);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    // A pooler has session numbers of its own. A pooler that lends sessions for one transaction would forget prepared statements, and would
    // leave our settings to others. It shows by giving another connection the session that we have just had.
    private async Task RefuseSharedSessionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var session = await SessionAsync(connection, cancellationToken);
        if (session == connection.ProcessID)
            return;
        await using var other = new NpgsqlConnection(_connectionString);
        try
        {
            await other.OpenAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && IsPassing(exception))
        {
            // The pooler lends whole sessions and has none left: one that lends them for a transaction would have lent this waiting one.
            return;
        }

        await using var transaction = await other.BeginTransactionAsync(cancellationToken);
        if (await SessionAsync(other, cancellationToken) == session || await SessionAsync(connection, cancellationToken) != session)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                "--test-queue leads to a pooler that lends its sessions for a transaction alone, where the queue's settings would be others' too: give the server's own address, or a pool of whole sessions.");
        }
    }

    private static async Task<int> SessionAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    // A primary that was demoted may soon be replaced under the same name, so this error passes.
    private static async Task RequirePrimaryAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_is_in_recovery()", connection);
        if (await command.ExecuteScalarAsync(cancellationToken) is true)
            throw new NpgsqlException($"{connection.Host} is a standby, on which nothing can be written: name the primary");
    }

    private async Task DropAsync()
    {
        if (_connection is not { } connection)
            return;
        _connection = null;
        try
        {
            await connection.DisposeAsync();
        }
        catch (Exception exception) when (IsPassing(exception))
        {
            // The connection was broken before.
        }
    }

    private void GiveUpWhenOverdue(Exception exception)
    {
        _awaySince ??= _time.GetTimestamp();
        if (_time.GetElapsedTime(_awaySince.Value) <= _patience)
            return;
        throw new ConcurrentTestException(
            ConcurrentTestExitCode.Incomplete,
            FormattableString.Invariant($"The queue of --test-queue was away for more than {_patience.TotalSeconds:0} s: {exception.Message.TrimEnd('.')}. What this machine had acknowledged stands; another try of the job runs what is left."),
            exception);
    }

    private static bool IsPassing(Exception exception) => exception switch
    {
        PostgresException { SqlState: var state, IsTransient: var isTransient } => isTransient || IsPassing(state),
        NpgsqlException or TimeoutException or IOException or SocketException or ObjectDisposedException => true,
        // Npgsql throws this for a connection that broke between two questions.
        InvalidOperationException => true,
        _ => false,
    };

    // The server goes down, comes up or has become a standby, it ended our session, or two transactions met.
    private static bool IsPassing(string state) =>
        state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("57P", StringComparison.Ordinal)
            || state is PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected
                or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.TooManyConnections
                or PostgresErrorCodes.ReadOnlySqlTransaction or "25P03" or "25P04";

    private static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        try
        {
            var given = new NpgsqlConnectionStringBuilder(connectionString);
            return string.IsNullOrWhiteSpace(given.Host) ? throw Wrong("has to name a server (Host=…)") : given;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The driver's message may quote a part of the string.
            throw Wrong(connectionString.Contains("://", StringComparison.Ordinal)
                ? "is a URI; write it as Host=…;Port=…;Username=…;Password=…"
                : "cannot be read; write it as Host=…;Port=…;Username=…;Password=…");
        }
    }

    private static ConcurrentTestException Wrong(string why) => new(ConcurrentTestExitCode.BadSettings, $"--test-queue {why}");
}
