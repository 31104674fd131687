using System.Text.Json;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

public sealed class ExclusiveTests
{
    [Fact]
    public async Task An_exclusive_test_runs_beside_no_other_and_a_groups_members_not_beside_each_other()
    {
        using var suite = new TroubledSuite(isFirstRun: true);

        var outcome = await suite.RunAsync("--workers 4", TestContext.Current.CancellationToken, "DELAY=10");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        var tests = outcome.Run.GetProperty("tests").EnumerateArray().Select(test => new Ran(test)).ToList();
        foreach (var test in tests.Where(test => test.ClassName == "Troubled.ExclusiveTests"))
            tests.Where(other => other.Worker != test.Worker && other.Overlaps(test)).ShouldBeEmpty();
        var group = tests.Where(test => test.ClassName.EndsWith("OfGroupTests", StringComparison.Ordinal)).ToList();
        group.Count.ShouldBe(5);
        foreach (var test in group)
            group.Where(other => other.Worker != test.Worker && other.Overlaps(test)).ShouldBeEmpty();
        tests.Any(test => tests.Exists(other => other.Worker != test.Worker && other.Overlaps(test))).ShouldBeTrue("nothing ran side by side at all");
    }

    private sealed record Ran(string ClassName, int Worker, DateTimeOffset From, DateTimeOffset To)
    {
        public Ran(JsonElement test)
            : this(
                test.GetProperty("class").GetString()!,
                test.GetProperty("worker").GetInt32(),
                test.GetProperty("startedAt").GetDateTimeOffset(),
                test.GetProperty("startedAt").GetDateTimeOffset().AddSeconds(test.GetProperty("seconds").GetDouble()))
        {
        }

        public bool Overlaps(Ran other) => From < other.To && other.From < To;
    }
}
