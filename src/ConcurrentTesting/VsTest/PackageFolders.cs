namespace ConcurrentTesting.VsTest;

/// <summary>Reads what NuGet's restore wrote of a project: the folders of packages whose build files it imports.</summary>
/// <remarks>https://learn.microsoft.com/nuget/concepts/dependency-resolution: targets, libraries and packageFolders of
/// project.assets.json.</remarks>
internal static class PackageFolders
{
    /// <summary>The folders, absolute, in which packages of one target framework keep build files, and what those bring along.</summary>
    public static IReadOnlyList<string> WithBuildFiles(string assetsFile, string targetFramework)
    {
        try
        {
            using var assets = JsonDocument.Parse(File.ReadAllBytes(assetsFile));
            return [.. Folders(assets.RootElement, targetFramework).Distinct()];
        }
        catch (Exception exception) when (exception is IOException
            or UnauthorizedAccessException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // The project may have been built with another restore; whoever looks for a collector reports that it is missing.
            return [];
        }
    }

    private static IEnumerable<string> Folders(JsonElement assets, string targetFramework)
    {
        var roots = assets.GetProperty("packageFolders").EnumerateObject().Select(root => root.Name).ToList();
        var libraries = assets.GetProperty("libraries");
        foreach (var package in TargetOf(assets, targetFramework).EnumerateObject().Where(
            package => package.Value.TryGetProperty("build", out _)))
        {
            var path = libraries.GetProperty(package.Name).GetProperty("path").GetString()!;
            var folder = roots.Select(root => Path.Combine(root, path)).FirstOrDefault(Directory.Exists);
            foreach (var file in folder is null ? [] : package.Value.GetProperty("build").EnumerateObject())
                yield return Path.GetDirectoryName(Path.GetFullPath(file.Name, folder!))!;
        }
    }

    // The keys are monikers since SDK 9, and their long form before; a runtime's key has "/<runtime>" after it.
    private static JsonElement TargetOf(JsonElement assets, string targetFramework)
    {
        var targets = assets.GetProperty("targets").EnumerateObject().Where(target => !target.Name.Contains('/', StringComparison.Ordinal))
            .ToList();
        var version = targetFramework.Split('-')[0].Replace("net", "", StringComparison.OrdinalIgnoreCase);
        return targets
            .OrderByDescending(target => target.Name.Equals(targetFramework, StringComparison.OrdinalIgnoreCase))
            .ThenByDescending(target => target.Name.EndsWith($"=v{version}", StringComparison.OrdinalIgnoreCase))
            .First().Value;
    }
}
