namespace ConcurrentTesting.Record;

/// <summary>Names of what is in a directory, relative to it and with slashes. Symbolic links are nobody's business: they are neither named
/// nor followed.</summary>
internal static class DirectoryContents
{
    private static readonly EnumerationOptions WithoutLinks = new() { AttributesToSkip = FileAttributes.ReparsePoint };
    private static readonly EnumerationOptions BelowWithoutLinks =
        new() { AttributesToSkip = FileAttributes.ReparsePoint, RecurseSubdirectories = true };

    /// <summary>The folders that lie in it directly.</summary>
    public static IEnumerable<string> Folders(string directory) =>
        Directory.EnumerateDirectories(directory, "*", WithoutLinks).Select(path => Path.GetFileName(path));

    /// <summary>All files below one of its folders.</summary>
    public static IEnumerable<string> FilesBelow(string directory, string folder) =>
        IsFolder(directory, folder) ? Directory.EnumerateFiles(Path.Combine(directory, folder), "*", BelowWithoutLinks).Select(
            path => NameOf(directory, path)!) : [];

    /// <summary>One of its folders and all below it.</summary>
    public static IEnumerable<string> FoldersBelow(string directory, string folder) =>
        IsFolder(directory, folder)
            ? Directory.EnumerateDirectories(Path.Combine(directory, folder), "*", BelowWithoutLinks)
                .Select(path => NameOf(directory, path)!).Prepend(folder)
            : [];

    /// <summary>The name of a path; null where it lies elsewhere.</summary>
    public static string? NameOf(string directory, string path)
    {
        var name = Path.GetRelativePath(directory, Path.GetFullPath(path)).Replace(Path.DirectorySeparatorChar, '/');
        return name is "." or ".." || name.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(name) ? null : name;
    }

    /// <summary>Whether a name leads to a real file of the directory, through no link.</summary>
    public static bool IsFile(string directory, string name) =>
        NameOf(directory, Path.Combine(directory, name)) == name && File.Exists(Path.Combine(directory, name))
            && !LeadsThroughLink(directory, name);

    public static bool IsFolder(string directory, string name) =>
        NameOf(directory, Path.Combine(directory, name)) == name && Directory.Exists(Path.Combine(directory, name))
            && !LeadsThroughLink(directory, name);

    /// <summary>Whether something has that name, be it a broken link.</summary>
    public static bool IsTaken(string directory, string name) =>
        Path.Exists(Path.Combine(directory, name)) || IsLink(Path.Combine(directory, name));

    private static bool LeadsThroughLink(string directory, string name)
    {
        var path = directory;
        return name.Split('/').Any(part => IsLink(path = Path.Combine(path, part)));
    }

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;
}
