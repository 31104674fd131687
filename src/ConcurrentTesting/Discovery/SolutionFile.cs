using System.Collections.Concurrent;
using System.Xml;
using Microsoft.VisualStudio.SolutionPersistence.Model;
using Microsoft.VisualStudio.SolutionPersistence.Serializer;

namespace ConcurrentTesting.Discovery;

/// <summary>Which projects a solution (<c>.sln</c>, <c>.slnx</c>) or a filter over one (<c>.slnf</c>) lists, as <c>dotnet build</c> reads
/// them.</summary>
internal static class SolutionFile
{
    private static readonly string[] SolutionPatterns = ["*.sln", "*.slnx"];

    // Without a given platform, MSBuild takes the first of these that the solution has, and else the solution's first.
    private static readonly string[] DefaultPlatforms = ["Mixed Platforms", "Any CPU"];

    // Each project asks for the solution above it, so what was read is kept for the life of the process.
    private static readonly ConcurrentDictionary<(string Path, DateTime Changed), Lazy<SolutionContent>> Known = new();

    /// <summary>The solution itself; for a filter, the one it filters.</summary>
    /// <exception cref="ConcurrentTestException">The filter cannot be read.</exception>
    public static string RealSolution(string path) => IsFilter(path) ? SolutionFilter.Read(path).Solution : path;

    /// <summary>The absolute paths of the listed projects. They need not exist.</summary>
    /// <exception cref="ConcurrentTestException">The file cannot be read.</exception>
    public static IReadOnlyList<string> ReadProjects(string path)
    {
        if (!IsFilter(path))
            return ReadSolution(path).Projects;
        var filter = SolutionFilter.Read(path);
        return filter.Of(ReadSolution(filter.Solution).Projects);
    }

    /// <summary>What a build of a solution makes of a project; null where it would leave the project out, which it does without a
    /// word.</summary>
    /// <exception cref="ConcurrentTestException">The solution cannot be read.</exception>
    public static SolutionBuild? BuildOf(string solution, string project, string configuration)
    {
        var content = Content(solution);
        var index = content.Projects.IndexOf(project);
        if (index < 0 || !content.Model.BuildTypes.Contains(configuration, StringComparer.OrdinalIgnoreCase))
            return null;
        if (PlatformOf(content.Model.Platforms) is not { } platform)
            return null;
        var (type, projectPlatform, isBuilt, _) = content.Model.SolutionProjects[index].GetProjectConfiguration(configuration, platform);
        return isBuilt && type is not null && projectPlatform is not null && IsSaid(solution, projectPlatform)
            ? new SolutionBuild(solution, type, projectPlatform.Replace("Any CPU", "AnyCPU", StringComparison.OrdinalIgnoreCase))
            : null;
    }

    // A build takes the platform from the environment too.
    private static string? PlatformOf(IReadOnlyList<string> platforms) =>
        Environment.GetEnvironmentVariable("Platform") is { Length: > 0 } told
            ? platforms.FirstOrDefault(one => one.Equals(told, StringComparison.OrdinalIgnoreCase))
            : Array.Find(DefaultPlatforms, platforms.Contains) ?? platforms[0];

    /// <summary>The nearest solution above a project that lists it, within its repository; null if there is none.</summary>
    public static string? FindFor(string project)
    {
        foreach (var folder in Folders.Up(Path.GetDirectoryName(project)))
        {
            if (SolutionsIn(folder).FirstOrDefault(solution => Lists(solution, project)) is { } found)
                return found;
            if (Path.Exists(Path.Combine(folder, ".git")))
                return null;
        }

        return null;
    }

    /// <summary>A path in a solution's words: with either separator, relative to the file that names it.</summary>
    public static string Full(string path, string relativeTo) =>
        Path.GetFullPath(path.Replace('\\', Path.DirectorySeparatorChar), Path.GetDirectoryName(relativeTo)!);

    public static ConcurrentTestException Unreadable(string path, int? line, string reason, Exception? cause = null) =>
        new(
            ConcurrentTestExitCode.BadSettings,
            $"The solution {path}{(line is { } number ? $", line {number}," : "")} cannot be read: {reason.TrimEnd('.')}. Correct it, or name the projects with --test-projects.",
            cause);

    // The library spells what an .sln leaves open as "AnyCPU"; MSBuild leaves such a project out.
    private static bool IsSaid(string solution, string platform) =>
        platform != "AnyCPU" || !Path.GetExtension(solution).Equals(".sln", StringComparison.OrdinalIgnoreCase);

