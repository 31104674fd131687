using System.Text.Json;
using Nuke.Common;

namespace Nuke.ConcurrentTest;

/// <summary>Secrets that stand in parameters.json as they are. NUKE holds them for encrypted and asks for their password before a target
/// runs, without a word why.</summary>
internal static class PlainSecrets
{
    // NUKE puts this before an encrypted value.
    private const string Encrypted = "v1:";

    private static readonly (string Name, string Variable)[] Secrets =
    [
        (nameof(IConcurrentTest.TestConnectionString), "NUKE_TEST_CONNECTION_STRING"),
        (nameof(IConcurrentTest.TestMetricsPush), "NUKE_TEST_METRICS_PUSH"),
        (nameof(IConcurrentTest.TestQueue), "NUKE_TEST_QUEUE"),
    ];

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Says what to do about them while NUKE still collects its targets, which is before it asks.</summary>
    public static ITargetDefinition Explain(IConcurrentTest build, ITargetDefinition definition)
    {
        foreach (var file in BuildParameters.ParameterFiles(build.RootDirectory).Where(File.Exists))
        {
            foreach (var (name, variable) in In(file))
            {
                Console.Error.WriteLine(
                    $"{name} in {Path.GetFileName(file)} is a secret that is not encrypted, so NUKE asks for a password that does not exist: take it out and run 'nuke :secrets', or set {variable}.");
            }
        }

        return definition;
    }

    private static List<(string Name, string Variable)> In(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file), Lenient);
            return [.. Secrets.Where(
                secret => document.RootElement.ValueKind == JsonValueKind.Object && IsPlain(document.RootElement, secret.Name))];
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            // Whoever reads the parameters reports that.
            return [];
        }
    }

    private static bool IsPlain(JsonElement parameters, string name) =>
        parameters.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            && !value.GetString()!.StartsWith(Encrypted, StringComparison.Ordinal);
}
