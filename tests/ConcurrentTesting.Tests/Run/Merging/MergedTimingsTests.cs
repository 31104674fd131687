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
            new Dictionary<string, AssemblyTiming> { [$"{source} #2"] = new() { Waiting = 0.5 }, ["Gone (net10.0) #2"] = new() });

        var merged = MergedTimings.Of([(part, timings)], isAll: true);

        merged.Tests.Keys.ShouldBe([test, namesake]);
        merged.Assemblies.Keys.ShouldBe([$"{source} #2"]);
    }
}
