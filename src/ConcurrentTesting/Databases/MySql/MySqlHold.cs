using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>A run's named lock on a MySQL or MariaDB server. Templates note the runs that use them and count those whose lock is held, so nothing else has to be held for them.</summary>
internal sealed class MySqlHold(MySqlAdmin admin, string runId, TimeSpan longestRestart, Redactor secrets, ILogger logger, TimeProvider time)
    : RunHold<MySqlLock>(runId, FormattableString.Invariant($"{admin.Host}:{admin.Port}"), longestRestart, secrets, logger, time)
{
    private readonly TimeProvider _time = time;

    protected override Task<MySqlLock> OpenAsync(CancellationToken cancellationToken) => MySqlLock.OpenAsync(admin, _time, cancellationToken);

    protected override Task<bool> TryTakeRunAsync(MySqlLock run, CancellationToken cancellationToken) => run.TryAsync(MySqlLock.OfRun(RunToken), cancellationToken);

    protected override Task ShareTemplatesAsync(MySqlLock templates, CancellationToken cancellationToken) => Task.CompletedTask;

    protected override Task WatchAsync(MySqlLock run, CancellationToken cancellationToken) => run.WatchAsync(MySqlLock.OfRun(RunToken), cancellationToken);

    protected override Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken) =>
        admin.QueryAsync("SELECT schema_name FROM information_schema.schemata", row => row.GetString(0), cancellationToken);

    protected override FaultCause Classify(Exception exception) => MySqlFaults.Classify(exception);
}
