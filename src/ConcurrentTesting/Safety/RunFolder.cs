using System.Diagnostics;

namespace ConcurrentTesting.Safety;

/// <summary>A run's folder for what must not outlive it: database files, a throwaway server's data. Beside the folder lies a lock file that
/// says whose it is and that the run holds while it lives; a folder whose lock file carries the mark and is free is a dead run's, and
/// nothing else ever is. Where others may write to the place, the folder that holds all of it is ours alone, or is not used.</summary>
internal sealed partial class RunFolder : IDisposable
{
    /// <summary>What a lock file of ours begins with.</summary>
    public const string Mark = "ConcurrentTest run folder 1";

    /// <summary>Files in memory, where the system has such a place.</summary>
    public const string Memory = "/dev/shm";

    private const string LockExtension = ".lock";
    private const string Machine = "machine ";

    // Only the owner may read it, but others may pass through: a server of our own may run as another user.
    private const UnixFileMode PassThrough =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // A run on another machine, whose lock cannot be seen from here, is taken to live this long.
    private static readonly TimeSpan LongestRun = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestRemoval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly FileLock _lock;

    private RunFolder(string path, FileLock held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>Where run folders are looked for: memory first, then the given folder's own file system (which may share blocks with the
    /// templates).</summary>
    public static IEnumerable<string> Roots(string temporaryDirectory)
    {
        if (OperatingSystem.IsLinux() && Directory.Exists(Memory))
            yield return Root(Memory);
        yield return System.IO.Path.Combine(temporaryDirectory, "runs");
    }

    public static bool IsInMemory(string path) => path.StartsWith(Memory, StringComparison.Ordinal);

    /// <summary>Memory has room for so many bytes. Elsewhere nobody asks.</summary>
    public static bool HasRoom(string root, long bytes) => !IsInMemory(root) || new DriveInfo(Memory).AvailableFreeSpace >= bytes;

    /// <summary>A root of our own below a folder that everyone may write to.</summary>
    public static string Root(string shared) => System.IO.Path.Combine(shared, $"concurrent-test-{FileOwner.UserName}");

    /// <exception cref="IOException">The root is not ours, or cannot be written to.</exception>
    /// <param name="isPrivate">Nobody else may pass through it.</param>
    public static RunFolder Create(string root, string runId, bool isPrivate = false)
    {
        CreateFolder(root, PassThrough);
        if (FlawOf(root) is { } flaw)
            throw new IOException(flaw);
        var path = System.IO.Path.Combine(root, runId);
        var held = Take(path + LockExtension);
        try
        {
            CreateFolder(path, isPrivate ? OwnerOnly : PassThrough);
            return new RunFolder(path, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>All run folders, with whether their run lives.</summary>
    public static IEnumerable<(string Path, bool IsInUse)> List(string root)
    {
        foreach (var lockFile in LockFiles(root))
        {
            using var held = TryTake(lockFile);
            if (held is null || held.Read().StartsWith(Mark, StringComparison.Ordinal))
                yield return (lockFile[..^LockExtension.Length], held is null);
        }
    }

    /// <summary>Removes the folders of dead runs.</summary>
    /// <param name="only">The only folder to look at; null: all.</param>
    /// <param name="beforeRemoval">Ends what still lives in a folder, a server say; false leaves the folder for the next sweep.</param>
    public static async Task<int> SweepAsync(
        string root, Func<string, CancellationToken, Task<bool>> beforeRemoval, ILogger logger, CancellationToken cancellationToken,
        string? only = null)
    {
        var removed = 0;
        foreach (var lockFile in LockFiles(root).Where(file => only is null || file == only + LockExtension))
        {
            using var held = TakeOfDead(lockFile, logger);
            var path = lockFile[..^LockExtension.Length];
            if (held is null || Directory.Exists(path) && (!await beforeRemoval(path, cancellationToken) || HoldsForeign(path, logger)))
                continue;
            if (await TryRemoveAsync(path, lockFile, logger, cancellationToken))
                removed++;
        }

        return removed;
    }

    /// <summary>Removes what dead runs left whose ids begin so, as far as it goes at once.</summary>
    public static void RemoveDead(string root, string beginning, ILogger logger)
    {
        foreach (var lockFile in LockFiles(root, beginning))
        {
            using var held = TakeOfDead(lockFile, logger);
            var path = lockFile[..^LockExtension.Length];
            if (held is not null && !HoldsForeign(path, logger))
                RemoveNow(path, lockFile);
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
        File.Delete(Path + LockExtension);
        _lock.Dispose();
    }

    private static IEnumerable<string> LockFiles(string root, string beginning = "") =>
        Directory.Exists(root) && FlawOf(root) is null ? Directory.EnumerateFiles(root, beginning + "*" + LockExtension) : [];

    /// <summary>Null where the run lives, or the file is not ours.</summary>
    private static FileLock? TakeOfDead(string lockFile, ILogger logger)
    {
        var held = TryTake(lockFile);
        if (held?.Read() is { } content && content.StartsWith(Mark, StringComparison.Ordinal)
            && !MayLiveElsewhere(content, lockFile, logger))
            return held;
        held?.Dispose();
        return null;
    }

    /// <summary>Whether the run may live on another machine that shares the folder, a virtual one say: what one system locks another may
    /// not see.</summary>
    private static bool MayLiveElsewhere(string content, string lockFile, ILogger logger)
    {
        var machine = content.Split('\n').FirstOrDefault(line => line.StartsWith(Machine, StringComparison.Ordinal));
        if (machine is null || RunningSystem.IsThis(machine[Machine.Length..])
            || DateTime.UtcNow - File.GetLastWriteTimeUtc(lockFile) > LongestRun)
            return false;
        logger.LogInformation(
            "{Folder} was made on another machine ({Machine}) within the last day and stays, because locks tell nothing of runs there",
            lockFile[..^LockExtension.Length], machine[Machine.Length..]);
        return true;
    }

    /// <summary>Null where the run lives, and where nobody can tell, because locks do not lock there.</summary>
    private static FileLock? TryTake(string lockFile)
    {
        var held = FileLock.TryExclusive(lockFile);
        if (held is null || FileLock.IsHeld(lockFile))
            return held;
        held.Dispose();
        return null;
    }

    // Every file that runs put there has such a name; any other may be one that somebody wants to keep.
    private static bool HoldsForeign(string path, ILogger logger)
    {
        var entries = Directory.Exists(path) ? Directory.EnumerateFileSystemEntries(path) : [];
        var foreign = entries.FirstOrDefault(entry => !OwnName().IsMatch(System.IO.Path.GetFileName(entry)));
        if (foreign is not null)
        {
            logger.LogWarning(
                "{Folder}, left by a run that no longer lives, stays because of {File}, which no run makes: remove the folder when you no longer need it", path, foreign);
        }

        return foreign is not null;
    }

    [GeneratedRegex(@"\A(s\d+|hook|\d+-\d+\.figures|[\w-]+\.db(-wal|-shm|-journal|-mj[0-9A-Fa-f]+|\.copying)?)\z")]
    private static partial Regex OwnName();

    private static void RemoveNow(string path, string lockFile)
    {
        try
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
            File.Delete(lockFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another run removes it, or the next one will.
        }
    }

    private static async Task<bool> TryRemoveAsync(string path, string lockFile, ILogger logger, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if (Directory.Exists(path))
                    Directory.Delete(path, recursive: true);
                File.Delete(lockFile);
                logger.LogDebug("Removed {Folder}, which a run that no longer lives had left", path);
                return true;
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(started) < LongestRemoval)
            {
                // A dead run's server may be removing its data at the same time.
                await Task.Delay(PollInterval, cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                logger.LogWarning(
                    "Could not remove {Folder}, left by a run that no longer lives: {Reason} The next run tries again", path,
                    exception.Message);
                return false;
            }
        }
    }

    /// <summary>A sweeper may take the lock file for a dead run's between its creation and our lock on it; then it is made again.</summary>
    private static FileLock Take(string path)
    {
        while (true)
        {
            var held = FileLock.TryExclusive(path);
            if (held is not null && File.Exists(path))
            {
                if (!FileLock.IsHeld(path))
                {
                    held.Dispose();
                    throw FileLock.HoldsNothing(path);
                }

                held.Write(FormattableString.Invariant($"{Mark}\nprocess {Environment.ProcessId}\n{Machine}{RunningSystem.Name}\n"));
                return held;
            }

            held?.Dispose();
            Thread.Yield();
        }
    }

    private static void CreateFolder(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, mode);
    }

    /// <summary>Why a root cannot be trusted: somebody else may have put it there, or may put something into it. Null: it can.</summary>
    private static string? FlawOf(string root) => FileOwner.Of(root) switch
    {
        null => null,
        { Kind: not FileKind.Folder } => $"{root} is not a folder but a link: remove it.",
        { IsWritableByOthers: true } => $"Others may write to {root}: remove it, or take that right away.",
        { IsOurs: false } when FileOwner.Of(System.IO.Path.GetDirectoryName(root)!) is { IsWritableByOthers: true } =>
            $"{root} belongs to another user: remove it.",
        _ => null,
    };
}
