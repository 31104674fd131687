using System.Collections.Immutable;
using System.Text.Json;

namespace ConcurrentTesting.Discovery;

/// <summary>
/// Keeps what MSBuild said of a project, one file a project, until one of the files it was read from is changed, removed or added, or the
/// environment, which MSBuild reads as properties, is another.
/// </summary>
internal sealed class EvaluationCache
{
    private const int Version = 3;

    private readonly string _folder;
    private readonly string _configuration;
    private readonly string _surroundings;

    public EvaluationCache(ConcurrentTestSettings settings, string dotnet)
    {
        _folder = Path.Combine(settings.TemporaryDirectory, "project-evaluations");
        _configuration = settings.Configuration;
        _surroundings = MSBuildSurroundings.Print(dotnet);
    }

    /// <summary>What is known of a project and still holds; null: nothing.</summary>
    public ImmutableArray<ProjectEvaluation>? Find(ProjectInput project)
    {
        try
        {
            var entry = JsonSerializer.Deserialize<Entry>(File.ReadAllBytes(FileOf(project)));
            return entry is { Version: Version } && entry.Surroundings == _surroundings
                && entry.Inputs.All(input => FileStamp.Of(input.Key) == input.Value)
                ? entry.Evaluations
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            return null;
        }
    }

    public void Keep(ProjectInput project, ImmutableArray<ProjectEvaluation> evaluations, IEnumerable<string> imports)
    {
        var references = evaluations.SelectMany(evaluation => evaluation.Inputs ?? []).Where(TestInputResolver.IsProject);
        var inputs = imports.Concat(references).Append(project.Path).Append(project.Path + ".user")
            .Concat(MSBuildSurroundings.FoundByName(project.Path)).Distinct();
        var entry = new Entry(Version, _surroundings, inputs.ToDictionary(path => path, FileStamp.Of), evaluations);
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
            // Without it the next run asks again.
        }
    }

    private string FileOf(ProjectInput project) =>
        Path.Combine(_folder, MSBuildSurroundings.Hash($"{project.Path}|{project.Solution}|{_configuration}")[..32] + ".json");

    private sealed record Entry(
        int Version, string Surroundings, Dictionary<string, string> Inputs, ImmutableArray<ProjectEvaluation> Evaluations);
}
