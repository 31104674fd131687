using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;

namespace ConcurrentTesting.Databases.Cleaning;

/// <summary>What of ours is on a server that others use too: a run's things are in use while it lives, a template while it is used or
/// built.</summary>
internal sealed class ServerInventory : IAsyncDisposable
{
    private readonly IServerDialect _dialect;
    private readonly ServerLocks _locks;
    private readonly OwnDatabases _databases;
    private readonly ConcurrentTestSettings _settings;

    private ServerInventory(
        IServerDialect dialect, ConcurrentTestSettings settings, Redactor secrets, ILogger logger, TimeProvider time)
    {
        _dialect = dialect;
        _settings = settings;
        _locks = new ServerLocks(dialect, time);
        _databases = new OwnDatabases(dialect, secrets, logger);
    }

    /// <returns>Null where no server is named.</returns>
    /// <exception cref="ConcurrentTestException">The connection string cannot be read, or the server may be anybody's.</exception>
    public static async Task<ServerInventory?> OpenAsync(
        ConcurrentTestSettings settings,
        Guards guards,
        Redactor secrets,
        ILogger logger,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (settings.ConnectionString is not { } connectionString || ServerKind.Of(settings.Database) is not { } kind)
            return null;
        // A cleaning makes no templates and no clones, so their settings are left out.
        var plain = settings with { TemplateExtensions = [], DatabaseSettings = [] };
        var context = new ServerContext(plain, "cleaning", IsOurs: false, [], guards, secrets, logger, time);
        var dialect = kind.Connect(connectionString, context);
        try
        {
            await ServerHost.CheckAsync(dialect.Host, settings, guards, cancellationToken);
            // Through a pooler, or on one of several servers that do not share their locks, nobody can tell what a living run uses.
            await dialect.CheckAsync(cancellationToken);
            await LivingRuns.AwaitAsync(dialect, time, cancellationToken);
        }
        catch
        {
            await dialect.DisposeAsync();
            throw;
        }

        return new ServerInventory(dialect, settings, secrets, logger, time);
    }

    /// <summary>All whose name proves that it is ours, whichever run made it.</summary>
    public async Task<ImmutableArray<OwnItem>> ListAsync(CancellationToken cancellationToken)
    {
        var items = ImmutableArray.CreateBuilder<OwnItem>();
        foreach (var name in await _dialect.ListOwnAsync(OwnDatabaseName.Prefix, cancellationToken))
        {
            if (OwnDatabaseName.Parse(name) is not { } parsed)
                continue;
            var item = await ItemAsync(
                KindOf(parsed.Kind), name, LockOf(name, parsed), token => DropAsync(name, parsed.Kind, token), cancellationToken);
            items.Add(item with { Bytes = await _dialect.SizeOfAsync(name, cancellationToken), Stays = WhyItStays(name, parsed.Kind) });
        }

        // Accounts come last, because an account cannot be dropped before what it owns.
        foreach (var name in await _dialect.ListAccountsAsync(cancellationToken))
        {
            if (OwnDatabaseName.Parse(name) is not { Kind: OwnDatabaseKind.Run } parsed)
                continue;
            items.Add(await ItemAsync(
                "template builder's account",
                name,
                LockOf(name, parsed),
                token => _databases.DropAccountAsync(name, _locks, token),
                cancellationToken));
        }

        return items.ToImmutable();
    }

    public async ValueTask DisposeAsync()
    {
        await _locks.DisposeAsync();
        await _dialect.DisposeAsync();
    }

    private static string KindOf(OwnDatabaseKind kind) => kind switch
    {
        OwnDatabaseKind.Template => "template",
        OwnDatabaseKind.Kept => "kept database",
        _ => "run's database",
    };

    /// <returns>Null for what is kept for people: it is no run's, and nobody locks it.</returns>
    private static LockName? LockOf(string name, OwnDatabaseName parsed) => parsed.Kind switch
    {
        OwnDatabaseKind.Run => LockName.OfRun(parsed.Owner),
        OwnDatabaseKind.Template => LockName.OfTemplate(name),
        _ => null,
    };

    /// <summary>Nobody locks what is kept for people, and those of another job or person may be looking at theirs.</summary>
    private string? WhyItStays(string name, OwnDatabaseKind kind) =>
        kind == OwnDatabaseKind.Kept && !KeptDatabases.IsNoted(_settings, name)
            ? $"kept by a run of another checkout, stays: DROP DATABASE {name} once nobody needs it"
            : null;

    private async Task<OwnItem> ItemAsync(
        string kind, string name, LockName? its, Func<CancellationToken, Task<bool>> drop, CancellationToken cancellationToken)
    {
        var isUnused = await WhileUnusedAsync(() => Task.FromResult(true), cancellationToken);
        return new OwnItem(kind, name, !isUnused, Bytes: null, token => WhileUnusedAsync(() => drop(token), token));

        Task<bool> WhileUnusedAsync(Func<Task<bool>> action, CancellationToken token) =>
            its is { } key ? _locks.WhileAloneAsync(key, action, token) : action();
    }

    private async Task<bool> DropAsync(string name, OwnDatabaseKind kind, CancellationToken cancellationToken)
    {
        if (kind == OwnDatabaseKind.Template)
            await _dialect.UnsealAsync(name, cancellationToken);
        if (!await _databases.DropAsync(name, cancellationToken))
            return false;
        KeptDatabases.Forget(_settings, name);
        return true;
    }
}
