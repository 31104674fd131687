namespace ConcurrentTesting.Discovery;

/// <summary>When a file was written and how long it is: another text where it has changed.</summary>
internal static class FileStamp
{
    /// <summary>Empty where there is no such file.</summary>
    public static string Of(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? $"{file.LastWriteTimeUtc.Ticks}:{file.Length}" : "";
    }
}
