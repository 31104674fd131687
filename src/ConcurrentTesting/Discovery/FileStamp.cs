namespace ConcurrentTesting.Discovery;

/// <summary>When a file was written and how long it is: another text where it has changed.</summary>
internal static class FileStamp
{
    /// <summary>A file that is written again within a file system's resolution keeps its time.</summary>
    public static readonly TimeSpan Resolution = TimeSpan.FromSeconds(2);

    private const string AllNames = "*";

    /// <summary>A path that stands for the names of everything in a folder, in the place of a file.</summary>
    public static string NamesIn(string folder) => Path.Combine(folder, AllNames);

    /// <summary>Empty where there is no such file; of a folder, only that there is one; where a link leads counts too.</summary>
    public static string Of(string path)
    {
        if (Path.GetFileName(path) == AllNames)
            return Names(Path.GetDirectoryName(path)!);
        var file = new FileInfo(path);
        if (!file.Exists)
            return Directory.Exists(path) ? "folder" : "";
        return Target(file) is { } target ? $"{Text(file)}>{Text(target)}" : Text(file);
    }

    /// <summary>When a file was written, or a name was added or removed; long ago where there is nothing.</summary>
    public static DateTime Written(string path)
    {
        if (Path.GetFileName(path) == AllNames)
            return Directory.GetLastWriteTimeUtc(Path.GetDirectoryName(path)!);
        var file = new FileInfo(path);
        if (!file.Exists)
            return DateTime.MinValue;
        return Target(file) is { Exists: true } target && target.LastWriteTimeUtc > file.LastWriteTimeUtc
            ? target.LastWriteTimeUtc
            : file.LastWriteTimeUtc;
    }

    private static string Text(FileSystemInfo file) =>
        file is FileInfo { Exists: true } there ? $"{there.LastWriteTimeUtc.Ticks}:{there.Length}" : "";

    // A link has the time at which it was made, so the time of its target counts.
    private static FileSystemInfo? Target(FileInfo file)
    {
        if (!file.Attributes.HasFlag(FileAttributes.ReparsePoint))
            return null;
        try
        {
            return file.ResolveLinkTarget(returnFinalTarget: true);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string Names(string folder)
    {
        try
        {
            return Directory.Exists(folder)
                ? TextHash.Of(string.Join('\n', Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal)))
                : "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nothing is known of the file, so its stamp never equals another one.
            return Guid.NewGuid().ToString("N");
        }
    }
}
