namespace ConcurrentTesting.Record;

/// <summary>Tells a failure that the infrastructure caused from one of the test, by the exception that ended the test: its type, and what
/// the drivers say in it. An assertion that failed is never the infrastructure, whatever its message quotes. A test can say it itself by
/// throwing an exception whose type is named <c>ConcurrentTestInfrastructureException</c>, or by writing why to the file that
/// <see cref="FileVariable"/> names.</summary>
internal static partial class InfrastructureFault
{
    public const string ExceptionName = "ConcurrentTestInfrastructureException";

    /// <summary>The cause of what a test declared, by exception or file.</summary>
    public const string Declared = "declared";

    /// <summary>The cause of what a server that takes no more connections failed.</summary>
    public const string ServerFull = "too-many-connections";

    private const string Connection = "connection";
    private const string ServerRestart = "server-restart";

    /// <summary>Every cause as metrics name it.</summary>
    public static ImmutableArray<string> Causes { get; } = [Connection, ServerRestart, ServerFull, Declared];

    /// <summary>The variable with the path of the file by which a test process declares that the infrastructure failed, in its own
    /// words.</summary>
    public const string FileVariable = "CONCURRENT_TEST_INFRASTRUCTURE_FILE";

    /// <summary>The cause as metrics name it, or null where the test itself failed.</summary>
    public static string? CauseOf(string? message, DatabaseEngine engine)
    {
        if (string.IsNullOrEmpty(message))
            return null;
        var ended = ThrownException.EndingOf(message);
        return ended.Any(exception => exception.IsAssertion)
            ? null
            : ended.Select(exception => CauseOf(exception, engine)).FirstOrDefault(cause => cause is not null);
    }

    private static string? CauseOf(ThrownException exception, DatabaseEngine engine) => engine switch
    {
        _ when exception.Name == ExceptionName => Declared,
        DatabaseEngine.PostgreSql => CauseOfPostgreSql(exception),
        DatabaseEngine.MySql when exception.Type == "MySqlConnector.MySqlException"
            && MySqlConnection().Match(exception.Message) is { Success: true } match =>
            match.Groups["full"].Success ? ServerFull : Connection,
        _ => null,
    };

    // These are the classes 08 and 57P, and too_many_connections: https://www.postgresql.org/docs/current/errcodes-appendix.html
    private static string? CauseOfPostgreSql(ThrownException exception) => exception.Type switch
    {
        "Npgsql.PostgresException" when PostgreSqlState().Match(exception.Message) is { Success: true } state =>
            state.Groups["state"].ValueSpan switch
            {
                "57P01" or "57P02" or "57P03" => ServerRestart,
                "53300" => ServerFull,
                _ => Connection,
            },
        "Npgsql.NpgsqlException" when PostgreSqlConnection().IsMatch(exception.Message) => Connection,
        _ => null,
    };

    [GeneratedRegex(@"^(?<state>57P0[123]|53300|08\d{3}):")]
    private static partial Regex PostgreSqlState();

    [GeneratedRegex("^(Failed to connect|Exception while (reading|writing|connecting)|Attempted to read past the end)")]
    private static partial Regex PostgreSqlConnection();

    // MySqlConnector words the errors 1040, 1053, 2002, 2003, 2006 and 2013 like this.
    [GeneratedRegex(
        "^((?<full>Too many connections)|Server shutdown in progress|Unable to connect|Couldn't connect|Connect Timeout expired|Failed to read the result set|Lost connection|MySQL server has gone away|Connection must be Open)")]
    private static partial Regex MySqlConnection();
}
