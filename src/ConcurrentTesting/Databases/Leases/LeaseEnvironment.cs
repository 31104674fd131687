using System.Diagnostics;

namespace ConcurrentTesting.Databases.Leases;

/// <summary>Makes the variables that tell a test process its worker and its databases.</summary>
internal static class LeaseEnvironment
{
    /// <summary>A host that no name server knows (RFC 2606): what leads there reaches nothing.</summary>
    public const string Nowhere = "of-another-template.invalid";

    private static readonly string[] Account = ["PGUSER", "PGPASSWORD"];

    /// <param name="connections">
    /// By the database's name among the worker's databases; the first is the one that bare placeholders mean.
    /// </param>
    public static ImmutableDictionary<string, string> Of(
        ConcurrentTestSettings settings, string runId, int worker, ImmutableArray<KeyValuePair<string, ConnectionValues>> connections)
    {
        var variables = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        variables["CONCURRENT_TEST_RUN"] = runId;
        variables["CONCURRENT_TEST_WORKER"] = worker.ToString(CultureInfo.InvariantCulture);
        variables["CONCURRENT_TEST_WORKERS"] = settings.Workers.ToString(CultureInfo.InvariantCulture);
        if (connections is [var first, ..])
        {
            variables["CONCURRENT_TEST_DATABASE"] = first.Value.Database;
            variables["CONCURRENT_TEST_CONNECTION_STRING"] = first.Value.ConnectionString;
        }

        foreach (var pattern in settings.Environment.Where(pattern => connections.Length > 0 || !pattern.HoldsDatabase))
            variables[pattern.Name] = Fill(pattern, worker, connections);
        return variables.ToImmutable();
    }

    /// <summary>The environment of a command that builds a template. Patterns that name other databases lead nowhere: without them the
    /// program would take what the caller's shell or its own configuration says, which may be a real database.</summary>
    public static ImmutableDictionary<string, string> OfTemplate(
        ConcurrentTestSettings settings, string runId, string database, ConnectionValues connection)
    {
        var isOwn = settings.Environment.ToLookup(pattern => EnvironmentPattern.Placeholder().Matches(pattern.Pattern)
            .All(match =>
                !match.Groups["database"].Success || match.Groups["database"].Value.Equals(database, StringComparison.OrdinalIgnoreCase)));
        var variables = Of(settings with { Environment = [.. isOwn[true]] }, runId, 0, [KeyValuePair.Create(database, connection)]);
        var hasAccount = Array.Exists(Account, name => Environment.GetEnvironmentVariable(name) is { Length: > 0 });
        var clients = ClientVariables(settings.Database, connection, hasAccount).Where(variable => !variables.ContainsKey(variable.Key));
        var nowhere = NowhereFor(settings.Database, connection);
        return variables.AddRange(clients)
            .SetItems(isOwn[false].Select(pattern => KeyValuePair.Create(pattern.Name, Fill(pattern, nowhere))));
    }

    /// <summary>Variables of the caller that would lead a client elsewhere in spite of <see cref="OfTemplate"/>.</summary>
    public static ImmutableArray<string> Misleading(DatabaseEngine engine) => engine switch
    {
        DatabaseEngine.PostgreSql => ["PGSERVICE", "PGSERVICEFILE", "PGHOSTADDR"],
        DatabaseEngine.MySql => ["MYSQL_UNIX_PORT"],
        _ => [],
    };

    // https://www.postgresql.org/docs/current/libpq-envars.html, https://dev.mysql.com/doc/refman/8.4/en/environment-variables.html
    private static Dictionary<string, string> ClientVariables(DatabaseEngine engine, ConnectionValues connection, bool hasAccount)
    {
        var (host, isSocket) = (connection.Host, connection.Host.StartsWith('/'));
        Dictionary<string, string> variables = engine switch
        {
            DatabaseEngine.PostgreSql => new()
            {
                ["PGHOST"] = host,
                ["PGPORT"] = connection.Port,
                ["PGDATABASE"] = connection.Database,
                ["PGUSER"] = connection.Username,
                ["PGPASSWORD"] = connection.Password,
            },
            DatabaseEngine.MySql => new()
            {
                // The clients of MySQL take "localhost" for the socket of the system's own server.
                ["MYSQL_HOST"] = isSocket ? "localhost" : host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? "127.0.0.1" : host,
                ["MYSQL_TCP_PORT"] = isSocket ? "" : connection.Port,
                ["MYSQL_UNIX_PORT"] = isSocket ? host : "",
            },
            _ => [],
        };
        // A variable without a value stays the caller's. A caller's account is a user with a password, which commands that name the user
        // rely on: it stays whole.
        return variables.Where(variable => variable.Value.Length > 0 && !(hasAccount && Account.Contains(variable.Key))).ToDictionary();
    }

    private static ConnectionValues NowhereFor(DatabaseEngine engine, ConnectionValues connection) => engine switch
    {
        // Nothing can lie below a file, so this path leads nowhere.
        DatabaseEngine.Sqlite => new($"Data Source={connection.Database}/{Nowhere}", $"{connection.Database}/{Nowhere}"),
        DatabaseEngine.MySql => new($"Server={Nowhere};Database={Nowhere}", Nowhere, Nowhere, connection.Port, Nowhere, Nowhere),
        _ => new($"Host={Nowhere};Database={Nowhere}", Nowhere, Nowhere, connection.Port, Nowhere, Nowhere),
    };

    private static string Fill(EnvironmentPattern pattern, ConnectionValues all) =>
        EnvironmentPattern.Placeholder().Replace(pattern.Pattern, match => EnvironmentPattern.IsWorker(match) ? "0" : Value(match, all));

    private static string Fill(
        EnvironmentPattern pattern, int worker, ImmutableArray<KeyValuePair<string, ConnectionValues>> connections) =>
        EnvironmentPattern.Placeholder().Replace(pattern.Pattern, match => Value(match, pattern, worker, connections));

    private static string Value(
        Match match, EnvironmentPattern pattern, int worker, ImmutableArray<KeyValuePair<string, ConnectionValues>> connections)
    {
        if (EnvironmentPattern.IsWorker(match))
            return worker.ToString(CultureInfo.InvariantCulture);
        return Value(match, Of(match.Groups["database"], pattern, connections));
    }

    private static string Value(Match match, ConnectionValues connection) => match.Groups["name"].Value.ToUpperInvariant() switch
    {
        "CONNECTIONSTRING" => connection.ConnectionString,
        "DATABASE" => connection.Database,
        "HOST" => connection.Host,
        "PORT" => connection.Port,
        "USERNAME" => connection.Username,
        "PASSWORD" => connection.Password,
        var other => throw new UnreachableException(other),
    };

    private static ConnectionValues Of(
        Group database, EnvironmentPattern pattern, ImmutableArray<KeyValuePair<string, ConnectionValues>> connections)
    {
        if (!database.Success)
            return connections[0].Value;
        return connections.FirstOrDefault(connection => connection.Key.Equals(database.Value, StringComparison.OrdinalIgnoreCase)).Value
            ?? throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-environment {pattern.Name}: there is no database '{database.Value}'; there are {string.Join(", ", connections.Select(c => c.Key))}");
    }
}
