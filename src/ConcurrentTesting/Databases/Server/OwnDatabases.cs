using System.Collections.Concurrent;
using System.Data.Common;

namespace ConcurrentTesting.Databases.Server;

/// <summary>Drops databases and accounts that are ours by their names. What resists is named in the log and left to the next
/// sweep.</summary>
internal sealed class OwnDatabases(IServerDialect dialect, Redactor secrets, ILogger logger)
{
    /// <summary>How long a drop may take before the database is left for the next sweep.</summary>
    public static readonly TimeSpan DropLimit = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, bool> _undropped = new();

    /// <summary>The limit of a template's drop, which is better not interrupted: right after a build the server may have much to write
    /// before.</summary>
    public TimeSpan TemplateDropLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <returns>Whether it is gone. What resists is named once, however often it is tried.</returns>
    public async Task<bool> DropAsync(string database, CancellationToken cancellationToken)
    {
        if (OwnDatabaseName.Parse(database) is not { } parsed)
            throw new InvalidOperationException($"{database} is not a database of ours");
        var longest = parsed.Kind == OwnDatabaseKind.Template ? TemplateDropLimit : DropLimit;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(longest);
        try
        {
            while (!await dialect.TryDropAsync(database, limit.Token))
            {
            }

            return true;
        }
        catch (Exception exception)
            when (exception is DbException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            var why = limit.IsCancellationRequested
                ? $"for {longest.TotalSeconds:0} s a session or a prepared transaction that the run may not end has held it, or the server has not answered"
                : secrets.Redact(dialect.Describe(exception));
            logger.Log(
                _undropped.TryAdd(database, true) ? LogLevel.Warning : LogLevel.Debug,
                "The database {Name} could not be dropped and is left for the next run's sweep: {Reason}",
                database,
                why);
            return false;
        }
    }

    /// <summary>Drops an account, and with it the databases that it owns, which are half-built.</summary>
    /// <param name="locks">
    /// Nobody else may be building a database that is dropped; null where the account is this run's and nobody can.
    /// </param>
    /// <returns>Whether it is gone.</returns>
    public async Task<bool> DropAccountAsync(string account, ServerLocks? locks, CancellationToken cancellationToken)
    {
        if (OwnDatabaseName.Parse(account) is not { Kind: OwnDatabaseKind.Run })
            throw new InvalidOperationException($"{account} is not an account of ours");
        try
        {
            foreach (var database in await ListOwnedAsync(account, cancellationToken))
            {
                var isGone = locks is null
                    ? await DropOwnedAsync(database)
                    : await locks.WhileAloneAsync(LockName.OfTemplate(database), () => DropOwnedAsync(database), cancellationToken);
                if (!isGone)
                    return false;
            }

            await dialect.DropAccountAsync(account, cancellationToken);
            return true;
        }
        catch (DbException exception)
        {
            // A failure here must not hide the error that is being handled.
            logger.LogWarning(
                "The account {Account} could not be dropped and is left for the next run's sweep: {Reason}",
                account,
                secrets.Redact(dialect.Describe(exception)));
            return false;
        }

        // Another run may have begun to build the template again, with another account.
        async Task<bool> DropOwnedAsync(string database) =>
            !(await ListOwnedAsync(account, cancellationToken)).Contains(database) || await DropAsync(database, cancellationToken);
    }

    private async Task<IReadOnlyList<string>> ListOwnedAsync(string account, CancellationToken cancellationToken) =>
        [.. (await dialect.ListOwnedAsync(account, cancellationToken)).Where(database => OwnDatabaseName.Parse(database) is not null)];
}
