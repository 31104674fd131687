namespace ConcurrentTesting.Record;

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

internal static class FaultCauses
{
    /// <summary>What was under way when the connection or the server went has not failed by itself.</summary>
    public static bool IsOfConnection(this FaultCause cause) => cause is FaultCause.Connection or FaultCause.ServerNotReady;

    public static string Word(this FaultCause cause) => cause switch
    {
        FaultCause.Connection => "connection",
        FaultCause.ServerNotReady => "server_not_ready",
        FaultCause.ServerFull => "server_full",
        FaultCause.Busy => "busy",
        FaultCause.Conflict => "conflict",
        _ => "none",
    };
}
