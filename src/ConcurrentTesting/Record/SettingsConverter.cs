using System.Reflection;
using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>Settings in a journal, property by property. The serializer's own contract of them would be compiled anew in each process for
/// each type of word that they have, which takes longer than reading ten thousand lines.</summary>
internal sealed class SettingsConverter : JsonConverter<ConcurrentTestSettings>
{
    private const string TimeFormat = "c";

    private static readonly ConcurrentTestSettings Usual = new();

    private static readonly ImmutableArray<Setting> Settings =
    [
        .. typeof(ConcurrentTestSettings).GetProperties()
            .Where(property => property.CanWrite && property.PropertyType != typeof(TemplateHook))
            .Select(property => new Setting(
                JsonEncodedText.Encode(JsonNamingPolicy.CamelCase.ConvertName(property.Name)), property, property.GetValue(Usual))),
    ];

    /// <exception cref="JsonException">A value is not one of its setting.</exception>
    public override ConcurrentTestSettings Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var settings = Usual with { };
        foreach (var (name, property, usual) in Settings)
        {
            // Setting a property by reflection is compiled from the second time on, so what is as usual is left.
            if (document.RootElement.TryGetProperty(name.EncodedUtf8Bytes, out var value)
                && ValueOf(value, property) is var read && !Equals(read, usual))
                property.SetValue(settings, read);
        }

        return settings;
    }

    public override void Write(Utf8JsonWriter writer, ConcurrentTestSettings value, JsonSerializerOptions options)
    {
        var text = (JsonConverter<string>)options.GetConverter(typeof(string));
        writer.WriteStartObject();
        foreach (var (name, property, _) in Settings)
        {
            if (property.GetValue(value) is not { } set)
                continue;
            writer.WritePropertyName(name);
            Write(writer, set, one => text.Write(writer, one, options));
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, object value, Action<string> writeText)
    {
        switch (value)
        {
            case string text:
                writeText(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            case TimeSpan time:
                writer.WriteStringValue(time.ToString(TimeFormat, CultureInfo.InvariantCulture));
                break;
            case Enum word:
                writer.WriteStringValue(word.ToString());
                break;
            case IEnumerable<string> texts:
                WriteArray(writer, texts, writeText);
                break;
            default:
                WriteArray(writer, (IEnumerable<EnvironmentPattern>)value, pattern => Write(writer, pattern, writeText));
                break;
        }
    }

    private static void Write(Utf8JsonWriter writer, EnvironmentPattern pattern, Action<string> writeText)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("name"u8);
        writeText(pattern.Name);
        writer.WritePropertyName("pattern"u8);
        writeText(pattern.Pattern);
        writer.WriteEndObject();
    }

    private static void WriteArray<T>(Utf8JsonWriter writer, IEnumerable<T> items, Action<T> write)
        where T : class
    {
        writer.WriteStartArray();
        foreach (var item in items)
            write(item);
        writer.WriteEndArray();
    }

    private static object? ValueOf(JsonElement value, PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        try
        {
            return value.ValueKind == JsonValueKind.Null && (type == typeof(string) || type != property.PropertyType)
                ? null
                : ValueOf(value, type);
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or ArgumentException
            or OverflowException or KeyNotFoundException)
        {
            throw new JsonException($"its setting {property.Name} has a value of another kind", exception);
        }
    }

    private static object? ValueOf(JsonElement value, Type type) =>
        type == typeof(string) ? value.GetString()
        : type == typeof(bool) ? value.GetBoolean()
        : type == typeof(int) ? value.GetInt32()
        : type == typeof(TimeSpan) ? TimeSpan.ParseExact(value.GetString()!, TimeFormat, CultureInfo.InvariantCulture)
        : type.IsEnum ? Enum.Parse(type, value.GetString()!, ignoreCase: true)
        : type == typeof(ImmutableArray<string>) ? Items(value, item => item.GetString()!)
        : Items(value, item => new EnvironmentPattern(item.GetProperty("name"u8).GetString()!, item.GetProperty("pattern"u8).GetString()!));

    private static ImmutableArray<T> Items<T>(JsonElement array, Func<JsonElement, T> read)
        where T : class =>
        [.. array.EnumerateArray().Select(read)];

    private sealed record Setting(JsonEncodedText Name, PropertyInfo Property, object? Usual);
}
