using System.Collections;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ConcurrentTesting.Discovery;

/// <summary>
/// Keeps what MSBuild said of a project, one file a project, until one of the files it was read from is changed, removed or added, or the
/// environment, which MSBuild reads as properties, is another.
/// </summary>
internal sealed class EvaluationCache
{
    private const int Version = 2;

    // Change from shell to shell and mean nothing to a build.
    private static readonly string[] VolatileVariables = ["_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES", "TERM"];

    // MSBuild looks for them in every folder above a project: one that appears changes the result.
    private static readonly string[] FilesFoundByName =
        ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json"];

    private readonly string _folder;
    private readonly string _configuration;
    private readonly string _surroundings;

    public EvaluationCache(ConcurrentTestSettings settings, string dotnet)
    {
        _folder = Path.Combine(settings.TemporaryDirectory, "project-evaluations");
        _configuration = settings.Configuration;
        var sdks = new DirectoryInfo(Path.Combine(Path.GetDirectoryName(dotnet)!, "sdk"));
        _surroundings = Hash($"{dotnet}|{(sdks.Exists ? sdks.LastWriteTimeUtc.Ticks : 0)}|{EnvironmentText()}");
    }

    /// <summary>What is known of a project and still holds; null: nothing.</summary>
    public ImmutableArray<ProjectEvaluation>? Find(ProjectInput project)
    {
        try
        {
            var entry = JsonSerializer.Deserialize<Entry>(File.ReadAllBytes(FileOf(project)));
            return entry is { Version: Version } && entry.Surroundings == _surroundings
                && entry.Inputs.All(input => Stamp(input.Key) == input.Value)
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
        var inputs = imports.Append(project.Path).Append(project.Path + ".user").Concat(FoundByName(project.Path)).Distinct();
        var entry = new Entry(Version, _surroundings, inputs.ToDictionary(path => path, Stamp), evaluations);
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
        Path.Combine(_folder, Hash($"{project.Path}|{project.Solution}|{_configuration}")[..32] + ".json");

    private static IEnumerable<string> FoundByName(string project)
    {
        for (var folder = Path.GetDirectoryName(project); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            foreach (var name in FilesFoundByName)
                yield return Path.Combine(folder, name);
        }
    }

    private static string Stamp(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? $"{file.LastWriteTimeUtc.Ticks}:{file.Length}" : "";
    }

    private static string EnvironmentText() =>
        string.Join(
            '\n',
            Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .Where(variable => !VolatileVariables.Contains((string)variable.Key))
                .Select(variable => $"{variable.Key}={variable.Value}")
                .Order(StringComparer.Ordinal));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private sealed record Entry(
        int Version, string Surroundings, Dictionary<string, string> Inputs, ImmutableArray<ProjectEvaluation> Evaluations);
}
