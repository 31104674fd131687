namespace ConcurrentTesting.Discovery;

/// <summary>Keeps what MSBuild said of a project, one file a project, until one of the files it was read from is changed, removed or added,
/// or the environment, which MSBuild reads as properties, is another.</summary>
internal sealed class EvaluationCache
{
    private const int Version = 5;

    private readonly string _folder;
    private readonly string _configuration;
    private readonly string _surroundings;
    private readonly string _left;

    public EvaluationCache(ConcurrentTestSettings settings, string dotnet)
    {
        _folder = Path.Combine(settings.TemporaryDirectory, "project-evaluations");
        _configuration = settings.Configuration;
        _surroundings = MSBuildSurroundings.Print(dotnet);
        _left = string.Join('|', RunWrites.Of(settings));
    }

    /// <summary>What is known of a project and still holds; null: nothing.</summary>
    /// <param name="stamps">Those that were taken already, which grows.</param>
    public ImmutableArray<ProjectEvaluation>? Find(ProjectInput project, Dictionary<string, string> stamps)
    {
        try
        {
            var entry = JsonSerializer.Deserialize<Entry>(File.ReadAllBytes(FileOf(project)));
            return entry is { Version: Version } && entry.Surroundings == _surroundings
                && entry.Inputs.All(input => Stamp(input.Key, stamps) == input.Value)
                ? entry.Evaluations
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Keeps what was said of a project, where nothing that it came from has changed meanwhile.</summary>
    /// <param name="begun">When MSBuild was asked.</param>
    public void Keep(ProjectInput project, ImmutableArray<ProjectEvaluation> evaluations, EvaluationReads reads, DateTime begun)
    {
        var all = evaluations.SelectMany(evaluation => evaluation.Inputs ?? []).Where(TestInputResolver.IsProject).Append(project.Path)
            .Distinct(StringComparer.Ordinal).ToList();
        var read = reads.Imports.Concat(all).ToList();
        var stamps = read.Concat(reads.LookedFor).Append(project.Path + ".user").Concat(all.SelectMany(MSBuildSurroundings.FoundByName))
            .Concat(evaluations.SelectMany(evaluation => RestoredPackages.Of(evaluation.AssetsFile)))
            .Distinct(StringComparer.Ordinal).ToDictionary(path => path, FileStamp.Of, StringComparer.Ordinal);

        // MSBuild may or may not have read a file that was written while it read, so nothing is kept then.
        var latest = begun - FileStamp.Resolution;
        if (read.Exists(path => stamps[path].Length == 0) || stamps.Keys.Any(path => FileStamp.Written(path) > latest))
            return;
        var entry = new Entry(Version, _surroundings, stamps, evaluations);
        var file = FileOf(project);
        try
        {
            Directory.CreateDirectory(_folder);
            var temporary = $"{file}.{Guid.NewGuid():N}";
            File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(entry));
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next run asks MSBuild again.
        }
    }

    private static string Stamp(string path, Dictionary<string, string> stamps) =>
        stamps.TryGetValue(path, out var known) ? known : stamps[path] = FileStamp.Of(path);

    private string FileOf(ProjectInput project)
    {
        var build = SolutionBuild.Of(project, _configuration);
        return Path.Combine(_folder, TextHash.Of($"{project.Path}|{build}|{_configuration}|{_left}")[..32] + ".json");
    }

    private sealed record Entry(
        int Version, string Surroundings, Dictionary<string, string> Inputs, ImmutableArray<ProjectEvaluation> Evaluations);
}
