using System.Buffers;
using System.Text.Encodings.Web;

namespace ConcurrentTesting.Run.Merging;

/// <summary>The text of <see cref="PartSeal"/>, property by property: a merge waits for the first one, and the serializer would take a
/// tenth of a second to prepare itself for it.</summary>
internal static class PartSealJson
{
    private static readonly JsonWriterOptions Layout = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static byte[] Write(PartSeal seal)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text, Layout))
        {
            json.WriteStartObject();
            json.WriteNumber("version"u8, seal.Version);
            Write(json, seal.Shard);
            json.WriteString("run"u8, seal.Run);
            json.WriteString("machine"u8, seal.Machine);
            json.WriteString("startedAt"u8, seal.StartedAt);
            json.WriteString("finishedAt"u8, seal.FinishedAt);
            json.WriteNumber("exitCode"u8, seal.ExitCode);
            WriteKnown(json, "failure", seal.Failure);
            if (seal.Settings is not null)
                Write(json, "settings", seal.Settings);
            Write(json, "files", seal.Files);
            json.WriteString("seal"u8, seal.Seal);
            json.WriteEndObject();
        }

        return text.WrittenSpan.ToArray();
    }

    /// <exception cref="JsonException">It is no such text, or of a version that is not known.</exception>
    /// <exception cref="InvalidOperationException">A value is of another kind, or its text is no Unicode.</exception>
    public static PartSeal Read(byte[] text)
    {
        using var document = JsonDocument.Parse(text);
        var seal = document.RootElement is { ValueKind: JsonValueKind.Object } root ? root : throw new JsonException("it is no object");
        if (Number(seal, "version") is var version && version != PartSeal.CurrentVersion)
        {
            throw new JsonException(
                FormattableString.Invariant($"it is of version {version}, and {PartSeal.CurrentVersion} is known"));
        }

        return new PartSeal
        {
            Shard = ReadShard(Value(seal, "shard")),
            Run = Text(seal, "run"),
            Machine = Text(seal, "machine"),
            StartedAt = Time(seal, "startedAt"),
            FinishedAt = Time(seal, "finishedAt"),
            ExitCode = Number(seal, "exitCode"),
            Failure = KnownText(seal, "failure"),
            Settings = seal.TryGetProperty("settings", out var settings) ? Texts(settings) : null,
            Files = Texts(Value(seal, "files")),
            Seal = Text(seal, "seal"),
        };
    }

    private static void Write(Utf8JsonWriter json, ShardRecord shard)
    {
        json.WriteStartObject("shard"u8);
        json.WriteNumber("part"u8, shard.Part);
        json.WriteNumber("of"u8, shard.Of);
        json.WriteString("plan"u8, shard.Plan);
        json.WriteString("discovery"u8, shard.Discovery);
        json.WriteString("pipeline"u8, shard.Pipeline);
        if (shard.Attempt is { } attempt)
            json.WriteNumber("attempt"u8, attempt);
        else
            json.WriteNull("attempt"u8);
        WriteKnown(json, "job", shard.Job);
        WriteKnown(json, "platform", shard.Platform);
        WriteKnown(json, "commit", shard.Commit);
        json.WriteEndObject();
    }

    private static ShardRecord ReadShard(JsonElement shard) => new(
        Number(shard, "part"), Number(shard, "of"), KnownText(shard, "plan"), KnownText(shard, "discovery"))
    {
        Pipeline = KnownText(shard, "pipeline"),
        Attempt = Value(shard, "attempt") is { ValueKind: not JsonValueKind.Null } attempt
            ? attempt.TryGetInt64(out var value) ? value : throw Unlike("attempt")
            : null,
        Job = KnownText(shard, "job"),
        Platform = KnownText(shard, "platform"),
        Commit = KnownText(shard, "commit"),
    };

    private static void WriteKnown(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void Write(Utf8JsonWriter json, string name, ImmutableSortedDictionary<string, string> values)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in values)
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    // In ordinal order, which they were written in: that of a culture is another on another machine.
    private static ImmutableSortedDictionary<string, string> Texts(JsonElement texts)
    {
        var read = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var text in texts.EnumerateObject())
            read[text.Name] = text.Value.GetString() ?? throw Unlike(text.Name);
        return read.ToImmutable();
    }

    private static JsonElement Value(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) ? value : throw new JsonException($"it has no {name}");

    private static int Number(JsonElement parent, string name) =>
        Value(parent, name).TryGetInt32(out var value) ? value : throw Unlike(name);

    private static string Text(JsonElement parent, string name) => Value(parent, name).GetString() ?? throw Unlike(name);

    private static string? KnownText(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static DateTimeOffset Time(JsonElement parent, string name) =>
        Value(parent, name).TryGetDateTimeOffset(out var value) ? value : throw Unlike(name);

    private static JsonException Unlike(string name) => new($"its {name} is not as a part writes it");
}
