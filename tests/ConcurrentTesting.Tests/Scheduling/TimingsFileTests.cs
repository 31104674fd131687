using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Collections.Immutable;
using ConcurrentTesting.Scheduling;
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

    [Fact]
    public void What_is_written_is_what_a_serializer_makes_of_it_in_the_order_of_the_names()
    {
        var full = new Timing(1.25, 7, "Failed") { FlakyRuns = 1, Rows = 3, LastRun = new DateTimeOffset(2026, 1, 31, 7, 8, 9, TimeSpan.Zero), RunsSinceFlaky = 2 };
        var timings = new TimingsContent(
            new() { ["b/Z.Z"] = new Timing(0.5, 1, null), ["a/A.A(\"<ä>\")"] = full, ["B"] = new Timing(3, 2, "Passed") },
            new() { ["b"] = new() { Waiting = 0.5 }, ["a"] = new() { Host = new MeasuredCost(2, 1), Content = "<c>", SetUps = ImmutableSortedDictionary<string, MeasuredCost>.Empty.Add("s", new(1, 1)) } })
        {
            Worker = new MeasuredCost(0.75, 4),
        };

        Encoding.UTF8.GetString(TimingsFile.TextOf(timings).Span).ShouldBe(Serialized(timings));
        Encoding.UTF8.GetString(TimingsFile.TextOf(TimingsContent.Empty).Span).ShouldBe(Serialized(TimingsContent.Empty));
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
