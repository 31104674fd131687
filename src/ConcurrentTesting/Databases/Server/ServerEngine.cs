using System.Diagnostics;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Server;

/// <summary>Databases on a server, whichever it is: what is ours is told by its name (<see cref="OwnDatabaseName"/>), whether its run lives
/// by a lock (<see cref="RunHold"/>). The dialect says how the server is asked for each thing.</summary>
/// <param name="databases">What drops databases, where it is to do so otherwise than usual.</param>
internal sealed class ServerEngine(IServerDialect dialect, ServerContext context, OwnDatabases? databases = null) : IDatabaseEngine
{
    private readonly ConcurrentTestSettings _settings = context.Settings;
    private readonly string _runId = context.RunId;
    private readonly ILogger _logger = context.Logger;
    private readonly SemaphoreSlim _cloning = new(dialect.MostClones);
    private readonly RunHold _hold = new(dialect, context);
    private readonly OwnDatabases _databases = databases ?? new(dialect, context.Secrets, context.Logger);
    private readonly TemplateConfinement _confinement = new(context);
    private ServerFacts? _facts;
    private CachedTemplates? _cachedTemplates;

    public string Name => dialect.Name;

    public string? Server => _facts?.Series;

    public CancellationToken Lost => _hold.Lost;

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await ServerHost.CheckAsync(dialect.Host, _settings, context.Guards, cancellationToken);
        _facts = await dialect.CheckAsync(cancellationToken);
        _logger.LogDebug("{Product} at {Address}, as {User}", _facts.Product, dialect.Address, _facts.User);
        await _confinement.CheckAsync(_facts.MayMakeAccounts, _facts.User, cancellationToken);
    }

    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        await LiveAsync(cancellationToken);
        var databases = await dialect.ListOwnAsync(OwnDatabaseName.PrefixOfRuns, cancellationToken);
        var accounts = await dialect.ListAccountsAsync(cancellationToken);
        var removed = 0;
        var runs = OwnDatabaseName.ByOtherRun(databases.Concat(accounts), OwnDatabaseName.RunToken(_runId)).ToArray();
        if (runs.Length > 0)
            await LivingRuns.AwaitAsync(dialect, context.Time, cancellationToken);
        foreach (var run in runs)
        {
            await _hold.Locks.WhileAloneAsync(
                LockName.OfRun(run.Key),
                async () =>
                {
                    removed += await SweepAsync(run.Except(accounts), run.Intersect(accounts), cancellationToken);
                    return true;
                },
                cancellationToken);
        }

        return removed;
    }

    public async Task<ImmutableArray<TemplateDatabase>> EnsureTemplatesAsync(
        ImmutableArray<TemplateSource> templates, CancellationToken cancellationToken)
    {
        await LiveAsync(cancellationToken);
        var ensured = ImmutableArray.CreateBuilder<TemplateDatabase>(templates.Length);
        foreach (var source in templates)
            ensured.Add(await EnsureTemplateAsync(source, cancellationToken));
        return ensured.ToImmutable();
    }

    public async Task LearnAsync(ImmutableArray<TemplateDatabase> templates, CancellationToken cancellationToken)
    {
        await LiveAsync(cancellationToken);
        foreach (var template in templates)
            await dialect.LearnAsync(template.Name, cancellationToken);
    }

    // The names are known once the server was checked.
    public ConnectionValues? Foresee(TemplateSource source, string label) =>
        _facts is null ? null : dialect.ConnectionTo(NameOf(source, label));

    public async Task<DatabaseClone> CloneAsync(TemplateDatabase template, string label, CancellationToken cancellationToken)
    {
        var name = NameOf(template.Source, label);
        await _cloning.WaitAsync(cancellationToken);
        try
        {
            if (!_hold.Begin(name))
                await _databases.DropAsync(name, cancellationToken);
            await dialect.CloneAsync(template.Name, name, cancellationToken);
            _hold.Finish(name);
            return new DatabaseClone(template, name, dialect.ConnectionTo(name));
        }
        catch
        {
            await DropAsync(name, CancellationToken.None);
            throw;
        }
        finally
        {
            _cloning.Release();
        }
    }

    public async Task<DatabaseState> ProbeAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var state = await dialect.ProbeAsync(clone, cancellationToken);
        // A sweep would need the run's lock, so only the tests can have dropped the database.
        if (state == DatabaseState.Dropped)
            _hold.Abandon(clone.Name);
        return state;
    }

    public async Task<int?> ReadConnectionLimitAsync(CancellationToken cancellationToken) =>
        await dialect.ReadConnectionLimitAsync(cancellationToken);

    public Task<bool> DropAsync(DatabaseClone clone, CancellationToken cancellationToken) => DropAsync(clone.Name, cancellationToken);

    public Task<DatabaseStatistics?> ReadStatisticsAsync(DatabaseClone clone, CancellationToken cancellationToken) =>
        dialect.ReadStatisticsAsync(clone, cancellationToken);

    /// <summary>Renames the database, so that no sweep takes it for a dead run's.</summary>
    public async Task<KeptDatabase> KeepAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var name = (OwnDatabaseName.Parse(clone.Name)! with { Kind = OwnDatabaseKind.Kept }).ToString();
        await dialect.EndSessionsAsync(clone.Name, cancellationToken);
        try
        {
            if (!context.IsOurs)
                KeptDatabases.Note(_settings, name);
            if (await dialect.MoveAsync(clone.Name, name, cancellationToken))
                Forget(clone.Name);
            else
                await DropAsync(clone.Name, cancellationToken);
        }
        catch
        {
            if (await _databases.DropAsync(name, CancellationToken.None))
                KeptDatabases.Forget(_settings, name);
            throw;
        }

        return new KeptDatabase(name, await dialect.HowToOpenAsync(name, cancellationToken));
    }

    public FaultCause Classify(Exception exception) => dialect.Classify(exception);

    public async ValueTask DisposeAsync()
    {
        await _hold.StopWatchingAsync();
        if (!context.IsOurs)
            await Parallel.ForEachAsync(_hold.Databases, async (name, _) => await DropAsync(name, CancellationToken.None));
        await _hold.DisposeAsync();
        await dialect.DisposeAsync();
        _cloning.Dispose();
    }

    private string NameOf(TemplateSource source, string label) => OwnDatabaseName.OfClone(_runId, source.Database, label).ToString();

    /// <summary>Shows other runs that this run lives, before anything of it exists on the server.</summary>
    private async Task LiveAsync(CancellationToken cancellationToken)
    {
        if (_facts is null)
            await CheckAsync(cancellationToken);
        await _hold.TakeAsync(cancellationToken);
    }

    /// <summary>Removes what a dead run left, while we hold its lock.</summary>
    private async Task<int> SweepAsync(IEnumerable<string> databases, IEnumerable<string> accounts, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var database in databases)
            removed += await DropAsync(database, cancellationToken) ? 1 : 0;
        foreach (var account in accounts)
            removed += await _databases.DropAccountAsync(account, _hold.Locks, cancellationToken) ? 1 : 0;
        return removed;
    }

    private async Task<TemplateDatabase> EnsureTemplateAsync(TemplateSource source, CancellationToken cancellationToken)
    {
        // A throwaway server's directory is cached as a whole or not at all, so its templates always stay on it.
        var isCached = context.IsOurs || source.IsCached(_settings);
        try
        {
            return await EnsureTemplateAsync(source, isCached, cancellationToken);
        }
        catch (TemplateChangedException)
        {
            return await EnsureTemplateAsync(source, isCached: false, cancellationToken) with { HasChanged = true };
        }
    }

    /// <exception cref="TemplateChangedException">It would be found by others for what it is not.</exception>
    private async Task<TemplateDatabase> EnsureTemplateAsync(TemplateSource source, bool isCached, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var fingerprint = await FingerprintAsync(cancellationToken);
        var name = isCached
            ? OwnDatabaseName.OfTemplate(fingerprint, source.Database).ToString()
            : OwnDatabaseName.OfRun(_runId, $"{source.Database}_template").ToString();
        var hit = false;
        if (isCached)
        {
            _cachedTemplates ??= new CachedTemplates(dialect, _hold.Locks, DropAsync, context.Time, _logger);
            hit = await _cachedTemplates.EnsureAsync(name, fingerprint, BuildAsync, cancellationToken);
        }
        else
        {
            if (!_hold.Begin(name))
                await _databases.DropAsync(name, cancellationToken);
            await BuildAsync(_ => Task.CompletedTask, cancellationToken);
        }

        await dialect.LearnAsync(name, cancellationToken);
        return new TemplateDatabase(source, name, fingerprint, hit, Stopwatch.GetElapsedTime(started));

        Task BuildAsync(Func<CancellationToken, Task> requireLock, CancellationToken token) =>
            new ServerTemplateBuilder(
                dialect, _databases, _confinement, _facts!, context,
                new NewTemplate(source, name, isCached, requireLock, RequireUnchangedAsync)).BuildAsync(token);

        async Task RequireUnchangedAsync(CancellationToken token)
        {
            if (isCached && !context.IsOurs && !await TemplateFingerprint.IsStillAsync(fingerprint, FingerprintAsync, token))
                throw new TemplateChangedException();
        }

        Task<string> FingerprintAsync(CancellationToken token) =>
            TemplateFingerprint.ComputeAsync(source, [Name, .. _facts!.Identity], _settings, token);
    }

    private async Task<bool> DropAsync(string name, CancellationToken cancellationToken)
    {
        _hold.Abandon(name);
        var isGone = await _databases.DropAsync(name, cancellationToken);
        if (isGone)
            Forget(name);
        return isGone;
    }

    private void Forget(string name)
    {
        _hold.Forget(name);
        dialect.Forget(name);
    }
}
