namespace ConcurrentTesting.Databases.MySql;

/// <summary>What a run has to know of a server and of its own rights there.</summary>
/// <param name="Version">As the server says it: <c>10.11.19-MariaDB-0+deb12u1</c>, <c>8.4.3</c>.</param>
/// <param name="User">As the server took us: <c>app@%</c>.</param>
/// <param name="Collation">What databases get unless told otherwise.</param>
/// <param name="MayDefineForOthers">Whether objects may be given to other definers than ourselves.</param>
/// <param name="MayMakeAccounts">Whether templates can be built by an account of their own.</param>
/// <param name="Statistics">What counts the rows of each table; null: nothing.</param>
internal sealed record MySqlServerFacts(
    string Version, string User, string Collation, bool MayDefineForOthers, bool MayMakeAccounts, MySqlStatisticsSource? Statistics)
{
    public bool IsMariaDb => Version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);

    public string Product => IsMariaDb ? "MariaDB" : "MySQL";

    /// <summary>The leading number of the version.</summary>
    public Version Number => System.Version.Parse(Version.Split('-', '+')[0]);

    public bool MayDefineFor(string definer) => MayDefineForOthers || definer == User;
}

/// <summary>Where a server counts what happens in each table (by default MySQL does and MariaDB does not).</summary>
internal enum MySqlStatisticsSource
{
    /// <summary>MariaDB's <c>userstat</c>.</summary>
    UserStatistics,

    PerformanceSchema,
}
