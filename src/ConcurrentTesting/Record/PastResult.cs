using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>How a test ended in an earlier run.</summary>
/// <param name="Queries">Null where nothing was measured.</param>
[JsonConverter(typeof(PastResultJson))]
internal readonly record struct PastResult(TestOutcome Outcome, double Seconds, long? Queries, bool IsFlaky)
{
    public bool IsFailure => Outcome is not (TestOutcome.Passed or TestOutcome.Skipped);
}

/// <summary>There are many: an array of outcome, seconds, queries and flakiness.</summary>
internal sealed class PastResultJson : JsonConverter<PastResult>
{
    public override PastResult Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var array = JsonDocument.ParseValue(ref reader);
        var values = array.RootElement;
        return new PastResult(
            (TestOutcome)values[0].GetInt32(), values[1].GetDouble(),
            values[2].ValueKind == JsonValueKind.Null ? null : values[2].GetInt64(), values[3].GetBoolean());
    }

    public override void Write(Utf8JsonWriter writer, PastResult value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        writer.WriteNumberValue((int)value.Outcome);
        writer.WriteNumberValue(value.Seconds);
        if (value.Queries is { } queries)
            writer.WriteNumberValue(queries);
        else
            writer.WriteNullValue();
        writer.WriteBooleanValue(value.IsFlaky);
        writer.WriteEndArray();
    }
}
