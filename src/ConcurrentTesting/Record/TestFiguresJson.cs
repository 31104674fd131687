using System.Collections.Frozen;
using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>Figures in a journal: those that are known, the queries that were repeated, and the statements that took long.</summary>
internal sealed class TestFiguresJson : JsonConverter<TestFigures>
{
    private const string Repeated = "repeated";
    private const string Slowest = "slowest";
    private const string Count = "count";
    private const string Seconds = "seconds";
    private const string Text = "text";

    private static readonly FrozenDictionary<string, MeasuredFigure> ByName = MeasuredFigure.All.ToFrozenDictionary(figure => figure.Name);

    public override TestFigures Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var values = new double?[MeasuredFigure.All.Length];
        ImmutableArray<RepeatedQuery> repeated = [];
        ImmutableArray<SlowStatement> slowest = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (ByName.TryGetValue(name, out var figure))
                values[figure.Position] = reader.GetDouble();
            else if (name == Repeated)
                repeated = ReadAll(ref reader, query => new RepeatedQuery(query.GetProperty(Count).GetInt64(), TextOf(query)));
            else if (name == Slowest)
                slowest = ReadAll(ref reader, slow => new SlowStatement(slow.GetProperty(Seconds).GetDouble(), TextOf(slow)));
            else
                reader.Skip();
        }

        return new TestFigures(values) { Repeated = repeated, Slowest = slowest };
    }

    public override void Write(Utf8JsonWriter writer, TestFigures value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var figure in MeasuredFigure.All)
        {
            if (value[figure] is { } known)
                writer.WriteNumber(figure.Name, known);
        }

        // Most tests have neither repeated nor slow statements.
        if (!value.Repeated.IsEmpty || !value.Slowest.IsEmpty)
            WriteStatements(writer, value, options);
        writer.WriteEndObject();
    }

    private static void WriteStatements(Utf8JsonWriter writer, TestFigures value, JsonSerializerOptions options)
    {
        // The options' own converter takes secrets out of texts.
        var texts = (JsonConverter<string>)options.GetConverter(typeof(string));
        WriteAll(writer, Repeated, value.Repeated, query =>
        {
            writer.WriteNumber(Count, query.Count);
            WriteText(query.Text);
        });
        WriteAll(writer, Slowest, value.Slowest, statement =>
        {
            writer.WriteNumber(Seconds, statement.Seconds);
            WriteText(statement.Text);
        });

        void WriteText(string text)
        {
            writer.WritePropertyName(Text);
            texts.Write(writer, text, options);
        }
    }

    private static void WriteAll<T>(Utf8JsonWriter writer, string name, ImmutableArray<T> items, Action<T> write)
    {
        if (items.IsEmpty)
            return;
        writer.WriteStartArray(name);
        foreach (var item in items)
        {
            writer.WriteStartObject();
            write(item);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static ImmutableArray<T> ReadAll<T>(ref Utf8JsonReader reader, Func<JsonElement, T> read)
    {
        using var array = JsonDocument.ParseValue(ref reader);
        return [.. array.RootElement.EnumerateArray().Select(read)];
    }

    private static string TextOf(JsonElement item) => item.GetProperty(Text).GetString()!;
}
