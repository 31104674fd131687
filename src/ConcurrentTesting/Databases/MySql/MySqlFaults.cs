using System.Collections.Frozen;
using System.Net.Sockets;
using MySqlConnector;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Which errors are worth another try, by number (https://dev.mysql.com/doc/mysql-errors/8.4/en/,
/// https://mariadb.com/kb/en/mariadb-error-codes/).</summary>
internal static class MySqlFaults
{
    public const int AccessDeniedToDatabase = 1044;
    public const int AccessDenied = 1045;
    public const int UnknownCharacterSet = 1115;
    public const int NoSuchDatabase = 1049;
    public const int NoSuchTable = 1146;
    public const int UnknownSystemVariable = 1193;
    public const int LockWaitTimeout = 1205;
    public const int RightMissing = 1227;
    public const int UnknownCollation = 1273;
    public const int CannotBePrepared = 1295;
    public const int InvalidCharacters = 1300;
    public const int IncorrectValue = 1366;
    public const int BinaryLogNeedsSuper = 1419;
    public const int NoSuchDefiner = 1449;
    public const int AccessDeniedNoPassword = 1698;
    public const int CannotConvert = 3988;

    /// <summary>Errors for a right that is missing: on a database, a table, a column, a routine, the server; and functions where there is a
    /// binary log.</summary>
    private static readonly int[] Denials =
        [AccessDeniedToDatabase, AccessDenied, 1142, 1143, 1227, 1370, 1410, BinaryLogNeedsSuper, AccessDeniedNoPassword];

    public static bool IsDenied(Exception exception) => exception is MySqlException server && Denials.Contains(server.Number);

    /// <summary>A table of a database that is not there is an unknown table to MariaDB, an unknown database to MySQL 8.</summary>
    public static bool IsNotThere(Exception exception) => exception is MySqlException { Number: NoSuchTable or NoSuchDatabase };

    private static readonly FrozenDictionary<int, FaultCause> ByNumber = new Dictionary<int, FaultCause>
    {
        [1042] = FaultCause.Connection, // ER_BAD_HOST_ERROR; MySqlConnector's for a server that cannot be reached
        [1043] = FaultCause.Connection, // ER_HANDSHAKE_ERROR
        [1080] = FaultCause.Connection, // ER_FORCING_CLOSE
        [1152] = FaultCause.Connection, // ER_ABORTING_CONNECTION
        [1158] = FaultCause.Connection, // ER_NET_READ_ERROR
        [1159] = FaultCause.Connection, // ER_NET_READ_INTERRUPTED
        [1160] = FaultCause.Connection, // ER_NET_ERROR_ON_WRITE
        [1161] = FaultCause.Connection, // ER_NET_WRITE_INTERRUPTED
        [1927] = FaultCause.Connection, // ER_CONNECTION_KILLED (MariaDB)
        [2002] = FaultCause.Connection, // CR_CONNECTION_ERROR
        [2003] = FaultCause.Connection, // CR_CONN_HOST_ERROR
        [2006] = FaultCause.Connection, // CR_SERVER_GONE_ERROR
        [2013] = FaultCause.Connection, // CR_SERVER_LOST
        [2055] = FaultCause.Connection, // CR_SERVER_LOST_EXTENDED
        [4031] = FaultCause.Connection, // ER_CLIENT_INTERACTION_TIMEOUT (MySQL)
        [1053] = FaultCause.ServerNotReady, // ER_SERVER_SHUTDOWN
        [1037] = FaultCause.ServerFull, // ER_OUTOFMEMORY
        [1040] = FaultCause.ServerFull, // ER_CON_COUNT_ERROR
        [1041] = FaultCause.ServerFull, // ER_OUT_OF_RESOURCES
        [1135] = FaultCause.ServerFull, // ER_CANT_CREATE_THREAD
        [1203] = FaultCause.ServerFull, // ER_TOO_MANY_USER_CONNECTIONS
        [LockWaitTimeout] = FaultCause.Busy, // ER_LOCK_WAIT_TIMEOUT
        [3572] = FaultCause.Busy, // ER_LOCK_NOWAIT (MySQL)
        [1020] = FaultCause.Conflict, // ER_CHECKREAD
        [1213] = FaultCause.Conflict, // ER_LOCK_DEADLOCK
        [1412] = FaultCause.Conflict, // ER_TABLE_DEF_CHANGED
        [1613] = FaultCause.Conflict, // ER_XA_RBTIMEOUT
        [1614] = FaultCause.Conflict, // ER_XA_RBDEADLOCK
    }.ToFrozenDictionary();

    public static FaultCause Classify(Exception exception) => exception switch
    {
        MySqlException server when ByNumber.TryGetValue(server.Number, out var cause) => cause,
        MySqlException { InnerException: SocketException or IOException or TimeoutException } => FaultCause.Connection,
        SocketException or TimeoutException => FaultCause.Connection,
        _ => FaultCause.None,
    };
}
