namespace ConcurrentTesting.Discovery;

/// <summary>The commit that a repository is at, which the SDK writes into assemblies.</summary>
internal static class GitHead
{
    /// <summary>Another text where another commit is checked out; empty without git.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Of(string root)
    {
        var folder = FolderOf(Path.Combine(root, ".git"));
        if (folder is null || !File.Exists(Path.Combine(folder, "HEAD")))
            return "";
        var head = File.ReadAllText(Path.Combine(folder, "HEAD")).Trim();
        if (!head.StartsWith("ref: ", StringComparison.Ordinal))
            return head;

        // A working tree beside another one has its branches there.
        var common = File.Exists(Path.Combine(folder, "commondir"))
            ? Path.GetFullPath(File.ReadAllText(Path.Combine(folder, "commondir")).Trim(), folder)
            : folder;
        var branch = Path.Combine(common, head["ref: ".Length..]);
        return $"{head}={(File.Exists(branch) ? File.ReadAllText(branch).Trim() : FileStamp.Of(Path.Combine(common, "packed-refs")))}";
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
