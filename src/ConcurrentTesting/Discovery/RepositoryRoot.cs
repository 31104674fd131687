namespace ConcurrentTesting.Discovery;

/// <summary>The folder below which a project's repository is: that of git, else of its solution, else the project's own.</summary>
internal static class RepositoryRoot
{
    public static string Of(string project)
    {
        for (var folder = Path.GetDirectoryName(project); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Path.Exists(Path.Combine(folder, ".git")))
                return folder;
        }

        return Path.GetDirectoryName(SolutionFile.FindFor(project) ?? project)!;
    }

    public static bool Contains(string root, string path) =>
        path.StartsWith(Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>The roots of these projects, without those that lie in another.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<string> projects)
    {
        var all = projects.Select(Of).Distinct(StringComparer.Ordinal).ToList();
        return [.. all.Where(root => !all.Exists(other => Contains(other, root))).Order(StringComparer.Ordinal)];
    }
}
