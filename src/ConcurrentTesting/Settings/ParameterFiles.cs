using System.Collections.Immutable;
using System.Text.Json;

namespace ConcurrentTesting.Settings;

/// <summary>The parameters of .nuke/parameters.json and of the profiles that were asked for.</summary>
internal sealed class ParameterFiles
{
    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly Dictionary<string, ParameterText> _values = new(StringComparer.OrdinalIgnoreCase);

    public ParameterFiles(IEnumerable<string> files, string rootDirectory)
    {
        foreach (var file in files)
        {
            using var document = Read(file);
            foreach (var property in document.RootElement.EnumerateObject().Where(property => property.Value.ValueKind != JsonValueKind.Null))
            {
                var source = $"{property.Name} in {Path.GetFileName(file)}:";
                _values[PlainName.Of(property.Name)] = new ParameterText(source, Values(property.Value), rootDirectory);
            }
        }
    }

    public ParameterText? Find(Parameter parameter) => _values.GetValueOrDefault(parameter.Name);

    private static JsonDocument Read(string file)
    {
        try
        {
            var document = JsonDocument.Parse(File.ReadAllText(file), Options);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : throw new JsonException("it is not a JSON object");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ConcurrentTestException(ConcurrentTestExitCode.BadSettings, $"{file} cannot be read: {exception.Message}", exception);
        }
    }

    private static ImmutableArray<string> Values(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => [.. value.EnumerateArray().Select(element => element.ToString())],
        _ => [value.ToString()],
    };
}
