namespace ConcurrentTesting.Catalog;

/// <summary>Where folders lie, by their paths alone.</summary>
internal static class Folders
{
    /// <summary>A folder and each one above it.</summary>
    /// <param name="folder">Null: none.</param>
    public static IEnumerable<string> Up(string? folder)
    {
        for (var up = folder; up is not null; up = Path.GetDirectoryName(up))
            yield return up;
    }

    /// <summary>Whether a path leads to something in a folder or below it.</summary>
    public static bool Contains(string folder, string path) =>
        path.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
