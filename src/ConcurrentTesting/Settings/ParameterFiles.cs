namespace ConcurrentTesting.Settings;

/// <summary>The parameters of .nuke/parameters.json and of the profiles that were asked for.</summary>
internal sealed class ParameterFiles
{
    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly List<(string Name, string File)> _names = [];
    private readonly Dictionary<string, ParameterText> _values = new(StringComparer.OrdinalIgnoreCase);

    public ParameterFiles(IEnumerable<string> files, string rootDirectory)
    {
        foreach (var file in files)
        {
            using var document = Read(file);
            _names.AddRange(document.RootElement.EnumerateObject().Select(property => (property.Name, Path.GetFileName(file))));
            foreach (var property in document.RootElement.EnumerateObject().Where(
                property => property.Value.ValueKind != JsonValueKind.Null))
            {
                var source = $"{property.Name} in {Path.GetFileName(file)}:";
                _values[PlainName.Of(property.Name)] = new ParameterText(source, Values(property.Value), rootDirectory);
            }
        }
    }

    public ParameterText? Find(Parameter parameter) => _values.GetValueOrDefault(parameter.Name);

    /// <summary>Errors for names that look like ours and are nobody's.</summary>
    public IEnumerable<string> Unknown(ImmutableArray<Parameter> parameters, IReadOnlyCollection<string> otherParameters)
    {
        var known = parameters.Select(parameter => parameter.Name).ToList();
        return _names
            .Where(written => PlainName.LooksLikeOurs(PlainName.Of(written.Name))
                && !known.Concat(otherParameters).Any(other => PlainName.Same(other, written.Name)))
            .Select(written =>
                $"{written.Name} in {written.File}: there is no such parameter; did you mean {NearestName.Of(PlainName.Of(written.Name), known)}?");
    }

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
