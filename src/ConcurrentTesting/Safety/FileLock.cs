namespace ConcurrentTesting.Safety;

/// <summary>A lock that the operating system gives back when its holder dies, however it dies: an open file. .NET maps
/// <see cref="FileShare"/> to <c>flock</c> on Unix and to sharing modes on Windows, so all who lock the same path must come through
/// here.</summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>One holder, no sharers; null while there is another holder.</summary>
    public static FileLock? TryExclusive(string path) => TryOpen(path, FileAccess.ReadWrite, FileShare.None);

    /// <summary>Does what <see cref="TryExclusive"/> does where there is such a file; null too where there is none.</summary>
    public static FileLock? TryExclusiveOfExisting(string path)
    {
        try
        {
            return TryOpen(path, FileAccess.ReadWrite, FileShare.None, FileMode.Open);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Any number of sharers; null while there is an exclusive holder.</summary>
    public static FileLock? TryShared(string path) => TryOpen(path, FileAccess.Read, FileShare.Read);

    public static async Task<FileLock> ExclusiveAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryExclusive(path) is { } held)
                return held;
            await Task.Delay(PollInterval, time, cancellationToken);
        }
    }

    /// <summary>Whether a lock that this process holds alone on the path keeps others out.</summary>
    public static bool IsHeld(string path)
    {
        try
        {
            // Another process may have removed the file meanwhile, so the file is opened and never made.
            using var second = TryOpen(path, FileAccess.ReadWrite, FileShare.None, FileMode.Open);
            return second is null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return true;
        }
    }

    /// <summary>What there is to say where <see cref="IsHeld"/> is false.</summary>
    public static IOException HoldsNothing(string path) => new(
        $"locks on files do not hold in {Path.GetDirectoryName(path)}, so that no run can tell which others live: DOTNET_SYSTEM_IO_DISABLEFILELOCKING is set, or the file system has no locks");

    /// <summary>Replaces what the file says. Only for an exclusive holder.</summary>
    public void Write(string content)
    {
        _file.SetLength(0);
        _file.Write(System.Text.Encoding.UTF8.GetBytes(content));
        _file.Flush();
    }

    public string Read()
    {
        _file.Position = 0;
        using var reader = new StreamReader(_file, leaveOpen: true);
        return reader.ReadToEnd();
    }

    public void Dispose() => _file.Dispose();

    private static FileLock? TryOpen(string path, FileAccess access, FileShare share, FileMode mode = FileMode.OpenOrCreate)
    {
        try
        {
            return new FileLock(new FileStream(path, mode, access, share));
        }
        catch (IOException exception) when (IsOfHolder(exception))
        {
            return null;
        }
    }

    /// <summary>EWOULDBLOCK (Linux 11, macOS 35) or ERROR_SHARING_VIOLATION: anything else, a full disk say, is the caller's to hear
    /// of.</summary>
    private static bool IsOfHolder(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);
}
