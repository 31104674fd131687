namespace ConcurrentTesting.Record;

/// <summary>A file that is either there in full or, as far as its readers can tell, not written at all.</summary>
internal static class ArtifactFile
{
    private const int BufferSize = 64 * 1024;

    /// <summary>Writes to a temporary sibling, which then takes the place of <paramref name="path"/>. Makes the folder where it is
    /// missing.</summary>
    /// <exception cref="IOException">The disk is full, the path is a folder …; an older file of that name is left as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or the file may not be written.</exception>
    public static async Task WriteAsync(string path, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var sibling = Path.Combine(folder, $".{Path.GetFileName(path)}.{Path.GetRandomFileName()}.tmp");
        try
        {
            var stream = new FileStream(sibling, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize, useAsync: false);
            await using (stream)
                await write(stream);

            cancellationToken.ThrowIfCancellationRequested();
            File.Move(sibling, path, overwrite: true);
        }
        catch
        {
            DeleteQuietly(sibling);
            throw;
        }
    }

    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The reason why the write failed is the one worth telling.
        }
    }
}
