using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json.Serialization;

namespace ConcurrentTesting.Scheduling;

/// <summary>What timings.json holds: of tests by their keys, of assemblies by their source.</summary>
internal sealed record TimingsContent(Dictionary<string, Timing> Tests, Dictionary<string, AssemblyTiming> Assemblies)
{
    /// <summary>The seconds from a worker's first batch to its first test; null: never measured.</summary>
    public MeasuredCost? Worker { get; init; }

    public static TimingsContent Empty => new(new(StringComparer.Ordinal), new(StringComparer.Ordinal));
}

/// <summary>Reads and writes timings.json, and reads a flat <c>{"name": seconds}</c> file as well.</summary>
internal static class TimingsFile
{
    private const int Version = 1;

    // This is ten years. No test takes longer, and a sum of many such durations would overflow.
    private const double LongestSeconds = 315_360_000;

    // A guess, so that the memory for a large file need not grow again and again.
    private const int BytesOfTest = 160;

    private static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true };

    /// <summary>What the file holds; nothing where it does not exist.</summary>
    /// <exception cref="JsonException">The file is damaged, or has figures that cannot be.</exception>
    /// <exception cref="InvalidOperationException">Its text is no Unicode.</exception>
    public static async Task<TimingsContent> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
            return TimingsContent.Empty;

        var text = WithoutMark(await File.ReadAllBytesAsync(path, cancellationToken));
        return Sound(WrittenTimings.Read(text.Span) ?? Parse(text));
    }

    /// <summary>Writes the timings; where that fails, the file stays as it was.</summary>
    public static Task WriteAsync(string path, ReadOnlyMemory<byte> text, CancellationToken cancellationToken) =>
        ArtifactFile.WriteAsync(path, stream => stream.WriteAsync(text, cancellationToken).AsTask(), cancellationToken);

    /// <summary>What is written to the file.</summary>
    public static ReadOnlyMemory<byte> TextOf(TimingsContent timings)
    {
        var text = new ArrayBufferWriter<byte>(BytesOfTest * (timings.Tests.Count + 1));
        using var json = new Utf8JsonWriter(text, Format);
        json.WriteStartObject();
        json.WriteNumber("version"u8, Version);
        if (timings.Worker is { } worker)
        {
            json.WritePropertyName("worker"u8);
            JsonSerializer.Serialize(json, worker, TimingsJson.Default.MeasuredCost);
        }

        json.WriteStartObject("tests"u8);
        WriteSorted(json, timings.Tests, Write);
        json.WriteEndObject();
        if (timings.Assemblies.Count > 0)
        {
            json.WriteStartObject("assemblies"u8);
            WriteSorted(
                json, timings.Assemblies, (writer, timing) => JsonSerializer.Serialize(writer, timing, TimingsJson.Default.AssemblyTiming));
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.Flush();
        return text.WrittenMemory;
    }

    private static void WriteSorted<T>(Utf8JsonWriter json, Dictionary<string, T> timings, Action<Utf8JsonWriter, T> write)
    {
        string[] keys = [.. timings.Keys];
        T[] values = [.. timings.Values];
        Array.Sort(keys, values, StringComparer.Ordinal);
        for (var index = 0; index < keys.Length; index++)
        {
            json.WritePropertyName(keys[index]);
            write(json, values[index]);
        }
    }

    // There may be a hundred thousand of them.
    private static void Write(Utf8JsonWriter json, Timing timing)
    {
        json.WriteStartObject();
        json.WriteNumber("seconds"u8, timing.Seconds);
        json.WriteNumber("samples"u8, timing.Samples);
        if (timing.LastOutcome is { } outcome)
            json.WriteString("lastOutcome"u8, outcome);
        Write(json, "flakyRuns"u8, timing.FlakyRuns);
        Write(json, "rows"u8, timing.Rows);
        if (timing.LastRun is { } lastRun)
            json.WriteString("lastRun"u8, lastRun);
        Write(json, "runsSinceFlaky"u8, timing.RunsSinceFlaky);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, int? count)
    {
        if (count is { } known)
            json.WriteNumber(name, known);
    }

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> text) =>
        text.Span.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text;

    private static TimingsContent Parse(ReadOnlyMemory<byte> text)
    {
        using var document = JsonDocument.Parse(text);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new JsonException("the file does not hold an object");
        var tests = document.RootElement.TryGetProperty("tests", out var own) && own.ValueKind == JsonValueKind.Object
            ? own.EnumerateObject().ToTimings(test => test.Value.Deserialize(TimingsJson.Default.Timing))
            : document.RootElement.EnumerateObject().ToTimings(ReadFlat);
        return new TimingsContent(tests, ReadAssemblies(document.RootElement)) { Worker = ReadWorker(document.RootElement) };
    }

    private static TimingsContent Sound(TimingsContent content)
    {
        foreach (var (name, timing) in content.Tests)
            Require(timing.Seconds, timing.Samples, name);
        if (content.Worker is { } worker)
            Require(worker.Seconds, worker.Samples, "worker");
        foreach (var (name, timing) in content.Assemblies)
            content.Assemblies[name] = Sound(timing, name);
        return content;
    }

    private static Dictionary<string, AssemblyTiming> ReadAssemblies(JsonElement root)
    {
        var assemblies = new Dictionary<string, AssemblyTiming>(StringComparer.Ordinal);
        if (!root.TryGetProperty("assemblies", out var own) || own.ValueKind != JsonValueKind.Object)
            return assemblies;
        foreach (var assembly in own.EnumerateObject())
        {
            if (assembly.Value.Deserialize(TimingsJson.Default.AssemblyTiming) is { } timing)
                assemblies[assembly.Name] = timing;
        }

        return assemblies;
    }

    // A flat file may have a test of this name, so it is read only if it is an object.
    private static MeasuredCost? ReadWorker(JsonElement root) =>
        root.TryGetProperty("worker", out var own) && own.ValueKind == JsonValueKind.Object
            ? own.Deserialize(TimingsJson.Default.MeasuredCost)
            : null;

    private static AssemblyTiming Sound(AssemblyTiming timing, string name)
    {
        foreach (var cost in (timing.SetUps?.Values ?? []).Append(timing.Host))
        {
            if (cost is not null)
                Require(cost.Seconds, cost.Samples, name);
        }

        return timing with
        {
            Waiting = timing.Waiting is >= 0 and <= 1 ? timing.Waiting : null,
            SetUps = timing.SetUps?.RemoveRange(
                timing.SetUps.Where(setUp => setUp.Value is null).Select(setUp => setUp.Key)),
        };
    }

    private static Timing? ReadFlat(JsonProperty test) =>
        test.Value.ValueKind == JsonValueKind.Number ? new Timing(test.Value.GetDouble(), 1, null) : null;

    private static Dictionary<string, Timing> ToTimings(this IEnumerable<JsonProperty> tests, Func<JsonProperty, Timing?> read)
    {
        var timings = new Dictionary<string, Timing>(StringComparer.Ordinal);
        foreach (var test in tests)
        {
            if (read(test) is { } timing)
                timings[test.Name] = timing;
        }

        return timings;
    }

    private static void Require(double seconds, int samples, string name)
    {
        if (seconds is not (>= 0 and <= LongestSeconds) || samples is < 1 or int.MaxValue)
            throw new JsonException(FormattableString.Invariant($"{name} cannot have taken {seconds} s in {samples} runs"));
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Timing))]
[JsonSerializable(typeof(AssemblyTiming))]
[JsonSerializable(typeof(MeasuredCost))]
internal sealed partial class TimingsJson : JsonSerializerContext;
