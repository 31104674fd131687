using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ConcurrentTesting.Record;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class SettingsConverterTests
{
    private static readonly JsonSerializerOptions Serializer = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    private static readonly JsonSerializerOptions Converter = new(Serializer) { Converters = { new SettingsConverter() } };

    public static TheoryData<string> Wrong => new(
        """{"reruns":"two"}""",
        """{"reruns":null}""",
        """{"reruns":99999999999}""",
        """{"order":"Sideways"}""",
        """{"order":3}""",
        """{"testTimeout":"a while"}""",
        """{"templateCache":"yes"}""",
        """{"configuration":1}""",
        """{"allow":"all"}""",
        """{"allow":[1]}""",
        """{"environment":[{"name":"A"}]}""");

    [Fact]
    public void They_are_written_as_the_serializer_writes_them()
    {
        foreach (var settings in new[] { new ConcurrentTestSettings(), Unusual() })
            JsonSerializer.Serialize(settings, Converter).ShouldBe(JsonSerializer.Serialize(settings, Serializer));
    }

    [Fact]
    public void They_are_read_as_they_were_written()
    {
        var written = JsonSerializer.Serialize(Unusual(), Converter);

        JsonSerializer.Serialize(JsonSerializer.Deserialize<ConcurrentTestSettings>(written, Converter), Serializer).ShouldBe(written);
    }

    [Fact]
    public void What_is_not_there_is_as_a_run_has_it_without_it()
    {
        var read = JsonSerializer.Deserialize<ConcurrentTestSettings>("""{"of a later version":[1]}""", Converter);

        JsonSerializer.Serialize(read, Serializer).ShouldBe(JsonSerializer.Serialize(new ConcurrentTestSettings(), Serializer));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_value_of_another_kind_is_refused(string json) =>
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize<ConcurrentTestSettings>(json, Converter));

    // No value is the one that it has without being set.
    private static ConcurrentTestSettings Unusual()
    {
        var settings = new ConcurrentTestSettings();
        foreach (var property in typeof(ConcurrentTestSettings).GetProperties()
            .Where(property => property.CanWrite && property.PropertyType != typeof(TemplateHook)))
        {
            var value = UnusualOf(Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType, property.GetValue(settings));
            value.ShouldNotBe(property.GetValue(settings), property.Name);
            property.SetValue(settings, value);
        }

        return settings;
    }

    private static object UnusualOf(Type type, object? usual) =>
        type == typeof(string) ? "ein \"Wert\" – 值\n"
        : type == typeof(bool) ? usual is false
        : type == typeof(int) ? 4711
        : type == typeof(TimeSpan) ? new TimeSpan(days: 3, 4, 5, 6, milliseconds: 7)
        : type.IsEnum ? Enum.GetValues(type).Cast<object>().Last(value => !value.Equals(usual))
        : type == typeof(ImmutableArray<string>) ? ImmutableArray.Create("one", "Zwei\t")
        : ImmutableArray.Create(new EnvironmentPattern("A", "{Host}"), new EnvironmentPattern("B", "x{Port}\"y\""));
}
