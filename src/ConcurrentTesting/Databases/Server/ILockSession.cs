namespace ConcurrentTesting.Databases.Server;

/// <summary>A session that only holds locks. The server releases them within milliseconds of our process's death, however it dies, because
/// the session is idle. It takes one request at a time.</summary>
internal interface ILockSession : IAsyncDisposable
{
    /// <summary>False once the session is known to have broken: it holds nothing any more.</summary>
    bool IsOpen { get; }

    /// <summary>Takes a lock alone. The session's own locks are not in its way.</summary>
    /// <returns>False where another session has it, alone or shared.</returns>
    Task<bool> TryAsync(LockName name, CancellationToken cancellationToken);

    /// <summary>Takes a template's lock beside others who share it.</summary>
    /// <returns>
    /// False where another session has it alone; a server that notes the users in the template may say false where that is half-built.
    /// </returns>
    Task<bool> TryShareAsync(LockName name, CancellationToken cancellationToken);

    /// <summary>Gives back a lock that was taken alone.</summary>
    Task ReleaseAsync(LockName name, CancellationToken cancellationToken);

    /// <summary>Gives back a lock that was shared.</summary>
    Task UnshareAsync(LockName name, CancellationToken cancellationToken);

    /// <summary>Asks the server whether a lock that was taken alone is still this session's.</summary>
    Task<bool> HoldsAsync(LockName name, CancellationToken cancellationToken);

    /// <summary>Returns when the session or this lock is lost, or throws when cancelled. Nothing else may use the session
    /// meanwhile.</summary>
    Task WatchAsync(LockName name, CancellationToken cancellationToken);
}
