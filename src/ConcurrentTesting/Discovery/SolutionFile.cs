using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace ConcurrentTesting.Discovery;

/// <summary>Which projects a solution (<c>.sln</c>, <c>.slnx</c>) or a filter over one (<c>.slnf</c>) lists.</summary>
internal static partial class SolutionFile
{
    private static readonly string[] SolutionPatterns = ["*.sln", "*.slnx"];

    /// <summary>The solution itself; for a filter, the one it filters.</summary>
    public static string RealSolution(string path) => IsFilter(path) ? Full(ReadFilter(path).Path, path) : path;

    /// <summary>The absolute paths of the listed projects. They need not exist.</summary>
    /// <exception cref="ConcurrentTestException">The file cannot be read.</exception>
    public static IReadOnlyList<string> ReadProjects(string path)
    {
        try
        {
            return Path.GetExtension(path).ToUpperInvariant() switch
            {
                ".SLNF" => [.. ReadFilter(path).Projects.Select(project => Full(project, RealSolution(path)))],
                ".SLNX" => [.. XDocument.Load(path).Descendants("Project").Select(project => Full((string?)project.Attribute("Path") ?? "", path))],
                _ => [.. ProjectLine().Matches(File.ReadAllText(path)).Select(match => Full(match.Groups["path"].Value, path))],
            };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or XmlException)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings, $"The solution {path} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The nearest solution above a project that lists it, within its repository; null if there is none.</summary>
    public static string? FindFor(string project)
    {
        for (var folder = Path.GetDirectoryName(project); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (SolutionsIn(folder).FirstOrDefault(solution => Lists(solution, project)) is { } found)
                return found;
            if (Path.Exists(Path.Combine(folder, ".git")))
                return null;
        }

        return null;
    }

    // Of several in one folder, the one with the most projects is the whole.
    private static IEnumerable<string> SolutionsIn(string folder) =>
        SolutionPatterns
            .SelectMany(pattern => Directory.EnumerateFiles(folder, pattern))
            .Distinct()
            .OrderByDescending(path => new FileInfo(path).Length)
            .ThenBy(path => path, StringComparer.Ordinal);

    private static bool Lists(string solution, string project)
    {
        try
        {
            return ReadProjects(solution).Contains(project);
        }
        catch (ConcurrentTestException)
        {
            // Nobody asked for this solution.
            return false;
        }
    }

    private static bool IsFilter(string path) => Path.GetExtension(path).Equals(".slnf", StringComparison.OrdinalIgnoreCase);

    private static FilteredSolution ReadFilter(string path) =>
        JsonSerializer.Deserialize<FilterFile>(File.ReadAllText(path))?.Solution ?? throw new JsonException("it has no \"solution\".");

    private static string Full(string path, string relativeTo) =>
        Path.GetFullPath(path.Replace('\\', Path.DirectorySeparatorChar), Path.GetDirectoryName(relativeTo)!);

    [GeneratedRegex(@"^\s*Project\(""[^""]*""\)\s*=\s*""[^""]*"",\s*""(?<path>[^""]+)""", RegexOptions.Multiline)]
    private static partial Regex ProjectLine();

    private sealed record FilterFile([property: JsonPropertyName("solution")] FilteredSolution? Solution);

    private sealed record FilteredSolution([property: JsonPropertyName("path")] string Path, [property: JsonPropertyName("projects")] string[] Projects);
}
