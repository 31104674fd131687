namespace ConcurrentTesting.Databases.Throwaway;

/// <summary>Copies a stopped server's data directory.</summary>
internal static class DataDirectory
{
    /// <summary>File by file, sharing blocks where the file system can; nothing but the owner may read the copy, as servers
    /// demand.</summary>
    public static void Copy(string source, string target, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(target);
        Protect(target);
        foreach (var directory in Directory.EnumerateDirectories(source))
            Copy(directory, Path.Combine(target, Path.GetFileName(directory)), cancellationToken);
        foreach (var file in Directory.EnumerateFiles(source))
        {
            cancellationToken.ThrowIfCancellationRequested();
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }

    private static void Protect(string path)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
