namespace ConcurrentTesting.Discovery;

/// <summary>What a build has written for a project, as MSBuild itself remembers it to clean it up, and what restoring wrote.</summary>
internal static class BuildOutputs
{
    private static readonly string[] OfRestore = ["project.assets.json", "*.nuget.g.props", "*.nuget.g.targets"];

    /// <summary>Absolute paths; null where that is not known.</summary>
    public static IReadOnlyCollection<string>? Of(ProjectEvaluation evaluation)
    {
        if (evaluation.AssetsFile is not { } assets || Path.GetDirectoryName(assets) is not { } folder || !Directory.Exists(folder))
            return null;
        var written = Directory.EnumerateFiles(folder, "*.FileListAbsolute.txt", SearchOption.AllDirectories)
            .Select(File.ReadAllLines).FirstOrDefault(lines => lines.Contains(evaluation.TargetPath, StringComparer.Ordinal));
        return written is null
            ? null
            : [.. written.Where(File.Exists), .. OfRestore.SelectMany(pattern => Directory.EnumerateFiles(folder, pattern))];
    }
}
