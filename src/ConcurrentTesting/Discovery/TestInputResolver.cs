using ConcurrentTesting.VsTest;
using Microsoft.Extensions.FileSystemGlobbing;

namespace ConcurrentTesting.Discovery;

/// <summary>Turns the entries of <c>--test-projects</c> into files: projects, solutions, built assemblies, folders, globs, and
/// <c>!pattern</c> to leave something out.</summary>
internal sealed class TestInputResolver
{
    private static readonly StringComparison PathComparison =
        OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
    private static readonly StringComparer PathComparer = StringComparer.FromComparison(PathComparison);
    private static readonly string[] ProjectExtensions = [".csproj", ".fsproj", ".vbproj"];
    private static readonly string[] SolutionExtensions = [".sln", ".slnx", ".slnf"];
    private static readonly string[] AssemblyExtensions = [".dll", ".exe"];
    private static readonly string[] SkippedFolders = ["bin", "obj", "node_modules", ".git"];

    private static readonly EnumerationOptions Readable = new() { IgnoreInaccessible = true, AttributesToSkip = 0 };

    private readonly ConcurrentTestSettings _settings;
    private readonly ImmutableArray<Func<string, bool>> _exclusions;
    private readonly Dictionary<string, ProjectInput> _projects = new(PathComparer);
    private readonly Dictionary<string, AssemblyInput> _assemblies = new(PathComparer);
    private readonly SortedSet<string> _skippedLinks = new(PathComparer);

    private TestInputResolver(ConcurrentTestSettings settings)
    {
        _settings = settings;
        _exclusions = [.. settings.TestProjects.Where(IsExclusion).Select(entry => Exclusion(entry[1..]))];
    }

    public static bool IsProject(string path) => HasExtension(path, ProjectExtensions);

    /// <exception cref="ConcurrentTestException">An entry names something that is not there or that holds no tests by its kind.</exception>
    public static TestInputs Resolve(ConcurrentTestSettings settings)
    {
        var entries = settings.TestProjects.Where(entry => !IsExclusion(entry) && entry.Length > 0).ToList();
        if (entries.Count == 0)
            throw BadSettings("No test projects were given: name projects, assemblies, folders or globs with --test-projects.");
        var resolver = new TestInputResolver(settings);
        foreach (var entry in entries)
            resolver.Add(entry);
        return new TestInputs([.. resolver._projects.Values], [.. resolver._assemblies.Values], [.. resolver._skippedLinks]);
    }

    private static bool IsExclusion(string entry) => entry.StartsWith('!');

    private static bool HasExtension(string path, string[] extensions) =>
        extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    private void Add(string entry)
    {
        var path = Path.GetFullPath(entry, _settings.WorkingDirectory);
        if (File.Exists(path))
        {
            AddFile(path, entry);
        }
        else if (Directory.Exists(path))
        {
            AddFolder(path);
        }
        else if (IsGlob(entry))
        {
            AddGlob(entry);
        }
        else
        {
            throw BadSettings(
                $"The test project '{entry}' does not exist{(Path.IsPathRooted(entry) ? "" : $": looked for {path}")}.{RelativeTo(entry)}");
        }
    }

    private void AddFile(string path, string entry)
    {
        if (IsProject(path))
            AddProject(new ProjectInput(path, IsNamed: true));
        else if (HasExtension(path, SolutionExtensions))
            AddSolution(path);
        else if (HasExtension(path, AssemblyExtensions))
            AddAssembly(new AssemblyInput(ManagedAssembly(path), IsNamed: true));
        else
            throw BadSettings($"'{entry}' is no test project: give a project, a solution, a built assembly (.dll), a folder or a glob.");
    }

    // An executable test project is a launcher beside the assembly that holds the code.
    private static string ManagedAssembly(string path) =>
        HasExtension(path, [".exe"]) && File.Exists(Path.ChangeExtension(path, ".dll")) ? Path.ChangeExtension(path, ".dll") : path;

    private void AddSolution(string path)
    {
        var solution = SolutionFile.RealSolution(path);
        var projects = SolutionFile.ReadProjects(path).Where(project => IsProject(project) && !IsExcluded(project)).ToLookup(File.Exists);
        // Without such a project tests would be missed. Only the build can tell whether any other missing project is needed.
        var missing = projects[false].Where(TestProjectNames.SpeaksOfTests).ToList();
        if (missing.Count > 0)
            throw BadSettings(string.Join('\n', missing.Select(project => Missing(path, project))));
        foreach (var project in projects[true])
            AddProject(new ProjectInput(project, IsNamed: false, solution));
    }

    private string Missing(string solution, string project)
    {
        var other = InOtherCase(project) is { } found ? $" (there is {found}, and this system tells upper case from lower)" : "";
        var own = Path.GetRelativePath(_settings.WorkingDirectory, project).Replace('\\', '/');
        return $"The solution {solution} lists the project {project}, which does not exist{other}: correct the solution, or leave the project out: --test-projects … '!{own}'.";
    }

    private static string? InOtherCase(string path)
    {
        var root = Path.GetPathRoot(path)!;
        string? found = root;
        foreach (var name in path[root.Length..].Split(Path.DirectorySeparatorChar))
        {
            found = found is null || !Directory.Exists(found) ? null : Directory.EnumerateFileSystemEntries(found, "*", Readable)
                .Where(entry => Path.GetFileName(entry).Equals(name, StringComparison.OrdinalIgnoreCase))
                // An entry of exactly this name comes first.
                .OrderByDescending(entry => Path.GetFileName(entry) == name).FirstOrDefault();
        }

        return found;
    }

