using System.Globalization;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using Microsoft.Extensions.Logging;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>
/// The templates that stay on a server between runs. Who uses one shares its lock; who builds or evicts one holds it alone. The database's comment says when it was
/// used last.
/// </summary>
internal sealed class PostgreSqlKeptTemplates(
    PostgreSqlAdmin admin,
    Func<PostgreSqlLock> current,
    Func<string, CancellationToken, Task<bool>> drop,
    TimeProvider time,
    ILogger logger)
{
    private const string CommentBegin = "ConcurrentTest template, last used ";

    /// <summary>How exact the time of the last use is: within it a hit writes nothing.</summary>
    private static readonly TimeSpan Resolution = TimeSpan.FromMinutes(5);

    private readonly HashSet<string> _used = [];

    // Another one after a restart of the server.
    private PostgreSqlLock Locks => current();

    private sealed record Kept(string Name, bool IsSealed, DateTimeOffset LastUsed, long Bytes);

    /// <returns>Whether it was there. Its lock is shared by this run from here on.</returns>
    public async Task<bool> EnsureAsync(string name, string fingerprint, Func<CancellationToken, Task> build, CancellationToken cancellationToken)
    {
        await SweepAsync(cancellationToken);
        var key = PostgreSqlLock.Key.OfTemplate(name);
        var told = false;
        while (true)
        {
            if (await TryUseAsync(name, key, cancellationToken))
                return true;
            if (await Locks.TryExclusiveAsync(key, cancellationToken))
                break;
            if (!told)
                logger.LogInformation("Another run is building the template {Template}: waiting for it", name);
            told = true;
            await Locks.PauseAsync(cancellationToken);
        }

        try
        {
            if (await FindAsync(name, cancellationToken) is { IsSealed: true })
                return await ShareAsync(name, key, cancellationToken);
            await BuildAsync(name, fingerprint, build, cancellationToken);
            if (!await Locks.TrySharedAsync(key, cancellationToken))
                throw new TimeoutException($"the lock of the template {name} was lost while it was built");
        }
        finally
        {
            await Locks.ReleaseExclusiveAsync(key, CancellationToken.None);
        }

        await EvictAsync(cancellationToken);
        return false;
    }

    /// <summary>The least recently used first, until the rest is within <see cref="TemplateLimits"/>; never one in use.</summary>
    public async Task EvictAsync(CancellationToken cancellationToken, int maxEntries = TemplateLimits.MaxEntries, long maxBytes = TemplateLimits.MaxBytes) =>
        await TemplateLimits.EvictAsync(
            (await ListAsync(cancellationToken)).OrderByDescending(template => template.LastUsed),
            template => template.Bytes,
            template => TryEvictAsync(template, cancellationToken),
            maxEntries,
            maxBytes);

    /// <summary>Drops what killed builders left: without its seal it is no template, and whoever still builds one holds its lock.</summary>
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var halfBuilt in (await ListAsync(cancellationToken)).Where(template => !template.IsSealed))
                await TryEvictAsync(halfBuilt, cancellationToken);
        }
        catch (Exception exception) when (exception is System.Data.Common.DbException or ConcurrentTestException)
        {
            logger.LogDebug("A half-built template could not be dropped: {Reason}", exception.Message);
        }
    }

    private async Task<bool> TryEvictAsync(Kept template, CancellationToken cancellationToken)
    {
        var key = PostgreSqlLock.Key.OfTemplate(template.Name);
        // Our own session would be let in beside its own shared lock.
        if (_used.Contains(template.Name) || !await Locks.TryExclusiveAsync(key, cancellationToken))
            return false;
        try
        {
            await RemoveAsync(template.Name, cancellationToken);
            logger.LogDebug("Evicted the template {Template}, last used {LastUsed:u}", template.Name, template.LastUsed);
            return true;
        }
        finally
        {
            await Locks.ReleaseExclusiveAsync(key, CancellationToken.None);
        }
    }

    private async Task<bool> TryUseAsync(string name, PostgreSqlLock.Key key, CancellationToken cancellationToken)
    {
        if (!await Locks.TrySharedAsync(key, cancellationToken))
            return false;
        if (await FindAsync(name, cancellationToken) is { IsSealed: true } found)
        {
            _used.Add(name);
            if (time.GetUtcNow() - found.LastUsed > Resolution)
                await TouchAsync(name, cancellationToken);
            return true;
        }

        await Locks.ReleaseSharedAsync(key, cancellationToken);
        return false;
    }

    private async Task<bool> ShareAsync(string name, PostgreSqlLock.Key key, CancellationToken cancellationToken)
    {
        _used.Add(name);
        return await Locks.TrySharedAsync(key, cancellationToken);
    }

    private async Task BuildAsync(string name, string fingerprint, Func<CancellationToken, Task> build, CancellationToken cancellationToken)
    {
        // What is there without a seal is what a builder that died has left.
        await RemoveAsync(name, cancellationToken);
        try
        {
            logger.LogDebug("Building the template {Template} for the fingerprint {Fingerprint}", name, fingerprint);
            await build(cancellationToken);
            await TouchAsync(name, cancellationToken);
            _used.Add(name);
        }
        catch
        {
            await RemoveAsync(name, CancellationToken.None);
            throw;
        }
    }

    private async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        if (await FindAsync(name, cancellationToken) is null)
            return;
        await admin.ExecuteAsync($"ALTER DATABASE {Quote(name)} IS_TEMPLATE false", cancellationToken);
        if (!await drop(name, cancellationToken))
            throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, $"the template {name} is in the way and could not be dropped");
    }

    private Task TouchAsync(string name, CancellationToken cancellationToken) =>
        admin.ExecuteAsync(
            $"COMMENT ON DATABASE {Quote(name)} IS {Literal(CommentBegin + time.GetUtcNow().ToString("u", CultureInfo.InvariantCulture))}", cancellationToken);

    private async Task<Kept?> FindAsync(string name, CancellationToken cancellationToken) =>
        await admin.QueryAsync(
            "SELECT datname::text, NOT datallowconn, shobj_description(oid, 'pg_database'), 0::bigint FROM pg_database WHERE datname = $1",
            Read,
            cancellationToken,
            name) is [var found]
            ? found
            : null;

    private async Task<IEnumerable<Kept>> ListAsync(CancellationToken cancellationToken) =>
        (await admin.QueryAsync(
            """
            SELECT datname::text, NOT datallowconn, shobj_description(oid, 'pg_database'), pg_database_size(oid)
            FROM pg_database WHERE datname LIKE 'ct\_t\_%' AND pg_has_role(datdba, 'USAGE')
            """,
            Read,
            cancellationToken))
        .Where(template => OwnDatabaseName.Parse(template.Name) is { Kind: OwnDatabaseKind.Template });

    private static Kept Read(Npgsql.NpgsqlDataReader row)
    {
        var comment = row.IsDBNull(2) ? "" : row.GetString(2);
        var isDated = DateTimeOffset.TryParseExact(
            comment.Replace(CommentBegin, "", StringComparison.Ordinal), "u", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var lastUsed);
        return new Kept(row.GetString(0), row.GetBoolean(1), isDated ? lastUsed : DateTimeOffset.MinValue, row.GetInt64(3));
    }
}
