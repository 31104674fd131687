using System.Collections.Concurrent;
using System.Diagnostics;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Throwaway;

/// <summary>Databases on servers of our own: one for all workers, or one for each lease.</summary>
/// <param name="find">Finds the server's programs; null where the system cannot run them.</param>
/// <param name="connect">The engine on a server that was started.</param>
/// <param name="classify">Tells which of its errors pass.</param>
internal sealed class ThrowawayEngine(
    string name,
    ConcurrentTestSettings settings,
    string runId,
    Func<CancellationToken, Task<IServerProduct>> find,
    Func<string, IDatabaseEngine> connect,
    Func<Exception, FaultCause> classify,
    ILogger logger,
    TimeProvider time) : IDatabaseEngine
{
    private readonly ConcurrentDictionary<string, Lazy<Task<Running>>> _byLabel = new();
    private readonly ConcurrentDictionary<string, Running> _byClone = new();
    private readonly CancellationTokenSource _lost = new();
    private ImmutableArray<TemplateSource> _sources;

    /// <summary>Those in the data directory that all servers are copies of, once they are known: what they are made of may
    /// change.</summary>
    private ImmutableArray<TemplateDatabase> _known = [];
    private ThrowawayServers? _servers;

    /// <summary>Everybody's server; where each lease has its own, the first one's, until it is taken.</summary>
    private Running? _first;

    public string Name => name;

    public string? Server { get; private set; }

    public CancellationToken Lost => _lost.Token;

    private bool IsShared => settings.Isolation == DatabaseIsolation.Database;

    /// <summary>A server, the engine that speaks to it and the templates on it.</summary>
    private sealed record Running(
        ServerProcess Server, IDatabaseEngine Engine, ImmutableArray<TemplateDatabase> Templates) : IAsyncDisposable
    {
        /// <summary>Where the server's data is moved in the end; null: it is removed.</summary>
        public string? KeepIn { get; set; }

        public async ValueTask DisposeAsync()
        {
            await Engine.DisposeAsync();
            await Server.DisposeAsync();
        }
    }

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                $"a throwaway {name} server needs Linux or macOS: give a server with NUKE_TEST_CONNECTION_STRING");
        }

        var product = await find(cancellationToken);
        var account = ServerAccount.Choose(settings, "postgres", "mysql", "nobody");
        _servers = new ThrowawayServers(product, account, settings, runId, logger, time);
    }

    public Task<int> SweepAsync(CancellationToken cancellationToken) => ThrowawayServers.SweepAsync(logger, cancellationToken);

    public async Task<ImmutableArray<TemplateDatabase>> EnsureTemplatesAsync(
        ImmutableArray<TemplateSource> sources, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        (_sources, _known) = (sources, []);
        var identity = await IdentityAsync(cancellationToken);
        var isCached = sources.All(source => source.IsCached(settings));
        var hasChanged = false;
        var hit = await _servers!.PrepareAsync(identity, isCached, BuildUnchangedAsync, cancellationToken);
        var running = await StartAsync(cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(started);
        _first = running;
        Server = running.Engine.Server;
        return
        [
            .. running.Templates.Select(
                template => template with { Hit = hit, Time = elapsed / running.Templates.Length, HasChanged = hasChanged }),
        ];

        async Task<bool> BuildUnchangedAsync(ServerProcess server, CancellationToken token)
        {
            await BuildAsync(server, token);
            hasChanged = isCached && !await TemplateFingerprint.IsStillAsync(identity, IdentityAsync, token);
            return !hasChanged;
        }
    }

    private async Task<string> IdentityAsync(CancellationToken cancellationToken)
    {
        // MySQL has no settings of single databases, so they are set for the server before the template is built: routines keep some of
        // them.
        var settingsOfServer = settings.Database == DatabaseEngine.MySql ? settings.DatabaseSettings : [];
        var identity = new List<string>();
        foreach (var source in _sources)
        {
            identity.Add(
                $"{source.Database} {await TemplateFingerprint.ComputeAsync(source, [name, .. settings.TemplateExtensions, .. settingsOfServer], settings, cancellationToken)}");
        }

        return string.Join('\n', identity);
    }

    // Where each lease has its own server, nobody knows its port before it has started.
    public ConnectionValues? Foresee(TemplateSource source, string label) => IsShared ? _first?.Engine.Foresee(source, label) : null;

    public async Task<DatabaseClone> CloneAsync(TemplateDatabase template, string label, CancellationToken cancellationToken)
    {
        var running = IsShared ? _first! : await OfLabelAsync(label, cancellationToken);
        try
        {
            var clone = await running.Engine.CloneAsync(template, label, cancellationToken);
            _byClone[clone.Name] = running;
            return clone;
        }
        catch when (!IsShared && !_byClone.Values.Contains(running))
        {
            // Where another of the lease's databases is on the server already, the next attempt goes there too, and that database's drop
            // ends it.
            _byLabel.TryRemove(label, out _);
            await running.DisposeAsync();
            throw;
        }
    }

    /// <summary>The first server's: where each worker has its own, they are alike.</summary>
    public async Task<int?> ReadConnectionLimitAsync(CancellationToken cancellationToken) =>
        _first is { } first ? await first.Engine.ReadConnectionLimitAsync(cancellationToken) : null;

    public Task<DatabaseState> ProbeAsync(DatabaseClone clone, CancellationToken cancellationToken) =>
        _byClone[clone.Name].Engine.ProbeAsync(clone, cancellationToken);

    public async Task<bool> DropAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        if (!_byClone.TryRemove(clone.Name, out var running))
            return true;
        if (IsShared)
            return await running.Engine.DropAsync(clone, cancellationToken);
        await EndUnlessUsedAsync(running);
        return true;
    }

    public Task<DatabaseStatistics?> ReadStatisticsAsync(DatabaseClone clone, CancellationToken cancellationToken) =>
        _byClone[clone.Name].Engine.ReadStatisticsAsync(clone, cancellationToken);

    /// <summary>Keeps the clone together with the whole data directory of its server, once that ends.</summary>
    public async Task<KeptDatabase> KeepAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        if (!_byClone.TryRemove(clone.Name, out var running))
            throw new InvalidOperationException($"{clone.Name} is on none of the run's servers");
        var kept = await running.Engine.KeepAsync(clone, cancellationToken);
        running.KeepIn ??= Path.Combine(
            KeptDatabases.Folder(settings), $"{runId}-{Path.GetFileName(Path.GetDirectoryName(running.Server.DataDirectory))}");
        var how = _servers!.HowToOpen(running.Server, running.KeepIn, kept.How);
        if (!IsShared)
            await EndUnlessUsedAsync(running);
        return kept with { How = how };
    }

    public FaultCause Classify(Exception exception) => classify(exception);

    public async ValueTask DisposeAsync()
    {
        foreach (var running in _byClone.Values.Append(_first).OfType<Running>().Distinct().ToArray())
            await EndAsync(running);
        if (_servers is not null)
            await _servers.DisposeAsync();
        _lost.Dispose();
    }

    /// <summary>The last database takes its server with it.</summary>
    private async Task EndUnlessUsedAsync(Running running)
    {
        if (!_byClone.Values.Contains(running))
            await EndAsync(running);
    }

    private async Task EndAsync(Running running)
    {
        if (running.KeepIn is { } folder)
            await _servers!.KeepAsync(running.Server, folder, CancellationToken.None);
        await running.DisposeAsync();
    }

    private async Task<Running> OfLabelAsync(string label, CancellationToken cancellationToken)
    {
        try
        {
            return await _byLabel.GetOrAdd(label, _ => new Lazy<Task<Running>>(() => FirstOrNewAsync(cancellationToken))).Value;
        }
        catch
        {
            // The next attempt must not find this server.
            _byLabel.TryRemove(label, out _);
            throw;
        }
    }

    private Task<Running> FirstOrNewAsync(CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref _first, null) is { } first ? Task.FromResult(first) : StartAsync(cancellationToken);

    private async Task BuildAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        await using var engine = connect(server.ConnectionString);
        await engine.CheckAsync(cancellationToken);
        _known = await engine.EnsureTemplatesAsync(_sources, cancellationToken);
    }

    private async Task<Running> StartAsync(CancellationToken cancellationToken)
    {
        var server = await _servers!.StartAsync(IsShared ? settings.Workers : 1, cancellationToken);
        var engine = connect(server.ConnectionString);
        try
        {
            await engine.CheckAsync(cancellationToken);
            engine.Lost.Register(_lost.Cancel);
            return new Running(server, engine, await TemplatesOnAsync(engine, cancellationToken));
        }
        catch
        {
            await engine.DisposeAsync();
            await server.DisposeAsync();
            throw;
        }
    }

    private async Task<ImmutableArray<TemplateDatabase>> TemplatesOnAsync(IDatabaseEngine engine, CancellationToken cancellationToken)
    {
        if (!_known.IsEmpty)
        {
            await engine.LearnAsync(_known, cancellationToken);
            return _known;
        }

        var templates = await engine.EnsureTemplatesAsync(_sources, cancellationToken);
        // What the directory had not is on this server alone.
        if (templates.All(template => template.Hit))
            _known = templates;
        return templates;
    }
}
