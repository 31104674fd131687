using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>
/// The templates that stay on a server between runs. Who looks for one, builds or evicts one holds its lock for that while; MySQL has no shared locks, so a run that
/// uses one notes itself in the template's mark, and counts while its own lock is held.
/// </summary>
internal sealed class MySqlKeptTemplates(
    MySqlAdmin admin, MySqlLock locks, Func<string, CancellationToken, Task<bool>> drop, string runToken, TimeProvider time, ILogger logger)
{
    private readonly MySqlMark _mark = new(admin);

    private sealed record Kept(string Name, DateTimeOffset? CompletedOrUsed, long Bytes)
    {
        public DateTimeOffset LastUsed => CompletedOrUsed ?? DateTimeOffset.MinValue;
    }

    /// <returns>Whether it was there. It is this run's from here on.</returns>
    public async Task<bool> EnsureAsync(string name, string fingerprint, Func<CancellationToken, Task> build, CancellationToken cancellationToken)
    {
        await SweepAsync(cancellationToken);
        for (var told = false; !await locks.TryAsync(name, cancellationToken); told = true)
        {
            if (!told)
                logger.LogInformation("Another run is building the template {Template}: waiting for it", name);
            await locks.PauseAsync(cancellationToken);
        }

        try
        {
            var hit = await _mark.LastUsedAsync(name, cancellationToken) is not null;
            if (!hit)
                await BuildAsync(name, fingerprint, build, cancellationToken);
            await _mark.UseAsync(name, runToken, time.GetUtcNow(), cancellationToken);
            if (hit)
                return true;
        }
        finally
        {
            await locks.ReleaseAsync(name, CancellationToken.None);
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

    /// <summary>Drops what killed builders left: without its mark it is no template, and whoever still builds one holds its lock.</summary>
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var halfBuilt in (await ListAsync(cancellationToken)).Where(template => template.CompletedOrUsed is null))
                await TryEvictAsync(halfBuilt, cancellationToken);
        }
        catch (Exception exception) when (exception is System.Data.Common.DbException or ConcurrentTestException)
        {
            logger.LogDebug("A half-built template could not be dropped: {Reason}", exception.Message);
        }
    }

    private async Task<bool> TryEvictAsync(Kept template, CancellationToken cancellationToken)
    {
        if (!await locks.TryAsync(template.Name, cancellationToken))
            return false;
        try
        {
            if (await _mark.IsInUseAsync(template.Name, cancellationToken))
                return false;
            await RemoveAsync(template.Name, cancellationToken);
            logger.LogDebug("Evicted the template {Template}, last used {LastUsed:u}", template.Name, template.LastUsed);
            return true;
        }
        finally
        {
            await locks.ReleaseAsync(template.Name, CancellationToken.None);
        }
    }

    private async Task BuildAsync(string name, string fingerprint, Func<CancellationToken, Task> build, CancellationToken cancellationToken)
    {
        // What is there without a mark is what a builder that died has left.
        await RemoveAsync(name, cancellationToken);
        try
        {
            logger.LogDebug("Building the template {Template} for the fingerprint {Fingerprint}", name, fingerprint);
            await build(cancellationToken);
        }
        catch
        {
            await RemoveAsync(name, CancellationToken.None);
            throw;
        }
    }

    private async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        var exists = await admin.QueryAsync("SELECT 1 FROM information_schema.schemata WHERE schema_name = @p0", row => row.GetInt32(0), cancellationToken, name);
        if (exists.Count == 0)
            return;
        // The mark first: a drop that breaks off leaves no template that looks whole.
        await _mark.RemoveAsync(name, cancellationToken);
        if (!await drop(name, cancellationToken))
            throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, $"the template {name} is in the way and could not be dropped");
    }

    private async Task<IReadOnlyList<Kept>> ListAsync(CancellationToken cancellationToken)
    {
        var found = await admin.QueryAsync(
            """
            SELECT s.schema_name, CAST(COALESCE(SUM(t.data_length + t.index_length), 0) AS SIGNED)
            FROM information_schema.schemata s LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name
            WHERE s.schema_name LIKE 'ct\\_t\\_%' GROUP BY s.schema_name
            """,
            row => (Name: row.GetString(0), Bytes: row.GetInt64(1)),
            cancellationToken);
        var kept = new List<Kept>();
        foreach (var template in found.Where(template => OwnDatabaseName.Parse(template.Name) is { Kind: OwnDatabaseKind.Template }))
            kept.Add(new Kept(template.Name, await _mark.LastUsedAsync(template.Name, cancellationToken), template.Bytes));
        return kept;
    }
}
