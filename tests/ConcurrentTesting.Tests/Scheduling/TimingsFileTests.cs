using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Collections.Immutable;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

public sealed class TimingsFileTests
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static readonly JsonSerializerOptions Minimal = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void What_is_written_is_what_a_serializer_makes_of_it_in_the_order_of_the_names()
    {
        var timings = Full();

        Encoding.UTF8.GetString(TimingsFile.TextOf(timings).Span).ShouldBe(Serialized(timings));
        Encoding.UTF8.GetString(TimingsFile.TextOf(TimingsContent.Empty).Span).ShouldBe(Serialized(TimingsContent.Empty));
    }

    [Theory]
    [InlineData("{\"version\":", "{\"since\":\"a later version\",\"version\":")]
    [InlineData("\"samples\":7,", "\"samples\":7,\"more\":[1,{}],")]
    [InlineData("\"seconds\":0.5,\"samples\":1", "\"samples\":1,\"seconds\":0.5")]
    [InlineData("\"tests\":{", "\"tests\":{\"gone\":null,")]
    [InlineData("{\"version\":1,", "\uFEFF{\"version\":1,")]
    [InlineData("\"version\":1,", "")]
    public async Task Durations_mean_the_same_in_whatever_order_they_are_written(string written, string other)
    {
        var usual = Minimized(Full());
        usual.ShouldContain(written);
        var changed = usual.Replace(written, other, StringComparison.Ordinal);

        TimingsFile.TextOf(await ReadAsync(changed)).ToArray().ShouldBe(TimingsFile.TextOf(Full()).ToArray());

        // The mark is none of the text.
        if (!other.StartsWith('\uFEFF'))
            WrittenTimings.Read(Encoding.UTF8.GetBytes(changed)).ShouldBeNull();
        TimingsFile.TextOf(WrittenTimings.Read(Encoding.UTF8.GetBytes(usual)).ShouldNotBeNull()).ToArray().ShouldBe(TimingsFile.TextOf(Full()).ToArray());
    }

    [Theory]
    [InlineData("""{"version":2,"worker":1.5,"Shop.A":0.3}""", 3)]
    [InlineData("""{"version":2,"worker":0.75,"tests":{"Shop.A":{"seconds":0.3,"samples":1}}}""", 1)]
    [InlineData("""{"version":2,"worker":"x","tests":{"Shop.A":{"seconds":0.3,"samples":1}},"assemblies":{"A":null}}""", 1)]
    public async Task A_worker_that_is_no_cost_is_passed_over(string text, int tests)
    {
        var content = await ReadAsync(text);

        content.Worker.ShouldBeNull();
        content.Tests.Count.ShouldBe(tests);
        content.Tests["Shop.A"].Seconds.ShouldBe(0.3);
    }

    [Theory]
    [InlineData("\"seconds\":0.5", "\"seconds\":-1")]
    [InlineData("\"seconds\":0.5", "\"seconds\":1e300")]
    [InlineData("\"samples\":7", "\"samples\":0")]
    [InlineData("\"samples\":4", "\"samples\":0")]
    [InlineData("\"host\":{\"seconds\":2", "\"host\":{\"seconds\":-2")]
    [InlineData("\"host\":{\"seconds\":2", "\"host\":{\"seconds\":\"two\"")]
    public async Task Figures_that_cannot_be_are_refused(string written, string other)
    {
        var usual = Minimized(Full());
        usual.ShouldContain(written);

        await Should.ThrowAsync<JsonException>(() => ReadAsync(usual.Replace(written, other, StringComparison.Ordinal)));
    }

    private static async Task<TimingsContent> ReadAsync(string text)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "timings.json");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        return await TimingsFile.ReadAsync(file, TestContext.Current.CancellationToken);
    }

    private static string Minimized(TimingsContent timings)
    {
        using var document = JsonDocument.Parse(TimingsFile.TextOf(timings));
        return JsonSerializer.Serialize(document.RootElement, Minimal);
    }

    private static TimingsContent Full()
    {
        var full = new Timing(1.25, 7, "Failed") { FlakyRuns = 1, Rows = 3, LastRun = new DateTimeOffset(2026, 1, 31, 7, 8, 9, TimeSpan.Zero), RunsSinceFlaky = 2 };
        return new TimingsContent(
            new() { ["b/Z.Z"] = new Timing(0.5, 1, null), ["a/A.A(\"<ä>\")"] = full, ["B"] = new Timing(3, 2, "Passed") },
            new() { ["b"] = new() { Waiting = 0.5 }, ["a"] = new() { Host = new MeasuredCost(2, 1), Content = "<c>", SetUps = ImmutableSortedDictionary<string, MeasuredCost>.Empty.Add("s", new(1, 1)) } })
        {
            Worker = new MeasuredCost(0.75, 4),
        };
    }

    private static string Serialized(TimingsContent timings) => JsonSerializer.Serialize(
        new
        {
            version = 1,
            worker = timings.Worker,
            tests = new SortedDictionary<string, Timing>(timings.Tests, StringComparer.Ordinal),
            assemblies = timings.Assemblies.Count == 0 ? null : new SortedDictionary<string, AssemblyTiming>(timings.Assemblies, StringComparer.Ordinal),
        },
        Indented);
}
