using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>How events stand in a journal's lines.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    IgnoreReadOnlyProperties = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RunEvent))]
internal sealed partial class RunEventJson : JsonSerializerContext
{
    /// <summary>The contracts for one journal: assemblies are known from line to line.</summary>
    /// <param name="text">Reads and writes all texts but our own words.</param>
    public static RunEventJson For(AssemblyKeys assemblies, JsonConverter<string> text)
    {
        var options = new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        options.Converters.Add(assemblies);
        options.Converters.Add(new TraitPair());
        options.Converters.Add(new SettingsConverter());
        options.Converters.Add(text);
        return new RunEventJson(options);
    }
}

/// <summary>Every text of a line goes through the redactor, but for our own words.</summary>
internal sealed class RedactedText(Redactor redactor) : JsonConverter<string>
{
    // Names of classes, methods and databases stand in thousands of lines.
    private const int LongestKnown = 200;
    private const int MostKnown = 20_000;

    private readonly Dictionary<string, string> _redacted = [];
    private object? _secrets;

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Length > LongestKnown ? redactor.Redact(value) : Known(value));

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString()!;

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value);

    private string Known(string value)
    {
        if (_redacted.Count >= MostKnown || !ReferenceEquals(_secrets, redactor.Secrets))
        {
            _redacted.Clear();
            _secrets = redactor.Secrets;
        }

        ref var redacted = ref CollectionsMarshal.GetValueRefOrAddDefault(_redacted, value, out var isKnown);
        return isKnown ? redacted! : redacted = redactor.Redact(value);
    }
}

/// <summary>What is read: names of classes, methods and databases stand in many lines, and in memory once.</summary>
internal sealed class SharedText : JsonConverter<string>
{
    private const int LongestShared = 200;

    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _known =
        new HashSet<string>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Read(ref reader);

    /// <summary>The text that the reader is at.</summary>
    public string Read(ref Utf8JsonReader reader) =>
        reader.HasValueSequence || reader.ValueSpan.Length > LongestShared ? reader.GetString()! : Shared(ref reader);

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString()!;

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value);

    // A text has at most as many characters as it has bytes in the file.
    private string Shared(ref Utf8JsonReader reader)
    {
        Span<char> characters = stackalloc char[LongestShared];
        ReadOnlySpan<char> text = characters[..reader.CopyString(characters)];
        if (_known.TryGetValue(text, out var known))
            return known;
        known = text.ToString();
        _known.Set.Add(known);
        return known;
    }
}

/// <summary>A word of ours that readers go by, which may happen to be a password.</summary>
internal sealed class OwnWord : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}

/// <summary>A trait's name and value, as an array of the two.</summary>
internal sealed class TraitPair : JsonConverter<KeyValuePair<string, string>>
{
    public override KeyValuePair<string, string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = (JsonConverter<string>)options.GetConverter(typeof(string));
        string[] pair = ["", ""];
        for (var index = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; index++)
            pair[Math.Min(index, 1)] = text.Read(ref reader, typeof(string), options) ?? "";
        return KeyValuePair.Create(pair[0], pair[1]);
    }

    public override void Write(Utf8JsonWriter writer, KeyValuePair<string, string> value, JsonSerializerOptions options)
    {
        var text = (JsonConverter<string>)options.GetConverter(typeof(string));
        writer.WriteStartArray();
        text.Write(writer, value.Key, options);
        text.Write(writer, value.Value, options);
        writer.WriteEndArray();
    }
}

/// <summary>An assembly stands in lines by a short key that an earlier line explains.</summary>
internal sealed class AssemblyKeys : JsonConverter<TestAssembly>
{
    private readonly Dictionary<string, TestAssembly> _assemblies = [];
    private readonly Dictionary<string, string> _keys = [];

    public void Clear()
    {
        _assemblies.Clear();
        _keys.Clear();
    }

    public void Add(AssemblyFound found)
    {
        _assemblies[found.Key] = found.ToAssembly();
        _keys[found.Path] = found.Key;
    }

    /// <exception cref="JsonException">No earlier line explains the key.</exception>
    public TestAssembly Named(string key) => _assemblies.TryGetValue(key, out var assembly)
        ? assembly
        : throw new JsonException("it names an assembly that no earlier line explains");

    public override TestAssembly Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Named(reader.GetString() ?? "");

    public override void Write(Utf8JsonWriter writer, TestAssembly value, JsonSerializerOptions options) =>
        writer.WriteStringValue(_keys[value.Path]);
}
