using System.Data.Common;
using System.Net.Sockets;

namespace ConcurrentTesting.Databases.Server;

/// <summary>The locks of templates, and of runs that may be dead. A broken session is opened again for a template's lock: locks that it
/// shared are shared again, and locks that it held alone are lost. After that no run's lock can be taken: if the server was started
/// again, the living runs are about to take theirs, and none may pass for dead.</summary>
internal sealed class ServerLocks(ILockServer server, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(10);

    // The run's hold may renew the session while a template is being looked for.
    private readonly SemaphoreSlim _gate = new(1);
    private readonly HashSet<LockName> _alone = [];
    private readonly HashSet<LockName> _shared = [];
    private ILockSession? _session;
    private bool _wasLost;
    private bool _isDisposed;

    /// <summary>Whether an error says that a session gives no answer. Where a server that is gone was reached by a unix socket, writing to
    /// it fails at once, and MySqlConnector tells that error of the socket as it is.</summary>
    public static bool IsOfBrokenSession(Exception exception) =>
        exception is DbException or InvalidOperationException or IOException or SocketException or TimeoutException;

    /// <summary>Takes a lock that nobody else has.</summary>
    public Task<bool> TryAsync(LockName name, CancellationToken cancellationToken) =>
        AskAsync(
            opensAgain: name.Kind == OwnDatabaseKind.Template,
            session => TryAsync(session, name, cancellationToken),
            cancellationToken);

    /// <summary>Takes a template's lock, which others may share.</summary>
    public Task<bool> TryShareAsync(LockName name, CancellationToken cancellationToken) =>
        AskAsync(opensAgain: true, session => TryShareAsync(session, name, cancellationToken), cancellationToken);

    /// <summary>Whether a lock is still ours alone.</summary>
    public Task<bool> HoldsAsync(LockName name, CancellationToken cancellationToken) =>
        AskAsync(
            opensAgain: false,
            async session => _alone.Contains(name) && await HoldsAsync(session, name, cancellationToken) == true,
            cancellationToken);

    /// <summary>Gives back a lock that was ours alone, unless it was lost.</summary>
    public Task ReleaseAsync(LockName name, CancellationToken cancellationToken) =>
        AskAsync(
            opensAgain: false,
            session => GiveBackAsync(_alone.Remove(name), token => session.ReleaseAsync(name, token), cancellationToken),
            cancellationToken);

    /// <summary>Gives back a lock that was shared.</summary>
    public Task UnshareAsync(LockName name, CancellationToken cancellationToken) =>
        AskAsync(
            opensAgain: false,
            session => GiveBackAsync(_shared.Remove(name), token => session.UnshareAsync(name, token), cancellationToken),
            cancellationToken);

    /// <summary>Does something while a lock is ours alone.</summary>
    /// <returns>What it returned; false where another has the lock.</returns>
    public async Task<bool> WhileAloneAsync(LockName name, Func<Task<bool>> action, CancellationToken cancellationToken)
    {
        if (!await TryAsync(name, cancellationToken))
            return false;
        try
        {
            return await action();
        }
        finally
        {
            await ReleaseAsync(name, CancellationToken.None);
        }
    }

    /// <summary>Waits between two attempts to take a lock that another session holds.</summary>
    public Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(PollInterval, time, cancellationToken);

    /// <summary>Opens the session again if it does not answer.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_session is not null && await HoldsAsync(_session, LockName.OfRun(""), cancellationToken) is null)
                await OpenAgainAsync(cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync();
        _isDisposed = true;
        if (_session is not null)
            await _session.DisposeAsync();
        _gate.Dispose();
    }

    private async Task<bool> AskAsync(bool opensAgain, Func<ILockSession, Task<bool>> ask, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_session is null || opensAgain && !_session.IsOpen)
                await OpenAgainAsync(cancellationToken);
            return _session!.IsOpen && await ask(_session);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task OpenAgainAsync(CancellationToken cancellationToken)
    {
        var session = await server.OpenLockSessionAsync(cancellationToken);
        try
        {
            foreach (var name in _shared)
                await session.TryShareAsync(name, cancellationToken);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }

        _alone.Clear();
        if (_session is not null)
        {
            _wasLost = true;
            await _session.DisposeAsync();
        }

        _session = session;
    }

    private async Task<bool> TryAsync(ILockSession session, LockName name, CancellationToken cancellationToken)
    {
        if (name.Kind == OwnDatabaseKind.Run && _wasLost || !await session.TryAsync(name, cancellationToken))
            return false;
        _alone.Add(name);
        return true;
    }

    private async Task<bool> TryShareAsync(ILockSession session, LockName name, CancellationToken cancellationToken)
    {
        if (!await session.TryShareAsync(name, cancellationToken))
            return false;
        _shared.Add(name);
        return true;
    }

    private static async Task<bool> GiveBackAsync(bool isOurs, Func<CancellationToken, Task> giveBack, CancellationToken cancellationToken)
    {
        try
        {
            if (isOurs)
                await giveBack(cancellationToken);
        }
        catch (Exception exception) when (IsOfBrokenSession(exception))
        {
            // The server has released the lock already.
        }

        return isOurs;
    }

    /// <returns>Null where the session gives no answer: it has lost what it held.</returns>
    private async Task<bool?> HoldsAsync(ILockSession session, LockName name, CancellationToken cancellationToken)
    {
        try
        {
            if (!session.IsOpen)
                return null;
            return await session.HoldsAsync(name, cancellationToken).WaitAsync(LongestAnswer, time, cancellationToken);
        }
        catch (Exception exception) when (IsOfBrokenSession(exception))
        {
            return null;
        }
    }
}
