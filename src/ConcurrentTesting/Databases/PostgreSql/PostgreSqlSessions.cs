using System.Collections.Concurrent;
using System.Diagnostics;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;
using Npgsql;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Drops databases of ours, and ends the sessions that are in the way or waits for them to leave.</summary>
internal sealed class PostgreSqlSessions(PostgreSqlAdmin admin, Redactor secrets, ILogger logger)
{
    /// <summary>How long a drop may take before the database is left for the next sweep.</summary>
    public static readonly TimeSpan DropLimit = TimeSpan.FromSeconds(5);

    private const string Clients = "FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentDictionary<string, bool> _undropped = new();

    /// <returns>Whether it is gone. What resists is named in the log, once however often it is tried.</returns>
    public async Task<bool> DropAsync(string name, CancellationToken cancellationToken)
    {
        if (OwnDatabaseName.Parse(name) is null)
            throw new InvalidOperationException($"{name} is not a database of ours");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DropLimit);
        try
        {
            await admin.ExecuteAsync($"DROP DATABASE IF EXISTS {Quote(name)} WITH (FORCE)", limit.Token);
            return true;
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            var why = exception is OperationCanceledException ? $"no answer within {DropLimit.TotalSeconds:0} s" : secrets.Redact((exception as PostgresException)?.MessageText ?? exception.Message);
            logger.Log(_undropped.TryAdd(name, true) ? LogLevel.Warning : LogLevel.Debug, "The database {Name} could not be dropped and is left for the next run's sweep: {Reason}", name, why);
            return false;
        }
    }

    /// <summary>Ends the sessions that are inside a database; they leave soon after.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> EndAsync(string name, CancellationToken cancellationToken) =>
        (await admin.QueryAsync($"SELECT pg_terminate_backend(pid) {Clients}", row => row.GetBoolean(0), cancellationToken, name)).Count;

    /// <summary>Who is inside a database.</summary>
    public Task<IReadOnlyList<string>> DescribeAsync(string name, CancellationToken cancellationToken) =>
        admin.QueryAsync("SELECT concat_ws(' ', pid, usename, application_name, client_addr) FROM pg_stat_activity WHERE datname = $1", row => row.GetString(0), cancellationToken, name);

    /// <returns>Whether nobody is inside any more.</returns>
    public async Task<bool> WaitUntilLeftAsync(string name, TimeSpan limit, CancellationToken cancellationToken)
    {
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < limit; await Task.Delay(PollInterval, cancellationToken))
        {
            if (await admin.QueryAsync($"SELECT EXISTS (SELECT {Clients})", row => row.GetBoolean(0), cancellationToken, name) is [false])
                return true;
        }

        return false;
    }
}
