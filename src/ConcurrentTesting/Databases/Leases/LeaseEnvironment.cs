using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace ConcurrentTesting.Databases.Leases;

/// <summary>Makes the variables that tell a test process its worker and its databases.</summary>
internal static class LeaseEnvironment
{
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

    /// <summary>For the command that builds a template: patterns that name other databases are left out.</summary>
    public static ImmutableDictionary<string, string> OfTemplate(
        ConcurrentTestSettings settings, string runId, string database, ConnectionValues connection)
    {
        var own = settings.Environment.Where(pattern => EnvironmentPattern.Placeholder().Matches(pattern.Pattern)
            .All(match =>
                !match.Groups["database"].Success || match.Groups["database"].Value.Equals(database, StringComparison.OrdinalIgnoreCase)));
        return Of(settings with { Environment = [.. own] }, runId, 0, [KeyValuePair.Create(database, connection)]);
    }

    private static string Fill(
        EnvironmentPattern pattern, int worker, ImmutableArray<KeyValuePair<string, ConnectionValues>> connections) =>
        EnvironmentPattern.Placeholder().Replace(pattern.Pattern, match => Value(match, pattern, worker, connections));

    private static string Value(
        Match match, EnvironmentPattern pattern, int worker, ImmutableArray<KeyValuePair<string, ConnectionValues>> connections)
    {
        if (EnvironmentPattern.IsWorker(match))
            return worker.ToString(CultureInfo.InvariantCulture);
        var connection = Of(match.Groups["database"], pattern, connections);
        return match.Groups["name"].Value.ToUpperInvariant() switch
        {
            "CONNECTIONSTRING" => connection.ConnectionString,
            "DATABASE" => connection.Database,
            "HOST" => connection.Host,
            "PORT" => connection.Port,
            "USERNAME" => connection.Username,
            _ => connection.Password,
        };
    }

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
