using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Databases;

/// <summary>
/// A run's folder for what must not outlive it: database files, a throwaway server's data. Beside the folder lies a lock file that says whose it is and
/// that the run holds while it lives; a folder whose lock file carries the mark and is free is a dead run's, and nothing else ever is.
/// </summary>
internal sealed class RunFolder : IDisposable
{
    /// <summary>What a lock file of ours begins with.</summary>
    public const string Mark = "ConcurrentTest run folder 1";
    private const string LockExtension = ".lock";

    // Owner only, but others may pass through: a server of our own may run as another user.
    private const UnixFileMode PassThrough =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

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

    /// <summary>Where run folders are looked for: memory first, then the given folder's own file system (which may share blocks with the templates).</summary>
    public static IEnumerable<string> Roots(string temporaryDirectory)
    {
        if (OperatingSystem.IsLinux() && Directory.Exists("/dev/shm"))
            yield return Root("/dev/shm");
        yield return System.IO.Path.Combine(temporaryDirectory, "runs");
    }

    /// <summary>A root of our own below a folder that everyone may write to.</summary>
    public static string Root(string shared) => System.IO.Path.Combine(shared, $"concurrent-test-{Environment.UserName}");

    /// <exception cref="IOException">The root is not ours, or cannot be written to.</exception>
    public static RunFolder Create(string root, string runId)
    {
        CreateFolder(root);
        var path = System.IO.Path.Combine(root, runId);
        var held = Take(path + LockExtension);
        try
        {
            CreateFolder(path);
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
        if (!Directory.Exists(root))
            yield break;
        foreach (var lockFile in Directory.EnumerateFiles(root, "*" + LockExtension))
        {
            using var held = FileLock.TryExclusive(lockFile);
            if (held is null || held.Read().StartsWith(Mark, StringComparison.Ordinal))
                yield return (lockFile[..^LockExtension.Length], held is null);
        }
    }

    /// <summary>Removes the folders of dead runs.</summary>
    /// <param name="only">The only folder to look at; null: all.</param>
    /// <param name="beforeRemoval">Ends what still lives in a folder, a server say; false leaves the folder for the next sweep.</param>
    public static async Task<int> SweepAsync(
        string root, Func<string, CancellationToken, Task<bool>> beforeRemoval, ILogger logger, CancellationToken cancellationToken, string? only = null)
    {
        if (!Directory.Exists(root))
            return 0;
        var removed = 0;
        foreach (var lockFile in Directory.EnumerateFiles(root, "*" + LockExtension).Where(file => only is null || file == only + LockExtension))
        {
            using var held = FileLock.TryExclusive(lockFile);
            if (held is null || !held.Read().StartsWith(Mark, StringComparison.Ordinal))
                continue;
            var path = lockFile[..^LockExtension.Length];
            if (Directory.Exists(path) && !await beforeRemoval(path, cancellationToken))
                continue;
            if (await TryRemoveAsync(path, lockFile, logger, cancellationToken))
                removed++;
        }

        return removed;
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
        File.Delete(Path + LockExtension);
        _lock.Dispose();
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
                    "Could not remove {Folder}, left by a run that no longer lives: {Reason} The next run tries again", path, exception.Message);
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
                held.Write(FormattableString.Invariant($"{Mark}\nprocess {Environment.ProcessId}\n"));
                return held;
            }

            held?.Dispose();
            Thread.Yield();
        }
    }

    private static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, PassThrough);
        // A folder that others may write to may have been put there by someone else.
        if ((File.GetUnixFileMode(path) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
            throw new IOException($"Others may write to {path}: remove it, or take that right away.");
    }
}
