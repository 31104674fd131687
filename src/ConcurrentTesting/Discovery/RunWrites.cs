namespace ConcurrentTesting.Discovery;

/// <summary>Where runs write themselves.</summary>
internal static class RunWrites
{
    /// <summary>Folders and files, absolute, without a separator at the end.</summary>
    public static IEnumerable<string> Of(ConcurrentTestSettings settings) =>
        new[] { settings.TemporaryDirectory, settings.ResultsDirectory, settings.TimingsFile, settings.JUnitFile, settings.PlanFile }
            .OfType<string>()
            .Select(path => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, settings.RootDirectory)))
            .Distinct(StringComparer.Ordinal);

    /// <summary>The path is one of these, or lies below one.</summary>
    public static bool Holds(IEnumerable<string> left, string path) =>
        left.Any(folder => path == folder || Folders.Contains(folder, path));
}
