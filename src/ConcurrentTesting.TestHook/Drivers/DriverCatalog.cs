namespace ConcurrentTesting.TestHook.Drivers;

/// <summary>What the drivers in this process do not tell.</summary>
[Flags]
internal enum DriverGaps
{
    None = 0,

    /// <summary>There are drivers, and none of them can be measured.</summary>
    Commands = 1,
    Transactions = 2,
    ConnectionErrors = 4,
    Connections = 8,
    All = Commands | Transactions | ConnectionErrors | Connections,
}

/// <summary>The database drivers that were loaded in this process.</summary>
internal sealed class DriverCatalog(Action<string> report)
{
    // These drivers, named by their assemblies, show nothing, or nothing that could be tried out.
    private static readonly string[] Unmeasured =
    [
        "Microsoft.Data.SqlClient", "System.Data.SqlClient", "System.Data.SQLite", "MySql.Data", "Oracle.ManagedDataAccess",
        "FirebirdSql.Data.FirebirdClient", "DuckDB.NET.Data", "System.Data.Odbc", "System.Data.OleDb", "IBM.Data.Db2",
    ];

    private volatile bool _anyMeasured;
    private volatile bool _anyUnmeasured;
    private volatile DriverGaps _gaps;

    public DriverGaps Gaps => _gaps | (_anyUnmeasured && !_anyMeasured ? DriverGaps.Commands : DriverGaps.None);

    /// <summary>A driver is there and can be measured, but for its gaps.</summary>
    public void Measured(DriverGaps gaps)
    {
        _anyMeasured = true;
        _gaps |= gaps;
    }

    /// <summary>A driver is there and cannot be measured.</summary>
    public void NotMeasured(string driver, string reason)
    {
        _anyUnmeasured = true;
        _gaps |= DriverGaps.Transactions | DriverGaps.ConnectionErrors;
        report($"{driver} is not measured, so the figures lack its work: {reason}");
    }

    /// <summary>A driver of which it only shows by its use that it is there: that its assembly was loaded says little.</summary>
    // Npgsql sends BEGIN along with the next command, MySqlConnector beside its commands, so neither shows it.
    public void Used(DriverGaps more = DriverGaps.None) => Measured(DriverGaps.Transactions | more);

    public void Loaded(string assemblyName)
    {
        if (Array.IndexOf(Unmeasured, assemblyName) >= 0)
            NotMeasured(assemblyName, "it reports nothing that can be measured.");
    }
}
