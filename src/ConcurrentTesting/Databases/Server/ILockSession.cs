namespace ConcurrentTesting.Databases.Server;

/// <summary>
/// A session that does nothing but hold locks. The server gives them back within milliseconds of our process's death, however it dies,
/// because the session is idle. One thing at a time may be asked of it.
/// </summary>
internal interface ILockSession : IAsyncDisposable
{
    /// <summary>False once the session is known to have broken: it holds nothing any more.</summary>
    bool IsOpen { get; }

    /// <summary>Takes a lock alone. A session is let in beside its own locks.</summary>
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

    /// <summary>
    /// Returns when the session or this lock is lost, or throws when cancelled. Nothing else may use the session meanwhile.
    /// </summary>
    Task WatchAsync(LockName name, CancellationToken cancellationToken);
}
