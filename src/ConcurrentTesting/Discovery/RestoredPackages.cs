namespace ConcurrentTesting.Discovery;

/// <summary>The packages that a restore left in the folders of packages, as NuGet remembers them to see whether it has to restore
/// again.</summary>
internal static class RestoredPackages
{
    /// <summary>A file for each package, absolute, which NuGet writes when it has put the package there.</summary>
    /// <param name="assetsFile">The project's <c>project.assets.json</c>; null: there is none.</param>
    public static IReadOnlyList<string> Of(string? assetsFile)
    {
        if (assetsFile is null || Path.GetDirectoryName(assetsFile) is not { } folder)
            return [];
        try
        {
            using var cache = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "project.nuget.cache")));
            return cache.RootElement.TryGetProperty("expectedPackageFiles", out var files)
                ? [.. files.EnumerateArray().Select(file => file.GetString()).OfType<string>()]
                : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException
            or InvalidOperationException)
        {
            return [];
        }
    }
}
