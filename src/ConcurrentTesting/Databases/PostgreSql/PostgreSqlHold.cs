using System.Collections.Concurrent;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>A run's advisory locks on a PostgreSQL server: its own, held alone, and those of its templates, shared with other runs.</summary>
internal sealed class PostgreSqlHold(PostgreSqlAdmin admin, string runId, TimeSpan longestRestart, Redactor secrets, ILogger logger, TimeProvider time)
    : RunHold<PostgreSqlLock>(runId, FormattableString.Invariant($"{admin.Host}:{admin.Port}"), longestRestart, secrets, logger, time)
{
    private readonly TimeProvider _time = time;
    private readonly ConcurrentDictionary<string, bool> _shared = new();

    /// <summary>A template that this run clones from and that other runs must not evict.</summary>
    public void Share(string template) => _shared[template] = true;

    protected override Task<PostgreSqlLock> OpenAsync(CancellationToken cancellationToken) => PostgreSqlLock.OpenAsync(admin, _time, cancellationToken);

    protected override Task<bool> TryTakeRunAsync(PostgreSqlLock run, CancellationToken cancellationToken) =>
        run.TryExclusiveAsync(PostgreSqlLock.Key.OfRun(RunToken), cancellationToken);

    protected override async Task ShareTemplatesAsync(PostgreSqlLock templates, CancellationToken cancellationToken)
    {
        foreach (var template in _shared.Keys)
            await templates.TrySharedAsync(PostgreSqlLock.Key.OfTemplate(template), cancellationToken);
    }

    protected override Task WatchAsync(PostgreSqlLock run, CancellationToken cancellationToken) => run.WatchAsync(cancellationToken);

    protected override Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken) =>
        admin.QueryAsync("SELECT datname::text FROM pg_database", row => row.GetString(0), cancellationToken);

    protected override FaultCause Classify(Exception exception) => PostgreSqlFaults.Classify(exception);
}