    // Of several solutions in one folder, the largest is taken to be the one with all projects.
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
            return Content(solution).Projects.Contains(project);
        }
        catch (ConcurrentTestException)
        {
            // Nobody asked for this solution, so a flaw in it is not reported here.
            return false;
        }
    }

    private static SolutionContent Content(string solution) => Known.GetOrAdd(
        (solution, File.GetLastWriteTimeUtc(solution)), _ => new Lazy<SolutionContent>(() => ReadSolution(solution))).Value;

    private static bool IsFilter(string path) => Path.GetExtension(path).Equals(".slnf", StringComparison.OrdinalIgnoreCase);

    private static SolutionContent ReadSolution(string path)
    {
        try
        {
            // The call reads a small file and waits for nothing else, so it may block.
            var solution = Path.GetExtension(path).Equals(".slnx", StringComparison.OrdinalIgnoreCase)
                ? SolutionSerializers.SlnXml.OpenAsync(path, CancellationToken.None).GetAwaiter().GetResult()
                : SolutionSerializers.SlnFileV12.OpenAsync(path, CancellationToken.None).GetAwaiter().GetResult();
            return new SolutionContent(solution, [.. solution.SolutionProjects.Select(project => Full(project.FilePath, path))]);
        }
        catch (SolutionException exception)
        {
            throw Unreadable(path, exception.Line, exception.Message, exception);
        }
        catch (XmlException exception)
        {
            throw Unreadable(path, exception.LineNumber, exception.Message, exception);
        }
        catch (Exception exception) when (exception is IOException
            or UnauthorizedAccessException or ArgumentException or FormatException or InvalidOperationException)
        {
            throw Unreadable(path, null, exception.Message, exception);
        }
    }

    /// <param name="Projects">The absolute paths, in the model's order.</param>
    private sealed record SolutionContent(SolutionModel Model, ImmutableArray<string> Projects);
}

/// <summary>A <c>.slnf</c> file: some of the projects of a solution.</summary>
/// <param name="Path">Its own path.</param>
/// <param name="Solution">The solution's absolute path.</param>
/// <param name="Projects">As it names them, relative to the solution.</param>
internal sealed record SolutionFilter(string Path, string Solution, IReadOnlyList<string> Projects)
{
    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <exception cref="ConcurrentTestException">The file cannot be read, or lacks something.</exception>
    public static SolutionFilter Read(string path)
    {
        var text = "";
        try
        {
            text = File.ReadAllText(path);
            using var document = JsonDocument.Parse(text, Lenient);
            return Read(path, text, document.RootElement);
        }
        catch (JsonException exception)
        {
            throw SolutionFile.Unreadable(path, (int)(exception.LineNumber ?? 0) + 1, exception.Message, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw SolutionFile.Unreadable(path, null, exception.Message, exception);
        }
    }

    /// <summary>Those of the solution's projects that it names.</summary>
    /// <exception cref="ConcurrentTestException">It names one that the solution does not have.</exception>
    public IReadOnlyList<string> Of(IReadOnlyList<string> solution)
    {
        var known = solution.DistinctBy(project => project, StringComparer.OrdinalIgnoreCase).ToDictionary(
            project => project, StringComparer.OrdinalIgnoreCase);
        return [.. Projects.Select(
            name => known.TryGetValue(SolutionFile.Full(name, Solution), out var project) ? project : throw Missing(name))];
    }

    private ConcurrentTestException Missing(string name)
    {
        var written = JsonEncodedText.Encode(name).ToString();
        return SolutionFile.Unreadable(Path, LineOf(File.ReadAllText(Path), written), $"{name} is not in {Solution}");
    }

    private static SolutionFilter Read(string path, string text, JsonElement root)
    {
        if (Member(root, "solution", JsonValueKind.Object) is not { } solution)
            throw SolutionFile.Unreadable(path, LineOf(text, "\"solution\""), "it has no object \"solution\"");
        if (Member(solution, "path", JsonValueKind.String)?.GetString() is not { Length: > 0 } named)
            throw SolutionFile.Unreadable(path, LineOf(text, "\"path\"", "\"solution\""), "its \"solution\" has no \"path\"");
        if (Member(solution, "projects", JsonValueKind.Array) is not { } projects
            || projects.EnumerateArray().Any(project => project.ValueKind != JsonValueKind.String))
        {
            throw SolutionFile.Unreadable(
                path, LineOf(text, "\"projects\"", "\"solution\""), "its \"solution\" has no list of \"projects\"");
        }

        var full = SolutionFile.Full(named, path);
        if (!File.Exists(full))
            throw SolutionFile.Unreadable(path, LineOf(text, "\"path\""), $"there is no solution {full}");
        return new SolutionFilter(path, full, [.. projects.EnumerateArray().Select(project => project.GetString()!)]);
    }

    private static JsonElement? Member(JsonElement of, string name, JsonValueKind kind) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var member) && member.ValueKind == kind ? member : null;

    /// <summary>The line, from 1, of the first of the words that is there; 1 where none is.</summary>
    private static int LineOf(string text, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (text.IndexOf(word, StringComparison.Ordinal) is >= 0 and var found)
                return text.AsSpan(0, found).Count('\n') + 1;
        }

        return 1;
    }
}
