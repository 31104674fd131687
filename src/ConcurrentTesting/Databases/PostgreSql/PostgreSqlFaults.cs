using System.Collections.Frozen;
using System.Net.Sockets;
using Npgsql;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Which errors are worth another try, by SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).</summary>
internal static class PostgreSqlFaults
{
    public const string InvalidCatalogName = "3D000";
    public const string InvalidPassword = "28P01";
    public const string InvalidAuthorization = "28000";
    public const string InsufficientPrivilege = "42501";
    public const string ObjectInUse = "55006";

    private static readonly FrozenDictionary<string, FaultCause> ByState = new Dictionary<string, FaultCause>
    {
        ["08000"] = FaultCause.Connection, // connection_exception
        ["08001"] = FaultCause.Connection, // sqlclient_unable_to_establish_sqlconnection
        ["08003"] = FaultCause.Connection, // connection_does_not_exist
        ["08004"] = FaultCause.Connection, // sqlserver_rejected_establishment_of_sqlconnection
        ["08006"] = FaultCause.Connection, // connection_failure
        ["57P01"] = FaultCause.ServerNotReady, // admin_shutdown
        ["57P02"] = FaultCause.ServerNotReady, // crash_shutdown
        ["57P03"] = FaultCause.ServerNotReady, // cannot_connect_now
        ["53000"] = FaultCause.ServerFull, // insufficient_resources
        ["53200"] = FaultCause.ServerFull, // out_of_memory
        ["53300"] = FaultCause.ServerFull, // too_many_connections
        ["53400"] = FaultCause.ServerFull, // configuration_limit_exceeded
        [ObjectInUse] = FaultCause.Busy, // object_in_use: a session inside a template
        ["55P03"] = FaultCause.Busy, // lock_not_available
        ["40001"] = FaultCause.Conflict, // serialization_failure
        ["40P01"] = FaultCause.Conflict, // deadlock_detected
    }.ToFrozenDictionary();

    public static FaultCause Classify(Exception exception) => exception switch
    {
        // XX000 is internal_error; only this one of them is worth another try.
        PostgresException { SqlState: "XX000", MessageText: "tuple concurrently updated" or "tuple concurrently deleted" } =>
            FaultCause.Conflict,
        PostgresException server => ByState.GetValueOrDefault(server.SqlState),
        NpgsqlException { InnerException: SocketException or IOException or TimeoutException or EndOfStreamException } =>
            FaultCause.Connection,
        NpgsqlException { InnerException: null, IsTransient: true } => FaultCause.Connection,
        SocketException or TimeoutException => FaultCause.Connection,
        _ => FaultCause.None,
    };
}
