using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Throwaway;

/// <summary>Starts private servers for a run from a ready data directory, in memory where there is room. The directory is cached between
/// runs: first as the product makes it, later with the run's templates in it.</summary>
internal sealed class ThrowawayServers(
    IServerProduct product, ServerAccount account, ConcurrentTestSettings settings, string runId, ILogger logger,
    TimeProvider time) : IAsyncDisposable
{
    /// <summary>Free memory below which servers go to disk.</summary>
    private const long LeastRoom = 2L << 30;

    private readonly TemplateStore _store = new(TemplateStore.Folder(settings), time, logger);
    private readonly List<RunFolder> _folders = [];
    private readonly Lock _gate = new();
    private readonly List<Task> _storing = [];
    private readonly List<IDisposable> _held = [];
    private string? _source;
    private string? _ofThisRun;
    private string? _refused;
    private int _servers;

    /// <summary>Where run folders of servers are: never below a folder that the servers' user cannot reach.</summary>
    public static IEnumerable<string> Roots =>
        OperatingSystem.IsLinux() && Directory.Exists(RunFolder.Memory)
            ? [RunFolder.Root(RunFolder.Memory), RunFolder.Root(Path.GetTempPath())]
            : [RunFolder.Root(Path.GetTempPath())];

    public static async Task<int> SweepAsync(ILogger logger, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var root in Roots)
            removed += await RunFolder.SweepAsync(root, ServerProcess.EndLeftoversAsync, logger, cancellationToken);
        return removed;
    }

    /// <summary>Sees to a ready data directory with the templates in it.</summary>
    /// <param name="identity">What the templates in it depend on; with the product's facts it makes the key.</param>
    /// <param name="build">
    /// Builds the templates on a server; called where no cached directory has them. False where they are not what the identity says, and
    /// must not be found by later runs.
    /// </param>
    /// <returns>Whether a cached directory had them.</returns>
    public async Task<bool> PrepareAsync(
        string identity, bool isCached, Func<ServerProcess, CancellationToken, Task<bool>> build, CancellationToken cancellationToken)
    {
        // A key of this run alone makes the directory go with the run. Nobody finds what a killed run left, and it is evicted like any
        // other.
        var name = $"{product.Name}-{Key(isCached ? identity : identity + runId)}";
        _ofThisRun = isCached ? null : name;
        (_source, var hit) = await GetOrMakeAsync(name, token => BuildAsync(build, token), cancellationToken);
        return hit;
    }

    /// <summary>A server without any templates.</summary>
    public async Task<ServerProcess> StartEmptyAsync(CancellationToken cancellationToken) =>
        await StartAsync(await ReadyAsync(cancellationToken), workers: 1, cancellationToken);

    /// <summary>A server on a private copy of the ready directory.</summary>
    /// <param name="workers">The number of workers whose clones it will hold.</param>
    public Task<ServerProcess> StartAsync(int workers, CancellationToken cancellationToken) =>
        StartAsync(_source!, workers, cancellationToken);

    /// <summary>Stops a server in good order and copies its data to where it may stay.</summary>
    public async Task KeepAsync(ServerProcess server, string folder, CancellationToken cancellationToken)
    {
        await server.StopAsync(cancellationToken);
        DataDirectory.Copy(server.DataDirectory, Path.Combine(folder, "data"), cancellationToken);
        await account.OwnAsync(folder, cancellationToken);
    }

    /// <summary>The commands that start a server on the kept data and open a database there.</summary>
    /// <param name="how">Opens it on the server that still runs.</param>
    public string HowToOpen(ServerProcess server, string folder, string how)
    {
        var start = string.Join(' ', product.KeptCommandLine(Path.Combine(folder, "data"), folder));
        var asUser = account.User is { } user ? $"su {user} -s /bin/sh -c '{start}'" : start;
        return $"{asUser} & {how.Replace(Path.GetDirectoryName(server.DataDirectory)!, folder, StringComparison.Ordinal)}";
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_storing);
        _held.ForEach(held => held.Dispose());
        if (_ofThisRun is { } name)
            await RemoveAsync(name);
        lock (_gate)
            _folders.ForEach(folder => folder.Dispose());
    }

    private async Task<string> ReadyAsync(CancellationToken cancellationToken) =>
        (await GetOrMakeAsync($"{product.Name}-{Key("")}", InitializeAsync, cancellationToken)).Folder;

    /// <summary>Finds a cached directory, or makes one, which is used at once and stored for later runs meanwhile.</summary>
    /// <param name="make">Makes a folder of the run's own that has it, and tells whether later runs may find it.</param>
    private async Task<(string Folder, bool Hit)> GetOrMakeAsync(
        string name, Func<CancellationToken, Task<(string Folder, bool MayStay)>> make, CancellationToken cancellationToken)
    {
        var made = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var storing = _store.GetOrBuildAsync(name, StoreAsync, cancellationToken);
        if (await Task.WhenAny(made.Task, storing) == storing && !made.Task.IsCompleted)
        {
            var entry = await storing;
            _held.Add(entry);
            return (entry.Path, entry.Hit);
        }

        _storing.Add(FinishAsync(storing));
        return (await made.Task, false);

        async Task StoreAsync(string folder, CancellationToken token)
        {
            var (source, mayStay) = await make(token);
            made.SetResult(source);
            if (!mayStay)
                throw new TemplateChangedException();
            DataDirectory.Copy(Path.Combine(source, "data"), Path.Combine(folder, "data"), token);
        }
    }

    private async Task FinishAsync(Task<TemplateStore.Entry> storing)
    {
        try
        {
            (await storing).Dispose();
            await _store.EvictAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TemplateChangedException)
        {
            // The run was ended, or tells itself that this is not to be found again; the next run makes the directory again.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("The throwaway server's data directory could not be cached for later runs: {Reason}", exception.Message);
        }
    }

    private async Task RemoveAsync(string name)
    {
        try
        {
            await _store.RemoveAsync(Path.Combine(TemplateStore.Folder(settings), name), CancellationToken.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogDebug("The data directory {Name} of this run alone could not be removed: {Reason}", name, exception.Message);
        }
    }

    private string Key(string identity) =>
        TextHash.Of(string.Join('\0', [.. product.Facts, identity]))[..32];

    private async Task<(string Folder, bool MayStay)> InitializeAsync(CancellationToken cancellationToken)
    {
        // It is made outside the store's folder, which the servers' user may not reach.
        var folder = NewFolder(0);
        await account.OwnAsync(folder, cancellationToken);
        await product.InitializeAsync(Path.Combine(folder, "data"), account, cancellationToken);
        return (folder, true);
    }

    private async Task<(string Folder, bool MayStay)> BuildAsync(
        Func<ServerProcess, CancellationToken, Task<bool>> build, CancellationToken cancellationToken)
    {
        await using var server = await StartAsync(await ReadyAsync(cancellationToken), workers: 1, cancellationToken);
        var mayStay = await build(server, cancellationToken);
        await server.StopAsync(cancellationToken);
        return (Path.GetDirectoryName(server.DataDirectory)!, mayStay);
    }

    private async Task<ServerProcess> StartAsync(string entry, int workers, CancellationToken cancellationToken)
    {
        var source = Path.Combine(entry, "data");
        // A clone is never larger than the directory of its template; the size is doubled, because tests add to it.
        var folder = NewFolder(TemplateStore.SizeOf(source) * 2 * workers);
        DataDirectory.Copy(source, Path.Combine(folder, "data"), cancellationToken);
        return await ServerProcess.StartAsync(
            product, account, folder, RunFolder.IsInMemory(folder), logger, cancellationToken);
    }

    /// <summary>A folder for one server, in memory if that has room for so many bytes and some more.</summary>
    private string NewFolder(long bytes)
    {
        lock (_gate)
        {
            var roots = Roots.Where(root => RunFolder.HasRoom(root, bytes + LeastRoom));
            var run = roots.Select(FolderIn).FirstOrDefault(folder => folder is not null)
                ?? throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, $"no folder for the throwaway server: {_refused}");
            var path = Path.Combine(run.Path, FormattableString.Invariant($"s{++_servers}"));
            Directory.CreateDirectory(path);
            return path;
        }
    }

    private RunFolder? FolderIn(string root)
    {
        if (_folders.FirstOrDefault(folder => folder.Path.StartsWith(root, StringComparison.Ordinal)) is { } known)
            return known;
        try
        {
            var made = RunFolder.Create(root, runId);
            _folders.Add(made);
            return made;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogDebug("{Root} cannot be used: {Reason}", root, exception.Message);
            _refused = exception.Message;
            return null;
        }
    }
}
