namespace ConcurrentTesting.Settings;

/// <summary>Whether the run will be able to write what it has to.</summary>
internal static class WritableFolders
{
    /// <summary>What hinders writing a file into the folder; null where nothing does. Makes the folder.</summary>
    public static string? Obstacle(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, $".writable-{Guid.NewGuid():N}");
            using (new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
                return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return exception.Message.TrimEnd('.');
        }
    }
}
