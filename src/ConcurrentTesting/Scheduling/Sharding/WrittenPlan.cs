namespace ConcurrentTesting.Scheduling.Sharding;

/// <summary>Reads a plan as <see cref="ShardPlanFile"/> writes it: it may have a hundred thousand tests.</summary>
internal static class WrittenPlan
{
    /// <returns>Null: it is for the serializer.</returns>
    public static ShardPlan? Read(ReadOnlySpan<byte> text)
    {
        var json = new WrittenJson(text, new SharedText());
        json.Begin();
        var plan = new ShardPlan
        {
            Version = json.Number("version"u8),
            Id = json.OptionalText("id"u8),
            Discovery = json.Text("discovery"u8),
            Timings = json.OptionalText("timings"u8),
            Seed = json.OptionalNumber("seed"u8),
            TargetSeconds = json.OptionalReal("targetSeconds"u8),
            Workers = json.OptionalNumber("workers"u8),
            Known = json.OptionalReal("known"u8),
            Tests = json.Number("tests"u8),
            Parts = json.Objects("parts"u8, ReadPart),
        };
        json.End();
        return json.IsAsWritten ? plan : null;
    }

    private static ShardPart ReadPart(ref WrittenJson json) => new(
        json.Number("part"u8), json.RealOrNull("seconds"u8), json.Number("tests"u8), json.Objects("classes"u8, ReadClass));

    private static ShardClass ReadClass(ref WrittenJson json) => new(
        json.Text("assembly"u8), json.Text("class"u8), json.RealOrNull("seconds"u8), json.Texts("tests"u8), json.Texts("explicit"u8));
}
