namespace ConcurrentTesting.Databases.Server;

/// <summary>What the locks of a run need of a server.</summary>
internal interface ILockServer
{
    /// <summary>Host and port, for messages.</summary>
    string Address { get; }

    Task<ILockSession> OpenLockSessionAsync(CancellationToken cancellationToken);

    /// <summary>The names of all databases on the server, ours or not.</summary>
    Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken);

    /// <summary>Whether, and why, what failed like this is worth another try.</summary>
    FaultCause Classify(Exception exception);
}
