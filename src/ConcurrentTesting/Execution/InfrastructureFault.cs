using System.Text.RegularExpressions;

namespace ConcurrentTesting.Execution;

/// <summary>
/// Tells a failure that the infrastructure caused from one of the test, by what the drivers' exceptions say. Assertion failures never are: they name no
/// such exception. A test can say it itself by throwing an exception whose type is named <c>ConcurrentTestInfrastructureException</c>,
/// or by writing why to the file that <see cref="FileVariable"/> names.
/// </summary>
internal static partial class InfrastructureFault
{
    public const string ExceptionName = "ConcurrentTestInfrastructureException";

    /// <summary>The cause of what a test declared, by exception or file.</summary>
    public const string Declared = "declared";

    /// <summary>The variable with the path of the file by which a test process declares that the infrastructure failed, in its own words.</summary>
    public const string FileVariable = "CONCURRENT_TEST_INFRASTRUCTURE_FILE";

    /// <summary>The cause as metrics name it, or null where the test itself failed.</summary>
    public static string? CauseOf(string? message, DatabaseEngine engine)
    {
        if (string.IsNullOrEmpty(message))
            return null;
        if (DeclaredException().IsMatch(message))
            return Declared;
        return engine switch
        {
            DatabaseEngine.PostgreSql => CauseOfPostgreSql(message),
            DatabaseEngine.MySql => MySqlConnection().IsMatch(message) ? "connection" : null,
            _ => null,
        };
    }

    // https://www.postgresql.org/docs/current/errcodes-appendix.html: classes 08 and 57P, and too_many_connections.
    private static string? CauseOfPostgreSql(string message) =>
        PostgreSqlState().Match(message) is { Success: true } state
            ? state.Groups["state"].ValueSpan switch
            {
                "57P01" or "57P02" or "57P03" => "server-restart",
                "53300" => "too-many-connections",
                _ => "connection",
            }
            : PostgreSqlConnection().IsMatch(message) ? "connection" : null;

    [GeneratedRegex($@"\b{ExceptionName}\b")]
    private static partial Regex DeclaredException();

    [GeneratedRegex(@"Npgsql\.PostgresException\s*(\(0x[0-9A-Fa-f]+\))?\s*:\s*(?<state>57P0[123]|53300|08\d{3}):")]
    private static partial Regex PostgreSqlState();

    [GeneratedRegex(@"Npgsql\.NpgsqlException\s*(\(0x[0-9A-Fa-f]+\))?\s*:\s*(Failed to connect|Exception while (reading|writing|connecting)|Attempted to read past the end)")]
    private static partial Regex PostgreSqlConnection();

    // Errors 1040, 1053, 2002, 2003, 2006 and 2013 as MySqlConnector words them.
    [GeneratedRegex(@"MySqlConnector\.MySqlException\s*(\(0x[0-9A-Fa-f]+\))?\s*:\s*(Too many connections|Server shutdown in progress|Unable to connect|Couldn't connect|Connect Timeout expired|Failed to read the result set|Lost connection|MySQL server has gone away|Connection must be Open)")]
    private static partial Regex MySqlConnection();
}