    private void AddFolder(string folder)
    {
        foreach (var project in Directory.EnumerateFiles(folder).Where(IsProject).Order(PathComparer))
            AddProject(new ProjectInput(project, IsNamed: false));
        // A link may lead back up, so links are not followed.
        var below = new DirectoryInfo(folder).EnumerateDirectories()
            .Where(directory => !SkippedFolders.Contains(directory.Name, PathComparer))
            .ToLookup(directory => directory.Attributes.HasFlag(FileAttributes.ReparsePoint), directory => directory.FullName);
        foreach (var directory in below[false].Order(PathComparer))
            AddFolder(directory);
        _skippedLinks.UnionWith(below[true].Where(link => !IsExcluded(link) && HasProject(link)));
    }

    private string RelativeTo(string entry) => Path.IsPathRooted(entry) ? "" : $" Paths are relative to {_settings.WorkingDirectory}.";

    private static bool HasProject(string link) => Directory.Exists(link) && Directory.EnumerateFiles(link, "*", Readable).Any(IsProject);

    private void AddGlob(string entry)
    {
        var (root, pattern) = Split(entry);
        if (!Directory.Exists(root))
        {
            throw BadSettings(
                $"The test projects '{entry}' do not exist: there is no folder {root}.{RelativeTo(entry)}");
        }

        var matcher = NewMatcher(pattern);
        foreach (var file in matcher.GetResultsInFullPath(root).Select(Path.GetFullPath).Order(PathComparer))
            AddFound(file);
        foreach (var folder in MatchingFolders(root, pattern))
            AddFolder(folder);
    }

    private void AddFound(string file)
    {
        if (IsProject(file))
            AddProject(new ProjectInput(file, IsNamed: false));
        else if (HasExtension(file, SolutionExtensions))
            AddSolution(file);
        else if (HasExtension(file, [".dll"]))
            AddAssembly(new AssemblyInput(file, IsNamed: false));
    }

    // The matcher only knows files; `tests/*Tests` names folders.
    private static List<string> MatchingFolders(string root, string pattern)
    {
        if (Path.HasExtension(pattern) || pattern.Contains("**", StringComparison.Ordinal))
            return [];
        var depth = pattern.Count(character => character == '/');
        var folders = Directory.EnumerateDirectories(
            root, "*", new EnumerationOptions { RecurseSubdirectories = depth > 0, MaxRecursionDepth = depth });
        var matcher = new Matcher().AddInclude(pattern);
        return [.. folders.Where(folder => matcher.Match(Path.GetRelativePath(root, folder)).HasMatches).Order(PathComparer)];
    }

    private static Matcher NewMatcher(string pattern)
    {
        var matcher = new Matcher(OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
        matcher.AddInclude(pattern).AddExclude("**/node_modules/**").AddExclude("**/.git/**").AddExclude("**/obj/**").AddExclude(
            $"**/*{OutputCopies.Infix}*/**");
        return HasExtension(pattern, AssemblyExtensions) ? matcher : matcher.AddExclude("**/bin/**");
    }

    private static bool IsGlob(string entry) => entry.Contains('*');

    // The part before the first wildcard is a folder, which may lie outside of the working folder.
    private (string Root, string Pattern) Split(string entry)
    {
        var segments = entry.Replace('\\', '/').Split('/');
        var fixedCount = Math.Min(segments.TakeWhile(segment => !IsGlob(segment)).Count(), segments.Length - 1);
        var root = string.Join('/', segments.Take(fixedCount));
        if (fixedCount > 0 && root.Length == 0)
            root = "/";
        return (Path.GetFullPath(root, _settings.WorkingDirectory), string.Join('/', segments.Skip(fixedCount)));
    }

    private Func<string, bool> Exclusion(string entry)
    {
        if (!IsGlob(entry))
        {
            var excluded = Path.GetFullPath(entry, _settings.WorkingDirectory);
            return path => PathComparer.Equals(path, excluded)
                || path.StartsWith(excluded + Path.DirectorySeparatorChar, PathComparison);
        }

        var (root, pattern) = Split(entry);
        var matcher = new Matcher().AddInclude(pattern).AddInclude(pattern + "/**");
        return path => matcher.Match(root, path).HasMatches;
    }

    private bool IsExcluded(string path) => _exclusions.Any(excludes => excludes(path));

    private void AddProject(ProjectInput project)
    {
        if (IsExcluded(project.Path))
            return;
        if (_projects.TryGetValue(project.Path, out var known))
            project = known with { IsNamed = known.IsNamed || project.IsNamed, Solution = known.Solution ?? project.Solution };
        _projects[project.Path] = project;
    }

    private void AddAssembly(AssemblyInput assembly)
    {
        if (IsExcluded(assembly.Path))
            return;
        if (_assemblies.TryGetValue(assembly.Path, out var known))
            assembly = known with { IsNamed = known.IsNamed || assembly.IsNamed };
        _assemblies[assembly.Path] = assembly;
    }

    private static ConcurrentTestException BadSettings(string message) => new(ConcurrentTestExitCode.BadSettings, message);
}
