namespace ConcurrentTesting.Discovery;

/// <summary>Knows whether a build would do nothing: everything that it could read is as it was before the last build that this engine made,
/// and everything that it wrote is as it was after. Times are compared for being the same, not for being older; whatever is not certain
/// means a build.</summary>
internal sealed class BuildState
{
    private const int Version = 3;

    // A build is cheaper than looking for longer than this.
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(300);

    private readonly ConcurrentTestSettings _settings;
    private readonly ILogger _logger;
    private readonly bool _isOnHost;
    private readonly string _surroundings;
    private readonly string _folder;

    public BuildState(ConcurrentTestSettings settings, string dotnet, Func<string, string?> variable, ILogger logger)
    {
        _settings = settings;
        _logger = logger;
        _isOnHost = ContinuousIntegration.IsHost(variable);
        _surroundings = MSBuildSurroundings.Print(dotnet);
        _folder = Path.Combine(settings.TemporaryDirectory, "builds");
    }

    /// <summary>Whether these projects need no build.</summary>
    public bool IsUpToDate(ImmutableArray<ProjectInput> projects)
    {
        if (_settings.Build != TestBuildMode.Auto)
            return false;
        var reason = WhyBuild(projects);
        if (reason is null)
            _logger.LogInformation("Nothing that the last build read or wrote has changed: nothing is built (--test-build always builds)");
        else
            _logger.LogDebug("Build: {Reason}", reason);
        return reason is null;
    }

    /// <summary>What a build of these projects reads, before it begins; null where it cannot be kept.</summary>
    public BuildInputs? Before(ImmutableArray<ProjectInput> projects)
    {
        if (_settings.Build != TestBuildMode.Auto || _isOnHost)
            return null;
        var roots = RepositoryRoot.Of(projects.Select(project => project.Path));
        return InputsOf(roots, Left(roots), Limit, DateTime.UtcNow);
    }

