using ConcurrentTesting.Run.Merging;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run.Merging;

public sealed class MergedTimingsTests
{
    [Fact]
    public void The_timings_of_each_assembly_of_one_name_are_kept()
    {
        using var parts = new WrittenParts();
        var part = parts.Plan.Parts[0];
        var test = part.All.First().ToString();
        var source = test[..test.IndexOf('/', StringComparison.Ordinal)];
        var namesake = $"{source} #2{test[source.Length..]}";
        var (one, two) = (new Timing(1, 1, "Passed"), new Timing(2, 1, "Passed"));
        var timings = new TimingsContent(
            new Dictionary<string, Timing> { [test] = one, [namesake] = two, [$"{source} #2/Gone.Test"] = two },
            new Dictionary<string, AssemblyTiming> { [$"{source} #2"] = new() { Waiting = 0.5 }, ["Other (net10.0) #2"] = new() });

        var merged = MergedTimings.Of([(part, timings)], isAll: true);

        merged.Tests.Keys.ShouldBe([test, namesake]);
        merged.Assemblies.Keys.ShouldBe([$"{source} #2", "Other (net10.0) #2"], ignoreOrder: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_known_of_assemblies_that_the_plan_does_not_have_is_kept(bool isAll)
    {
        using var parts = new WrittenParts();
        var (host, time) = (new MeasuredCost(3, 2), new Timing(1, 1, "Passed"));
        var timings = new TimingsContent(
            new Dictionary<string, Timing> { ["Other (net10.0)/Pays"] = time }, new Dictionary<string, AssemblyTiming> { ["Other (net10.0)"] = new() { Host = host } });

        var merged = MergedTimings.Of([.. parts.Plan.Parts.Select(part => (part, timings))], isAll);

        merged.Tests["Other (net10.0)/Pays"].ShouldBe(time);
        merged.Assemblies["Other (net10.0)"].Host.ShouldBe(host);
    }

    [Theory]
    [InlineData("a", "a", "a")]
    [InlineData("a", "b", null)]
    public void What_an_assembly_is_made_of_is_kept_where_all_parts_had_the_same(string one, string other, string? kept)
    {
        using var parts = new WrittenParts(parts: 2);
        var first = parts.Plan.Parts[0].All.First().ToString();
        var source = first[..first.IndexOf('/', StringComparison.Ordinal)];
        var at = DateTimeOffset.UnixEpoch;

        var merged = MergedTimings.Of([(parts.Plan.Parts[0], Known(one, at.AddMinutes(1))), (parts.Plan.Parts[1], Known(other, at))], isAll: true);

        merged.Assemblies[source].Content.ShouldBe(kept);
        merged.Assemblies[source].ChangedAt.ShouldBe(kept is null ? null : at, "the tests of the part that began first have run since");

        TimingsContent Known(string content, DateTimeOffset changedAt) => new(
            new Dictionary<string, Timing>(), new Dictionary<string, AssemblyTiming> { [source] = new() { Content = content, ChangedAt = changedAt } });
    }
}
