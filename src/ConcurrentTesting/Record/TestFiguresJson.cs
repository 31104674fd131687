using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>Figures in a journal: those that are known, and the queries that were repeated.</summary>
internal sealed class TestFiguresJson : JsonConverter<TestFigures>
{
    private const string Repeated = "repeated";
    private const string Count = "count";
    private const string Text = "text";

    private static readonly FrozenDictionary<string, MeasuredFigure> ByName = MeasuredFigure.All.ToFrozenDictionary(figure => figure.Name);

    public override TestFigures Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var values = new double?[MeasuredFigure.All.Length];
        ImmutableArray<RepeatedQuery> repeated = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (ByName.TryGetValue(name, out var figure))
                values[figure.Position] = reader.GetDouble();
            else if (name == Repeated)
                repeated = ReadQueries(ref reader);
            else
                reader.Skip();
        }

        return new TestFigures(values) { Repeated = repeated };
    }

    public override void Write(Utf8JsonWriter writer, TestFigures value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var figure in MeasuredFigure.All)
        {
            if (value[figure] is { } known)
                writer.WriteNumber(figure.Name, known);
        }

        if (!value.Repeated.IsEmpty)
            WriteQueries(writer, value.Repeated, (JsonConverter<string>)options.GetConverter(typeof(string)), options);
        writer.WriteEndObject();
    }

    private static void WriteQueries(
        Utf8JsonWriter writer, ImmutableArray<RepeatedQuery> queries, JsonConverter<string> text, JsonSerializerOptions options)
    {
        writer.WriteStartArray(Repeated);
        foreach (var query in queries)
        {
            writer.WriteStartObject();
            writer.WriteNumber(Count, query.Count);
            writer.WritePropertyName(Text);
            text.Write(writer, query.Text, options);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static ImmutableArray<RepeatedQuery> ReadQueries(ref Utf8JsonReader reader)
    {
        using var array = JsonDocument.ParseValue(ref reader);
        return
        [
            .. array.RootElement.EnumerateArray().Select(
                query => new RepeatedQuery(query.GetProperty(Count).GetInt64(), query.GetProperty(Text).GetString()!)),
        ];
    }
}
