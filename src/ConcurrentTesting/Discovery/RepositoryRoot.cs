namespace ConcurrentTesting.Discovery;

/// <summary>The folder below which a project's repository is: that of git, else of its solution, else the project's own.</summary>
internal static class RepositoryRoot
{
    public static string Of(string project) =>
        Folders.Up(Path.GetDirectoryName(project)).FirstOrDefault(folder => Path.Exists(Path.Combine(folder, ".git")))
            ?? Path.GetDirectoryName(SolutionFile.FindFor(project) ?? project)!;

    /// <summary>The roots of these projects, without those that lie in another.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<string> projects)
    {
        var all = projects.Select(Of).Distinct(StringComparer.Ordinal).ToList();
        return [.. all.Where(root => !all.Exists(other => Folders.Contains(other, root))).Order(StringComparer.Ordinal)];
    }
}
