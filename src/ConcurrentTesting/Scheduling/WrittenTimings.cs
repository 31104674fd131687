namespace ConcurrentTesting.Scheduling;

/// <summary>Reads durations as <see cref="TimingsFile"/> writes them: there may be a hundred thousand of them.</summary>
internal static class WrittenTimings
{
    /// <returns>Null: another reader has to look at the file.</returns>
    public static TimingsContent? Read(ReadOnlySpan<byte> text)
    {
        var json = new WrittenJson(text, new SharedText());
        var content = TimingsContent.Empty;
        json.Begin();
        json.Number("version"u8);
        content = content with { Worker = json.OptionalValue("worker"u8, TimingsJson.Default.MeasuredCost) };
        json.Properties("tests"u8, (ref json, name) =>
        {
            json.BeginObject();
            content.Tests[name] = ReadTiming(ref json);
            json.EndObject();
        });
        json.OptionalProperties("assemblies"u8, (ref json, name) =>
        {
            if (json.Value(TimingsJson.Default.AssemblyTiming) is { } timing)
                content.Assemblies[name] = timing;
        });
        json.End();
        return json.IsAsWritten ? content : null;
    }

    private static Timing ReadTiming(ref WrittenJson json) =>
        new(json.Real("seconds"u8), json.Number("samples"u8), json.OptionalText("lastOutcome"u8))
        {
            FlakyRuns = json.OptionalNumber("flakyRuns"u8),
            Rows = json.OptionalNumber("rows"u8),
            LastRun = json.OptionalTime("lastRun"u8),
            RunsSinceFlaky = json.OptionalNumber("runsSinceFlaky"u8),
        };
}
