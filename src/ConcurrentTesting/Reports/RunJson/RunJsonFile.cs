using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace ConcurrentTesting.Reports.RunJson;

/// <summary>The run's own file for other tools and for later runs, <c>run.json</c>; documented in docs/run-json.md.</summary>
internal static class RunJsonFile
{
    // This many bytes are held in memory before they are written.
    private const int MostPending = 64 * 1024;

    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Indented = true,
        NewLine = "\n",
    };

    private static readonly JsonWriterOptions LineOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Tests have a line each in the file, so that a run of thousands of tests stays readable, searchable and small.</summary>
    private static readonly JsonSerializerOptions Lines = new(RunDocumentJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = false,
        TypeInfoResolver = RunDocumentJson.Default.WithAddedModifier(FigureProperties.AddTo),
    };

    /// <param name="settings">What is written of the run's settings.</param>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public static void Write(
        RunRecord record, JsonObject settings, Stream output, Redactor redactor, CancellationToken cancellationToken)
    {
        var document = RunDocumentSource.WithoutTests(record, settings, redactor);
        using var json = new Utf8JsonWriter(output, WriterOptions);
        json.WriteStartObject();
        foreach (var property in TypeOf<RunDocument>().Properties)
        {
            cancellationToken.ThrowIfCancellationRequested();
            json.WritePropertyName(property.Name);
            if (property.PropertyType == typeof(ImmutableArray<TestDocument>))
                WriteLines(json, record.Tests, (line, test) => TestLines.Write(line, test, redactor));
            else
                WriteValue(json, property.Get!(document), property.PropertyType);
        }

        json.WriteEndObject();
    }

    /// <summary>Reads a file that this or an older version wrote; fields it does not know are passed over.</summary>
    /// <exception cref="ConcurrentTestException">There is none at that path, it is damaged, or a newer version wrote it.</exception>
    public static RunDocument Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            var document = JsonSerializer.Deserialize(stream, TypeOf<RunDocument>()) ?? throw new JsonException("it is empty");
            return document.Version <= RunDocument.CurrentVersion
                ? document
                : throw Unreadable(
                    path, $"it has version {document.Version}, and this ConcurrentTest knows up to {RunDocument.CurrentVersion}; use the one that wrote it", null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(
                path, $"{exception.Message} Give the path of a run.json that an earlier run left in its results folder", exception);
        }
        catch (JsonException exception)
        {
            throw Unreadable(path, $"{exception.Message} Give a run.json that an earlier run wrote to its end", exception);
        }
    }

    private static void WriteValue(Utf8JsonWriter json, object? value, Type type)
    {
        switch (value)
        {
            case IEnumerable<BatchDocument> batches:
                WriteLines(json, batches);
                break;
            case IEnumerable<Incident> incidents:
                WriteLines(json, incidents);
                break;
            case IEnumerable<WorkerDocument> workers:
                WriteLines(json, workers);
                break;
            default:
                JsonSerializer.Serialize(json, value, Lines.GetTypeInfo(type));
                break;
        }
    }

    private static void WriteLines<T>(Utf8JsonWriter json, IEnumerable<T> items)
    {
        var type = TypeOf<T>();
        WriteLines(json, items, (line, item) => JsonSerializer.Serialize(line, item, type));
    }

    private static void WriteLines<T>(Utf8JsonWriter json, IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        var line = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(line, LineOptions);
        json.WriteStartArray();
        foreach (var item in items)
        {
            // The writer does not indent raw values.
            line.ResetWrittenCount();
            line.Write("\n    "u8);
            write(writer, item);
            writer.Flush();
            writer.Reset();
            json.WriteRawValue(line.WrittenSpan, skipInputValidation: true);
            if (json.BytesPending > MostPending)
                json.Flush();
        }

        json.WriteEndArray();
        json.Flush();
    }

    private static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)Lines.GetTypeInfo(typeof(T));

    private static ConcurrentTestException Unreadable(string path, string why, Exception? exception) =>
        new(ConcurrentTestExitCode.BadSettings, $"{path} cannot be read as a run.json: {why}.", exception);
}
