using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace ConcurrentTesting.Run;

/// <summary>What a run has written into its results directory: the next one removes that and nothing else.</summary>
/// <param name="Files">Hashes by name. Names are relative to the directory, with slashes.</param>
/// <param name="Folders">What it made for them, to be removed once it is empty.</param>
/// <param name="IsFinished">False while the run goes on, and for ever where it was killed.</param>
internal sealed record ArtifactList(
    [property: JsonPropertyName("files")] ImmutableSortedDictionary<string, string> Files,
    [property: JsonPropertyName("folders")] ImmutableArray<string> Folders,
    [property: JsonPropertyName("finished")] bool IsFinished)
{
    public const string FileName = ".concurrent-test.json";
    private const int CurrentVersion = 1;

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true };

    [JsonPropertyName("version")]
    [JsonPropertyOrder(-1)]
    public int Version { get; init; } = CurrentVersion;

    /// <summary>The last run's; null where there is none.</summary>
    /// <exception cref="JsonException">The file of that name is something else.</exception>
    public static ArtifactList? Read(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
            return null;
        var list = JsonSerializer.Deserialize<ArtifactList>(File.ReadAllText(path), Format);
        return list is { Version: CurrentVersion, Files: not null, Folders.IsDefault: false }
            ? list
            : throw new JsonException("its version is not known here");
    }

    public Task WriteAsync(string directory) =>
        ArtifactFile.WriteAsync(
            Path.Combine(directory, FileName), stream => JsonSerializer.SerializeAsync(stream, this, Format), CancellationToken.None);

    public static string HashOf(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    public static string HashOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
