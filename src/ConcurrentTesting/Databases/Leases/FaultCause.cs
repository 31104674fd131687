namespace ConcurrentTesting.Databases.Leases;

/// <summary>Why an operation failed, where trying again can help.</summary>
internal enum FaultCause
{
    /// <summary>Trying again does not help.</summary>
    None,

    /// <summary>The connection could not be made or broke.</summary>
    Connection,

    /// <summary>The server is starting or stopping.</summary>
    ServerNotReady,

    /// <summary>The server has no connection or memory to spare.</summary>
    ServerFull,

    /// <summary>Another session holds what the operation needs.</summary>
    Busy,

    /// <summary>Two transactions were in each other's way.</summary>
    Conflict,
}
