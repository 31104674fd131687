using System.Collections.Concurrent;

namespace ConcurrentTesting.VsTest;

/// <summary>Copies of output folders, one a worker, for what must not meet in one folder or must not change it. They lie beside the folder,
/// so that what tests look for above it is as near, and are removed at the end; those of a run that was killed are removed by the next that
/// copies the same folder.</summary>
internal sealed class OutputCopies(string runId, ILogger logger) : IDisposable
{
    /// <summary>Stands between the folder's name and the run's.</summary>
    public const string Infix = ".concurrent-test-";
    private const string LockName = ".concurrent-test-copy";
    private const string Mark = "ConcurrentTest copy of an output folder 1";

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = FileAttributes.None };

    private readonly ConcurrentDictionary<(string Folder, int Worker), Lazy<Copy>> _copies = new();
    private readonly ConcurrentDictionary<string, Lazy<bool>> _swept = new();
    private int _number;

    /// <summary>Where a worker has a file of an output folder; copies the folder when the worker asks for the first time.</summary>
    /// <exception cref="ConcurrentTestException">The folder cannot be copied.</exception>
    public string PathOf(string file, int worker)
    {
        var folder = Path.GetDirectoryName(file)!;
        _ = _swept.GetOrAdd(folder, _ => new Lazy<bool>(() => Sweep(folder))).Value;
        var copy = _copies.GetOrAdd((folder, worker), _ => new Lazy<Copy>(() => Make(folder))).Value;
        return Path.Combine(copy.Path, Path.GetFileName(file));
    }

    /// <summary>Gives a worker new copies when it asks next: what changed the ones it has was ended before it could put them
    /// back.</summary>
    public void Renew(int worker)
    {
        foreach (var key in _copies.Keys.Where(key => key.Worker == worker))
        {
            if (_copies.TryRemove(key, out var copy))
                Remove(copy);
        }
    }

    public void Dispose()
    {
        foreach (var key in _copies.Keys)
        {
            if (_copies.TryRemove(key, out var copy))
                Remove(copy);
        }
    }

    private Copy Make(string folder)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{folder}{Infix}{runId}-{Interlocked.Increment(ref _number)}");
        FileLock? held = null;
        try
        {
            Directory.CreateDirectory(path);
            held = FileLock.TryExclusive(Path.Combine(path, LockName)) ?? throw new IOException("another run holds it.");
            held.Write(Mark);
            CopyInto(folder, path);
            logger.LogDebug("Copied {Folder} to {Copy}", folder, path);
            return new Copy(path, held);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            Delete(path);
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                $"The output folder {folder} cannot be copied to {path}: {exception.Message.TrimEnd('.')}. Make room there, or make the folder writable.",
                exception);
        }
    }

    // Files are copied and not linked, because a collector writes into them. Where the file system can, the copies share blocks until then.
    private static void CopyInto(string folder, string target)
    {
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", Everything))
        {
            var path = Path.Combine(target, entry.Name);
            if (entry is FileInfo file)
            {
                CopyFile(file, path);
            }
            else if (entry.LinkTarget is { } link)
            {
                Directory.CreateSymbolicLink(path, Path.GetFullPath(link, folder));
            }
            else
            {
                Directory.CreateDirectory(path);
                CopyInto(entry.FullName, path);
            }
        }
    }

    // A link to a file is copied as the file. A link that leads nowhere is copied as it is, such as a browser's lock.
    private static void CopyFile(FileInfo file, string path)
    {
        var link = file.LinkTarget;
        var origin = link is null ? file : OriginOf(file);
        if (link is not null && origin is not { Exists: true })
            File.CreateSymbolicLink(path, link);
        else if (HasBytes(origin!))
            file.CopyTo(path);
    }

    // Returns null where links lead in a circle. The runtime says of a link to nothing that it exists.
    private static FileSystemInfo? OriginOf(FileInfo link)
    {
        try
        {
            return link.ResolveLinkTarget(returnFinalTarget: true);
        }
        catch (IOException)
        {
            return null;
        }
    }

    // Opening a pipe waits for its other end. Only Linux tells the kinds apart.
    private static bool HasBytes(FileSystemInfo file) =>
        !OperatingSystem.IsLinux() || FileOwner.Of(file.FullName)?.Kind is not (FileKind.Other or FileKind.Socket);

    // A leftover that cannot be swept is in nobody's way.
    private bool Sweep(string folder)
    {
        try
        {
            var pattern = $"{Path.GetFileName(folder)}{Infix}*";
            foreach (var left in Directory.EnumerateDirectories(Path.GetDirectoryName(folder)!, pattern).ToList())
                SweepLeftover(left);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogDebug("What earlier runs left beside {Folder} is not known: {Reason}", folder, exception.Message);
        }

        return true;
    }

    // A leftover of a dead run has the mark, and no process holds its lock. Another run may be removing it.
    private void SweepLeftover(string left)
    {
        try
        {
            using var held = FileLock.TryExclusiveOfExisting(Path.Combine(left, LockName));
            if (held is not null && held.Read().StartsWith(Mark, StringComparison.Ordinal) && Delete(left))
                logger.LogDebug("Removed {Folder}, which a run that no longer lives had left", left);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("{Folder}, which an earlier run left, cannot be removed: {Reason}", left, exception.Message);
        }
    }

    private void Remove(Lazy<Copy> copy)
    {
        // A folder that could not be created does not have to be removed.
        if (!copy.IsValueCreated)
            return;
        Delete(copy.Value.Path);
        copy.Value.Held.Dispose();
    }

    private bool Delete(string path)
    {
        try
        {
            if (!Directory.Exists(path))
                return true;

            // The lock file goes last, because only with it can the rest be swept.
            foreach (var entry in new DirectoryInfo(path).EnumerateFileSystemInfos("*", Everything).Where(entry => entry.Name != LockName))
                Delete(entry);
            Directory.Delete(path, recursive: true);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning(
                "{Folder}, a copy of an output folder, could not be removed ({Reason}); the next run that copies that folder removes it", path,
                exception.Message);
            return false;
        }
    }

    private static void Delete(FileSystemInfo entry)
    {
        if (entry is DirectoryInfo folder)
            folder.Delete(recursive: true);
        else
            entry.Delete();
    }

    private sealed record Copy(string Path, FileLock Held);
}
