using System.Text.Json.Nodes;

namespace ConcurrentTesting.Settings;

/// <summary>How a setting stands in run.json.</summary>
internal sealed record RecordedValue(string Name, Func<ConcurrentTestSettings, Redactor, JsonNode?> Read)
{
    // These are no parameters, but say where the run was and for which part of a pipeline.
    private static readonly ImmutableArray<RecordedValue> Others =
    [
        Of(nameof(ConcurrentTestSettings.Partition), settings => settings.Partition),
        Of(nameof(ConcurrentTestSettings.RootDirectory), settings => settings.RootDirectory),
        Of(nameof(ConcurrentTestSettings.WorkingDirectory), settings => settings.WorkingDirectory),
    ];

    /// <summary>All settings of a run that are no secret.</summary>
    public static JsonObject All(ConcurrentTestSettings settings, Redactor redactor) => new(
        ParameterTable.All.Select(parameter => parameter.Recorded).OfType<RecordedValue>().Concat(Others)
            .Select(value => KeyValuePair.Create(value.Name, value.Read(settings, redactor))));

    /// <param name="setting">Its name in C#.</param>
    public static RecordedValue Of<T>(string setting, Func<ConcurrentTestSettings, T> get)
    {
        var isTime = typeof(T) == typeof(TimeSpan) || typeof(T) == typeof(TimeSpan?);
        return new RecordedValue(
            JsonNamingPolicy.CamelCase.ConvertName(setting) + (isTime ? "Seconds" : ""),
            (settings, redactor) => ToJson(get(settings), redactor));
    }

    private static JsonNode? ToJson(object? value, Redactor redactor) => value switch
    {
        null => null,
        bool flag => flag,
        int number => number,
        TimeSpan time => time.TotalSeconds,
        IEnumerable<string> texts => new JsonArray([.. texts.Select(text => (JsonNode?)redactor.Redact(text))]),
        _ => redactor.Redact($"{value}"),
    };
}
