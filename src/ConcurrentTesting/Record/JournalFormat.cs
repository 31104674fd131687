namespace ConcurrentTesting.Record;

/// <summary>Reads events from lines. Making one takes as long as reading a thousand lines, so it serves one journal after another, and
/// holds the names that they share once. Not thread-safe.</summary>
internal sealed class JournalFormat
{
    private readonly AssemblyKeys _assemblies = new();
    private readonly EventFormat _format;
    private readonly FrequentLines _frequent;

    public JournalFormat()
    {
        var text = new SharedText();
        _format = new EventFormat(_assemblies, text);
        _frequent = new FrequentLines(_assemblies, text);
    }

    /// <summary>Another journal begins, with assemblies of its own.</summary>
    public void Begin() => _assemblies.Clear();

    /// <exception cref="JsonException">The line is damaged, or a later version wrote it.</exception>
    public RunEvent Parse(ReadOnlySpan<byte> line)
    {
        var happened = Deserialize(line);
        if (happened.Version > RunEvent.CurrentVersion)
            throw Later(happened.Version);
        if (happened is AssemblyFound found)
            _assemblies.Add(found);
        return happened;
    }

    private RunEvent Deserialize(ReadOnlySpan<byte> line)
    {
        try
        {
            return _frequent.Read(line) ?? _format.Read(line);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw VersionOf(line) is > RunEvent.CurrentVersion and var later
                ? Later(later)
                : new JsonException(exception.Message, exception);
        }
    }

    private static int VersionOf(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            using var document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("v", out var version)
                && version.TryGetInt32(out var number) ? number : 0;
        }
        catch (JsonException)
        {
            return 0;
        }
    }

    private static JsonException Later(int version) =>
        new(FormattableString.Invariant(
            $"it has version {version}, and this ConcurrentTest knows up to {RunEvent.CurrentVersion}; use the one that wrote it"));
}
