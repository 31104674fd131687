namespace ConcurrentTesting.Discovery;

/// <summary>The commit that a repository is at, which the SDK writes into assemblies, and its tags, of which packages make
/// versions.</summary>
internal static class GitHead
{
    /// <summary>Another text where another commit is checked out, or there are other tags; empty without git.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Of(string root)
    {
        var folder = FolderOf(Path.Combine(root, ".git"));
        if (folder is null || !File.Exists(Path.Combine(folder, "HEAD")))
            return "";

        // A further working tree of a repository keeps its branches and tags in the first one.
        var common = File.Exists(Path.Combine(folder, "commondir"))
            ? Path.GetFullPath(File.ReadAllText(Path.Combine(folder, "commondir")).Trim(), folder)
            : folder;
        var packed = FileStamp.Of(Path.Combine(common, "packed-refs"));
        return $"{Commit(File.ReadAllText(Path.Combine(folder, "HEAD")).Trim(), common, packed)}|{packed}|{Tags(common)}";
    }

    private static string Commit(string head, string common, string packed)
    {
        if (!head.StartsWith("ref: ", StringComparison.Ordinal))
            return head;
        var branch = Path.Combine(common, head["ref: ".Length..]);
        return $"{head}={(File.Exists(branch) ? File.ReadAllText(branch).Trim() : packed)}";
    }

    // Many packages make the version of the newest tag.
    private static string Tags(string common)
    {
        var tags = Path.Combine(common, "refs", "tags");
        return Directory.Exists(tags)
            ? TextHash.Of(string.Join('\n', Directory.EnumerateFiles(tags, "*", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal).Select(tag => $"{tag}={FileStamp.Of(tag)}")))
            : "";
    }

    private static string? FolderOf(string git)
    {
        if (Directory.Exists(git))
            return git;
        if (!File.Exists(git))
            return null;
        var text = File.ReadAllText(git).Trim();
        return text.StartsWith("gitdir: ", StringComparison.Ordinal)
            ? Path.GetFullPath(text["gitdir: ".Length..], Path.GetDirectoryName(git)!)
            : null;
    }
}
