namespace ConcurrentTesting.Databases.Templates;

/// <summary>The files and folders that a command of a template source names: what it reads, as far as its text tells.</summary>
/// <param name="Paths">What the command names and what the projects among it refer to, absolute, each once.</param>
/// <param name="AreKnown">
/// Whether these are all that it reads: it names a folder by a path, a project, or SQL that reads nothing else. Another file is mostly the
/// door to others (a script, a changelog, a program), and a program or a device says nothing about the schema.
/// </param>
internal sealed record CommandInputs(IReadOnlyList<string> Paths, bool AreKnown)
{
    private static readonly char[] Separators = [' ', '\t', '\n', '\r', '"', '\'', '=', ';', '<', '>', '|', '&', '(', ')'];

    private static readonly string[] Settings = [".json", ".config", ".ini", ".conf", ".toml", ".env", ".csv", ".runsettings"];

    private static readonly EnumerationOptions Readable = new() { IgnoreInaccessible = true, AttributesToSkip = 0 };

    public static CommandInputs Of(string commandLine, string workingDirectory)
    {
        var named = NamedIn(commandLine, workingDirectory).ToList();
        var found = new List<string>();
        var isWhole = true;
        var open = new Queue<string>(named.Select(name => WholeProject(name.Path)));
        while (open.TryDequeue(out var path))
        {
            if (found.Contains(path))
                continue;
            found.Add(path);
            foreach (var project in ProjectsIn(path))
            {
                var references = ProjectReferences.Of(project);
                isWhole &= references.AreWhole;
                foreach (var reference in references.Paths)
                    open.Enqueue(WholeProject(reference));
            }
        }

        return new CommandInputs(found, isWhole && AreAll(named));
    }

    private static IEnumerable<(string Word, string Path)> NamedIn(string commandLine, string workingDirectory) =>
        commandLine.Split(Separators, StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.IndexOfAny(Path.GetInvalidPathChars()) < 0)
            .Select(word => (word, Path: Path.TrimEndingDirectorySeparator(Path.GetFullPath(word, workingDirectory))))
            .Where(named => Path.Exists(named.Path) && !IsDevice(named.Path) && Path.GetDirectoryName(named.Path) is not null);

    private static bool IsDevice(string path) => !OperatingSystem.IsWindows() && path.StartsWith("/dev/", StringComparison.Ordinal);

    // A script reads the folder or project that is named beside it. A file of SQL beside it may not be all that it reads.
    private static bool AreAll(List<(string Word, string Path)> named) =>
        named.Exists(name => IsKnown(name) && !IsPlainSql(name.Path)) || (named.Exists(IsKnown) && !named.Exists(LeadsOn));

    // A folder may be called as an argument is: `dotnet ef database update` beside a folder `database`.
    private static bool IsKnown((string Word, string Path) named) => Directory.Exists(named.Path)
        ? named.Word.AsSpan().ContainsAny('/', '\\') || named.Word is "." or ".." || ProjectsIn(named.Path).Any()
        : IsProject(named.Path) || IsPlainSql(named.Path);

    // Scripts, changelogs and SQL that includes others may name further files; programs and settings name none.
    private static bool LeadsOn((string Word, string Path) named) =>
        File.Exists(named.Path) && !IsProject(named.Path) && !IsPlainSql(named.Path)
        && !Settings.Contains(Path.GetExtension(named.Path).ToLowerInvariant()) && IsText(named.Path);

    private static bool IsText(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            Span<byte> begin = stackalloc byte[512];
            return !begin[..file.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false)].Contains((byte)0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static bool IsProject(string path) => path.EndsWith("proj", StringComparison.OrdinalIgnoreCase);

    private static bool IsPlainSql(string path) =>
        path.EndsWith(".sql", StringComparison.OrdinalIgnoreCase) && !SqlReads.OthersByClient(path);

    /// <summary>A project file stands for its folder, which holds the migrations.</summary>
    private static string WholeProject(string path) => IsProject(path) && File.Exists(path) ? Path.GetDirectoryName(path)! : path;

    /// <summary>Migrations are often in one of the projects that a project's folder refers to.</summary>
    private static IEnumerable<string> ProjectsIn(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path, "*proj", Readable).Order(StringComparer.Ordinal) : [];
}
