namespace ConcurrentTesting.Databases.Templates;

/// <summary>Finished templates that are folders (an SQLite file, a server's ready data directory), cached between runs. An entry is built
/// beside its place and renamed into it, so that what is there is whole. A user of an entry shares its lock; a builder and an evictor hold
/// it alone. Lock files are opened and deleted only under the store's own lock, so that nobody holds the lock of a file that is
/// gone.</summary>
/// <param name="folder">Absolute. May be deleted at any time when no run is under way.</param>
internal sealed partial class TemplateStore(string folder, TimeProvider time, ILogger logger)
{
    private const string BuildingExtension = ".building";
    private const string LockExtension = ".lock";
    private const string StoreLock = "store.lock";
    private static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    /// <summary>An entry that stays while this is held.</summary>
    internal sealed class Entry(string path, bool hit, FileLock held) : IDisposable
    {
        public string Path { get; } = path;
        public bool Hit { get; } = hit;

        public void Dispose() => held.Dispose();
    }

    /// <summary>Where a build caches its templates.</summary>
    public static string Folder(ConcurrentTestSettings settings) => Path.Combine(settings.TemporaryDirectory, "templates");

    /// <summary>All entries, the most recently used first. The size is null where it may not be read.</summary>
    public async Task<IReadOnlyList<(string Path, long? Bytes, bool IsInUse)>> ListAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(folder))
            return [];
        using var mutex = await MutexAsync(cancellationToken);
        return [.. Entries().Select(entry => (entry.Path, entry.Bytes, IsLocked(entry.Path + LockExtension)))];
    }

    /// <returns>False where a run uses it.</returns>
    public async Task<bool> RemoveAsync(string path, CancellationToken cancellationToken)
    {
        using var mutex = await MutexAsync(cancellationToken);
        return RemoveUnlessLocked(path, path + LockExtension);
    }

    /// <summary>Finds the entry or has it built in a folder that is there and empty. Waits where another run builds it.</summary>
    public async Task<Entry> GetOrBuildAsync(string name, Func<string, CancellationToken, Task> build, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, name);
        var hit = true;
        var waiting = new TemplateWaiting(name, time, logger);
        while (true)
        {
            if (await TryUseAsync(path, cancellationToken) is { } held)
                return Use(path, hit, held);
            using (var building = await TryLockForBuildAsync(path, cancellationToken))
            {
                if (building is not null)
                {
                    hit &= !await BuildUnlessThereAsync(path, build, cancellationToken);
                    continue;
                }
            }

            waiting.Tell();
            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>Removes the least recently used entries above the limits and what dead builders left, except what is in use.</summary>
    public async Task EvictAsync(
        CancellationToken cancellationToken, int maxEntries = TemplateLimits.MaxEntries, long maxBytes = TemplateLimits.MaxBytes)
    {
        using var mutex = await MutexAsync(cancellationToken);
        foreach (var lockFile in Directory.EnumerateFiles(folder, "*" + LockExtension).Where(file => IsOwn(file[..^LockExtension.Length])))
        {
            var entry = lockFile[..^LockExtension.Length];
            if (!Directory.Exists(entry))
                TryRemove(entry + BuildingExtension, lockFile);
        }

        await TemplateLimits.EvictAsync(
            Entries().Where(entry => entry.Bytes is not null), entry => entry.Bytes!.Value,
            entry => Task.FromResult(TryEvict(entry.Path, entry.LastUsed)), maxEntries, maxBytes);
    }

    private bool TryEvict(string path, DateTime lastUsed)
    {
        if (!TryRemove(path, path + LockExtension))
            return false;
        logger.LogDebug("Evicted the template {Template}, last used {LastUsed:u}", path, lastUsed);
        return true;
    }

    /// <summary>What may not be removed is another user's, root's say, and no reason to end a run that has its own template.</summary>
    private bool TryRemove(string path, string lockFile)
    {
        try
        {
            return RemoveUnlessLocked(path, lockFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogDebug("{Path} cannot be removed: {Reason}", path, exception.Message);
            return false;
        }
    }

    private async Task<FileLock?> TryUseAsync(string path, CancellationToken cancellationToken)
    {
        using var mutex = await MutexAsync(cancellationToken);
        if (!Directory.Exists(path))
            return null;
        return FileLock.TryShared(path + LockExtension);
    }

    private Entry Use(string path, bool hit, FileLock held)
    {
        Directory.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
        return new Entry(path, hit, held);
    }

    private static async Task<bool> BuildUnlessThereAsync(
        string path, Func<string, CancellationToken, Task> build, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path))
            return false;
        var building = path + BuildingExtension;
        RemoveFolder(building);
        // A killed run's command may go on for a while, and must not find this one's files where its own were.
        var own = Directory.CreateDirectory(Path.Combine(building, Path.GetRandomFileName())).FullName;
        try
        {
            await build(own, cancellationToken);
            Directory.Move(own, path);
            return true;
        }
        finally
        {
            RemoveFolder(building);
        }
    }

    private async Task<FileLock?> TryLockForBuildAsync(string path, CancellationToken cancellationToken)
    {
        using var mutex = await MutexAsync(cancellationToken);
        return FileLock.TryExclusive(path + LockExtension);
    }

    /// <exception cref="IOException">Another process holds the lock and does not go on, or locks do not hold here.</exception>
    private async Task<FileLock> MutexAsync(CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, StoreLock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var alarm = time.CreateTimer(_ => limit.Cancel(), null, LongestHold, Timeout.InfiniteTimeSpan);
        try
        {
            var held = await FileLock.ExclusiveAsync(path, time, limit.Token);
            if (FileLock.IsHeld(path))
                return held;
            held.Dispose();
            throw FileLock.HoldsNothing(path);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException(
                $"{path} has been held for {LongestHold.TotalSeconds:0} s by another process, which is stopped or removes very much: end it");
        }
    }

    private IEnumerable<(string Path, DateTime LastUsed, long? Bytes)> Entries() =>
        from path in Directory.EnumerateDirectories(folder)
        where IsOwn(path) && File.Exists(path + LockExtension)
        let lastUsed = Directory.GetLastWriteTimeUtc(path)
        orderby lastUsed descending
        select (path, lastUsed, TrySizeOf(path));

    /// <summary>Whether an entry of ours would be called so: what else lies in the folder is somebody's.</summary>
    private static bool IsOwn(string path) => EntryName().IsMatch(Path.GetFileName(path));

    [GeneratedRegex(@"\A(sqlite|postgresql|mariadb|mysql)-[0-9a-f]{32}\z")]
    private static partial Regex EntryName();

    public static long SizeOf(string path) =>
        new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    /// <returns>Null where it may not be read, or is being removed.</returns>
    public static long? TrySizeOf(string path)
    {
        try
        {
            return Directory.Exists(path) ? SizeOf(path) : new FileInfo(path).Length;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsLocked(string lockFile)
    {
        try
        {
            using var held = FileLock.TryExclusive(lockFile);
            return held is null;
        }
        catch (UnauthorizedAccessException)
        {
            // Who may not lock an entry cannot remove it either, and is told so when it tries.
            return false;
        }
    }

    private static bool RemoveUnlessLocked(string path, string lockFile)
    {
        using (var held = FileLock.TryExclusive(lockFile))
        {
            if (held is null)
                return false;
            RemoveFolder(path);
        }

        // A lock file is opened only under the store's own lock, which we hold: nobody can have taken it meanwhile.
        File.Delete(lockFile);
        return true;
    }

    private static void RemoveFolder(string path)
    {
        if (!Directory.Exists(path))
            return;
        // A half-deleted folder must not be taken for a complete entry.
        var removing = path.EndsWith(BuildingExtension, StringComparison.Ordinal) ? path : path + BuildingExtension;
        if (removing != path)
        {
            if (Directory.Exists(removing))
                Directory.Delete(removing, recursive: true);
            Directory.Move(path, removing);
        }

        Directory.Delete(removing, recursive: true);
    }
}