    /// <summary>Remembers a build that went well.</summary>
    /// <param name="before">What it read.</param>
    public void Keep(ImmutableArray<ProjectInput> projects, BuildInputs? before, ImmutableArray<ProjectEvaluation> evaluations)
    {
        var file = FileOf(projects);
        try
        {
            Directory.CreateDirectory(_folder);
            File.Delete(file);
            if (before is null || EntryOf(before, projects, evaluations) is not { } entry)
                return;
            var temporary = $"{file}.{Guid.NewGuid():N}";
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(entry));
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            _logger.LogDebug("The next run builds again: {Reason}", exception.Message);
        }
    }

    private string? WhyBuild(ImmutableArray<ProjectInput> projects)
    {
        if (_isOnHost)
            return "a CI host builds always";
        if (Read(projects) is not { } entry)
            return "nothing is known of an earlier build";
        using var alone = FileLock.TryExclusive(Path.Combine(_settings.TemporaryDirectory, ProjectBuilder.LockName));
        if (alone is null)
            return "another run builds";
        return entry.Surroundings != _surroundings ? "the environment or the SDK is another"
            : entry.Outputs.FirstOrDefault(output => FileStamp.Of(output.Key) != output.Value).Key is { } output ? $"{output} has changed"
            : entry.Files.FirstOrDefault(input => FileStamp.Of(input.Key) != input.Value).Key is { } input ? $"{input} has changed"
            : WhyBuild(entry, projects);
    }

    private static string? WhyBuild(Entry entry, ImmutableArray<ProjectInput> projects)
    {
        var roots = RepositoryRoot.Of(projects.Select(project => project.Path));
        if (InputsOf(roots, entry.Left, Limit, DateTime.MaxValue) is not { } inputs)
            return "its inputs cannot be looked at in time";
        return inputs.Roots.Count != entry.Roots.Count ? "there are other repositories"
            : entry.Roots.FirstOrDefault(root => inputs.Roots.GetValueOrDefault(root.Key) != root.Value).Key is { } changed
                ? $"something has changed in {changed}"
            : null;
    }

    private Entry? Read(ImmutableArray<ProjectInput> projects)
    {
        try
        {
            return JsonSerializer.Deserialize<Entry>(File.ReadAllBytes(FileOf(projects))) is { Version: Version } entry ? entry : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            return null;
        }
    }

    private static BuildInputs? InputsOf(IReadOnlyList<string> roots, IReadOnlyCollection<string> left, TimeSpan limit, DateTime now)
    {
        var prints = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var root in roots)
        {
            if (FolderPrint.Of(root, left, limit) is not { } print || print.Youngest > now - FileStamp.Resolution)
                return null;
            prints[root] = $"{print.Text}|{GitHead.Of(root)}";
        }

        return new BuildInputs(prints, left, now);
    }

    // Returns null where the build reads something unknown, so that nobody could tell whether it changes.
    private Entry? EntryOf(BuildInputs before, ImmutableArray<ProjectInput> projects, ImmutableArray<ProjectEvaluation> evaluations)
    {
        if (evaluations.Any(evaluation => evaluation.Inputs is null || !evaluation.IsRestored || HasFloatingVersions(evaluation))
            || projects.Any(project => evaluations.All(evaluation => evaluation.Project != project.Path)))
            return null;
        var inputs = evaluations.SelectMany(evaluation => evaluation.Inputs!.Value).Distinct(StringComparer.Ordinal).ToList();
        if (WhyNotKept(before, inputs, evaluations) is { } reason)
        {
            _logger.LogDebug("Each run builds: {Reason}", reason);
            return null;
        }

        var lists = evaluations.Select(BuildOutputs.Of).ToList();
        if (lists.Exists(files => files is null))
            return null;
        var outputs = lists.SelectMany(files => files!).Distinct(StringComparer.Ordinal).ToDictionary(path => path, FileStamp.Of);
        var files = FilesOf(before, inputs, evaluations).Where(path => !outputs.ContainsKey(path)).Distinct(StringComparer.Ordinal)
            .ToDictionary(path => path, FileStamp.Of);
        return IsWrittenMeanwhile(before, files.Keys)
            ? null
            : new Entry(Version, _surroundings, before.Roots, [.. before.Left], files, outputs);
    }

    // Files in the print were looked at before the build, so only the others are looked at here.
    private bool IsWrittenMeanwhile(BuildInputs before, IEnumerable<string> files)
    {
        var begun = before.Begun - FileStamp.Resolution;
        if (files.FirstOrDefault(path => !IsInPrint(before, path) && FileStamp.Written(path) > begun) is not { } young)
            return false;
        _logger.LogDebug("The next run builds again: {File} was written while this one built", young);
        return true;
    }

    private static string? WhyNotKept(BuildInputs before, List<string> inputs, ImmutableArray<ProjectEvaluation> evaluations) =>
        inputs.Find(input => !IsNamedAlone(input) && !IsBelowRoot(before, input)) is { } outside
            ? $"{outside} is outside of the repository"
        // The sources of such a project are not in the print.
        : inputs.Find(input => TestInputResolver.IsProject(input) && RunWrites.Holds(before.Left, input)) is { } left
            ? $"{left} lies where runs write"
        : evaluations.FirstOrDefault(evaluation => evaluation.Doubt is not null)?.Doubt is { } doubt
            ? $"what decides this is not known: {doubt}"
        : null;

    private static IEnumerable<string> FilesOf(BuildInputs before, List<string> inputs, ImmutableArray<ProjectEvaluation> evaluations) =>
        inputs.Where(TestInputResolver.IsProject).SelectMany(MSBuildSurroundings.FoundByName)
            .Concat(evaluations.SelectMany(evaluation => evaluation.Imports))
            .Concat(inputs.Where(input => !TestInputResolver.IsProject(input)))
            .Concat(inputs.Where(input => !IsNamedAlone(input)).SelectMany(input => FoldersLeftOut(before, input))
                .Select(FileStamp.NamesIn));

    // A pattern may find more files in the folders that the print leaves out.
    private static IEnumerable<string> FoldersLeftOut(BuildInputs before, string input)
    {
        var path = input;
        while (!IsInPrint(before, path) && Path.GetDirectoryName(path) is { } folder && IsBelowRoot(before, folder))
        {
            yield return folder;
            path = folder;
        }
    }

    private static bool IsBelowRoot(BuildInputs before, string path) => before.Roots.Keys.Any(root => Folders.Contains(root, path));

    private static bool IsInPrint(BuildInputs before, string path) => before.Roots.Keys.Any(root => Folders.Contains(root, path)
        && !FolderPrint.MayLeaveOut(Path.GetRelativePath(root, path))) && !RunWrites.Holds(before.Left, path);

    // A floating version of a package may change without any change of a file.
    private static bool HasFloatingVersions(ProjectEvaluation evaluation) => File.Exists(evaluation.AssetsFile)
        && File.ReadLines(evaluation.AssetsFile).Any(
            line => line.Contains("\"version\": \"[", StringComparison.Ordinal) && line.Contains('*', StringComparison.Ordinal));

    // No pattern finds more of these files.
    private static bool IsNamedAlone(string input) =>
        MSBuildSurroundings.IsFoundByName(input) || Path.GetExtension(input).Equals(".dll", StringComparison.OrdinalIgnoreCase);

    // The print leaves out what runs write themselves, and what builds write in the SDK's layout for all projects.
    private ImmutableArray<string> Left(IReadOnlyList<string> roots) =>
    [
        .. RunWrites.Of(_settings)
            .Concat(roots.SelectMany(root => new[] { Path.Combine(root, "artifacts", "bin"), Path.Combine(root, "artifacts", "obj") }))
            .Distinct(),
    ];

    private string FileOf(ImmutableArray<ProjectInput> projects)
    {
        var all = projects.Select(project => $"{project.Path}|{project.Solution}").Order(StringComparer.Ordinal);
        var key = $"{string.Join('\n', all)}\n{_settings.Configuration}\n{_settings.Framework}";
        return Path.Combine(_folder, TextHash.Of(key)[..32] + ".json");
    }

    private sealed record Entry(
        int Version, string Surroundings, Dictionary<string, string> Roots, string[] Left, Dictionary<string, string> Files,
        Dictionary<string, string> Outputs);
}

/// <summary>What a build reads below the roots of its repositories.</summary>
/// <param name="Roots">A print for each root.</param>
/// <param name="Left">What does not count.</param>
/// <param name="Begun">When it was looked at.</param>
internal sealed record BuildInputs(Dictionary<string, string> Roots, IReadOnlyCollection<string> Left, DateTime Begun);
