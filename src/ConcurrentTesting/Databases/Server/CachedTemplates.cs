using System.Data.Common;
using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Server;

/// <summary>Makes a template's database and seals it. Right before the seal it awaits <paramref name="requireLock"/>, which throws where
/// the template's lock was lost.</summary>
internal delegate Task TemplateBuild(Func<CancellationToken, Task> requireLock, CancellationToken cancellationToken);

/// <summary>The templates that stay on a server between runs. A run that uses one shares its lock; a run that builds or evicts one holds it
/// alone.</summary>
/// <param name="drop">Drops a database; false where it resists.</param>
internal sealed class CachedTemplates(
    IServerDialect dialect, ServerLocks locks, Func<string, CancellationToken, Task<bool>> drop, TimeProvider time, ILogger logger)
{
    /// <summary>How exactly the time of the last use is noted: a hit within this time of the last one writes nothing.</summary>
    private static readonly TimeSpan Resolution = TimeSpan.FromMinutes(5);

    private readonly HashSet<string> _used = [];

    /// <returns>Whether it was there. Its lock is shared by this run from here on.</returns>
    public async Task<bool> EnsureAsync(string name, string fingerprint, TemplateBuild build, CancellationToken cancellationToken)
    {
        await SweepAsync(cancellationToken);
        var key = LockName.OfTemplate(name);
        for (var waiting = new TemplateWaiting(name, time, logger); !await TryUseAsync(name, key, cancellationToken);)
        {
            if (await locks.TryAsync(key, cancellationToken))
                return await BuildUnlessThereAsync(name, key, fingerprint, build, cancellationToken);
            waiting.Tell();
            await locks.PauseAsync(cancellationToken);
        }

        return true;
    }

    /// <summary>Evicts the least recently used templates first, until the rest is within <see cref="TemplateLimits"/>; never one in
    /// use.</summary>
    /// <remarks>What cannot be listed or evicted is somebody else's template and left to a later run: this run has its own.</remarks>
    public async Task EvictAsync(
        CancellationToken cancellationToken, int maxEntries = TemplateLimits.MaxEntries, long maxBytes = TemplateLimits.MaxBytes) =>
        await TemplateLimits.EvictAsync(
            (await ListAsync(cancellationToken)).OrderByDescending(template => template.LastUsed),
            template => template.Bytes,
            template => TryEvictAsync(template, cancellationToken),
            maxEntries,
            maxBytes);

    /// <summary>Drops what killed builders left: a database without its seal whose lock nobody holds is no template.</summary>
    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var halfBuilt in (await ListAsync(cancellationToken)).Where(template => !template.IsSealed))
            await TryEvictAsync(halfBuilt, cancellationToken);
    }

    private async Task<IReadOnlyList<CachedTemplate>> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await dialect.ListTemplatesAsync(cancellationToken);
        }
        catch (DbException exception)
        {
            // Another run may have dropped one while the server looked at it.
            logger.LogDebug("The templates could not be listed: {Reason}", dialect.Describe(exception));
            return [];
        }
    }

    private async Task<bool> TryEvictAsync(CachedTemplate template, CancellationToken cancellationToken)
    {
        // The server would grant our own session the lock beside its own shared lock.
        if (_used.Contains(template.Name))
            return false;
        try
        {
            return await locks.WhileAloneAsync(LockName.OfTemplate(template.Name), EvictUnlessChangedAsync, cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or ConcurrentTestException)
        {
            logger.LogDebug("The template {Template} could not be evicted: {Reason}", template.Name, dialect.Describe(exception));
            return false;
        }

        async Task<bool> EvictUnlessChangedAsync()
        {
            // The template's builder may have finished it meanwhile.
            if (await dialect.FindTemplateAsync(template.Name, cancellationToken) is not { } found || found.IsSealed != template.IsSealed)
                return false;
            await RemoveAsync(template.Name, cancellationToken);
            logger.LogDebug("Evicted the template {Template}, last used {LastUsed:u}", template.Name, template.LastUsed);
            return true;
        }
    }

    private async Task<bool> TryUseAsync(string name, LockName key, CancellationToken cancellationToken)
    {
        if (!await locks.TryShareAsync(key, cancellationToken))
            return false;
        if (await dialect.FindTemplateAsync(name, cancellationToken) is { IsSealed: true } found)
        {
            _used.Add(name);
            if (time.GetUtcNow() - found.LastUsed > Resolution)
                await dialect.TouchAsync(name, time.GetUtcNow(), cancellationToken);
            return true;
        }

        await locks.UnshareAsync(key, cancellationToken);
        return false;
    }

    /// <summary>Called with the exclusive lock, which it releases.</summary>
    private async Task<bool> BuildUnlessThereAsync(
        string name, LockName key, string fingerprint, TemplateBuild build, CancellationToken cancellationToken)
    {
        try
        {
            // Another run may have built it before the lock was ours.
            if (await TryUseAsync(name, key, cancellationToken))
                return true;
            logger.LogDebug("Building the template {Template} for the fingerprint {Fingerprint}", name, fingerprint);
            await BuildAsync(name, key, build, cancellationToken);
            if (!await TryUseAsync(name, key, cancellationToken))
                throw Lost(name);
        }
        finally
        {
            await locks.ReleaseAsync(key, CancellationToken.None);
        }

        await EvictAsync(cancellationToken);
        return false;
    }

    private async Task BuildAsync(string name, LockName key, TemplateBuild build, CancellationToken cancellationToken)
    {
        // A database of this name without a seal was left by a builder that died.
        await RemoveAsync(name, cancellationToken);
        try
        {
            await build(RequireLockAsync, cancellationToken);
        }
        catch
        {
            // Where the lock was lost, another run may already be building under this name; otherwise the next run drops the database.
            if (await locks.HoldsAsync(key, CancellationToken.None))
                await RemoveAsync(name, CancellationToken.None);
            throw;
        }

        async Task RequireLockAsync(CancellationToken token)
        {
            if (!await locks.HoldsAsync(key, token))
                throw Lost(name);
        }
    }

    private async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        if (await dialect.FindTemplateAsync(name, cancellationToken) is null)
            return;
        // The seal is removed first, so that an interrupted drop leaves no template that looks complete.
        await dialect.UnsealAsync(name, cancellationToken);
        if (!await drop(name, cancellationToken))
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete, $"the template {name} is in the way and could not be dropped");
        }
    }

    /// <summary>A time-out is tried again.</summary>
    private static TimeoutException Lost(string name) => new($"the lock of the template {name} was lost while it was built");
}
