namespace ConcurrentTesting.Discovery;

/// <summary>What a build has written for a project and for those that it refers to, as MSBuild itself remembers it to clean it up, and what
/// restoring wrote: the project's files and the packages.</summary>
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
            : [.. written.Concat(evaluation.WrittenLists.Where(File.Exists).SelectMany(File.ReadLines)).Where(File.Exists)
                .Concat(evaluation.AllAssetsFiles.Append(assets).Distinct(StringComparer.Ordinal).SelectMany(RestoredBeside))
                .Distinct(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> RestoredBeside(string assets)
    {
        var folder = Path.GetDirectoryName(assets)!;
        return Directory.Exists(folder)
            ? OfRestore.SelectMany(pattern => Directory.EnumerateFiles(folder, pattern)).Concat(RestoredPackages.Of(assets))
            : [];
    }
}
