using System.Xml;
using System.Xml.Linq;

namespace ConcurrentTesting.Databases.Templates;

/// <summary>The files and folders that a command of a template source names: what it reads, as far as its text tells.</summary>
internal static class CommandInputs
{
    private static readonly char[] Separators = [' ', '\t', '\n', '\r', '"', '\'', '=', ';', '<', '>', '|', '&', '(', ')'];

    /// <summary>What the command names and what the projects among it refer to, each once.</summary>
    public static IReadOnlyList<string> Of(string commandLine, string workingDirectory)
    {
        var found = new List<string>();
        var open = new Queue<string>(PathsIn(commandLine, workingDirectory).Select(WholeProject));
        while (open.TryDequeue(out var path))
        {
            if (found.Contains(path))
                continue;
            found.Add(path);
            foreach (var reference in ReferencesOf(path))
                open.Enqueue(reference);
        }

        return found;
    }

    /// <summary>Whether the command names anything that it may read: a program or a device says nothing about the schema.</summary>
    public static bool AreNamed(string commandLine, string workingDirectory) =>
        PathsIn(commandLine, workingDirectory).Any(path => !IsProgram(path));

    private static IEnumerable<string> PathsIn(string commandLine, string workingDirectory) =>
        commandLine.Split(Separators, StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.IndexOfAny(Path.GetInvalidPathChars()) < 0)
            .Select(word => Path.TrimEndingDirectorySeparator(Path.GetFullPath(word, workingDirectory)))
            .Where(path => Path.Exists(path) && !IsDevice(path));

    private static bool IsDevice(string path) => !OperatingSystem.IsWindows() && path.StartsWith("/dev/", StringComparison.Ordinal);

    private static bool IsProgram(string path) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => Path.TrimEndingDirectorySeparator(folder) == Path.GetDirectoryName(path));

    /// <summary>A project file stands for its folder, which holds the migrations.</summary>
    private static string WholeProject(string path) =>
        path.EndsWith("proj", StringComparison.OrdinalIgnoreCase) && File.Exists(path) ? Path.GetDirectoryName(path)! : path;

    /// <summary>The folders of the projects that a project's folder refers to: migrations are often in one of them.</summary>
    private static IEnumerable<string> ReferencesOf(string path) =>
        Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*proj").Order(StringComparer.Ordinal).SelectMany(ReferencesIn)
            : [];

    private static IEnumerable<string> ReferencesIn(string project)
    {
        try
        {
            return
            [
                .. XDocument.Load(project).Descendants()
                    .Where(element => element.Name.LocalName == "ProjectReference")
                    .Select(element => element.Attribute("Include")?.Value.Replace('\\', Path.DirectorySeparatorChar))
                    .OfType<string>()
                    .Select(include => Path.GetFullPath(include, Path.GetDirectoryName(project)!))
                    .Where(File.Exists)
                    .Select(WholeProject),
            ];
        }
        catch (XmlException)
        {
            // Not a project of MSBuild's, or one that it cannot read either.
            return [];
        }
    }
}
