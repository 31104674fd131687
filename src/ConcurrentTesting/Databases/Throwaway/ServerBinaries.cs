namespace ConcurrentTesting.Databases.Throwaway;

/// <summary>Looks for a database server's programs.</summary>
internal static class ServerBinaries
{
    /// <param name="folders">Where else than on the PATH to look, the best first.</param>
    /// <param name="programs">All of them have to be in one folder.</param>
    /// <returns>The folder, or null.</returns>
    public static string? Find(string? given, IEnumerable<string> folders, params string[] programs)
    {
        var candidates = given is null
            ? Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Concat(folders)
            : [given, Path.Combine(given, "bin")];
        return candidates.FirstOrDefault(
            folder => folder.Length > 0 && programs.All(program => File.Exists(Path.Combine(folder, program))));
    }

    /// <summary>Folders with a version in their path, the newest first.</summary>
    public static IEnumerable<string> Versions(string parent, string below) =>
        Directory.Exists(parent)
            ? Directory.EnumerateDirectories(parent)
                .OrderByDescending(
                    folder => double.TryParse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture, out var version)
                        ? version
                        : 0)
                .Select(folder => Path.Combine(folder, below))
            : [];
}
