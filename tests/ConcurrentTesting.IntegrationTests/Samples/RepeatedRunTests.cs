using System.Text.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Tests that run several times, in real test hosts.</summary>
public sealed class RepeatedRunTests : IDisposable
{
    private readonly TroubledSuite _suite = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _suite.Dispose();

    [Theory]
    [InlineData("direct")]
    [InlineData("console")]
    public async Task A_test_that_fails_in_one_of_many_runs_fails_the_run_and_its_rate_is_told(string host)
    {
        var outcome = await _suite.RunAsync($"--workers 2 --test-host {host} --test-filter FullyQualifiedName~Rows0 --test-stress 6 --test-reruns 2", Cancellation, "FLAKY=Rows01:1");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.Count.ShouldBe(30);
        outcome.Tests.Where(test => test.Outcome == "Failed").Select(test => (test.ClassName, test.Name)).ShouldBe([("Troubled.Rows01", "Row(number: 1)")]);
        outcome.Reason.ShouldBe("1 of 30 tests failed, in 1 of 180 runs of 30 repeated tests.");
        outcome.Output.ShouldContain("failed in 1 of 6 runs (16.67%)");
        Repeats().ShouldAllBe(repeats => repeats.Runs == 6);
        Repeats().Sum(repeats => repeats.Failed).ShouldBe(1);
        File.ReadAllText(Path.Combine(_suite.Results, "summary.md")).ShouldContain("| 6 | 1 | 16.67% |");
    }

    [Fact]
    public async Task What_the_infrastructure_fails_is_tried_again_within_its_run_and_is_no_failure_of_the_test()
    {
        var outcome = await _suite.RunAsync("--workers 2 --test-filter FullyQualifiedName~Rows01 --test-stress 4", Cancellation, "INFRASTRUCTURE=Rows01:2");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        Repeats().ShouldBe([(4, 0), (4, 0), (4, 0)]);
        outcome.Tests.Single(test => test.Attempts == 5).Name.ShouldBe("Row(number: 2)");
    }

    [Fact]
    public async Task Tests_run_for_the_time_that_was_asked_for()
    {
        var outcome = await _suite.RunAsync("--workers 2 --test-filter FullyQualifiedName~Rows01 --test-stress 3s", Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Tests.Count.ShouldBe(3);
        Repeats().ShouldAllBe(repeats => repeats.Runs >= 1 && repeats.Failed == 0);
        Repeats().Max(repeats => repeats.Runs).ShouldBeGreaterThanOrEqualTo(2);
    }

    [Fact]
    public async Task A_test_that_the_timings_do_not_know_runs_several_times()
    {
        const string Filter = "--workers 2 --test-filter FullyQualifiedName~Rows01|FullyQualifiedName~Rows02";
        (await _suite.RunAsync("--workers 2 --test-filter FullyQualifiedName~Rows02", Cancellation)).ExitCode.ShouldBe(0);
        Forget("Rows01");

        var outcome = await _suite.RunAsync($"{Filter} --test-new-runs 4", Cancellation, "FLAKY=Rows01:2");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.Single(test => test.Outcome == "Failed").ShouldSatisfyAllConditions(test => test.ClassName.ShouldBe("Troubled.Rows01"), test => test.Name.ShouldBe("Row(number: 2)"));
        Repeats().ShouldBe([(4, 0), (4, 1), (4, 0)], ignoreOrder: true);
        (await _suite.RunAsync($"{Filter} --test-new-runs 4", Cancellation)).ExitCode.ShouldBe(0);
        Repeats().ShouldBeEmpty("they are known now");
    }

    [Fact]
    public async Task What_does_not_fit_the_time_is_left_out_and_counted_and_comes_first_the_next_time()
    {
        _suite.KnowDurations(rowsEach: 3, seconds: 1);
        const string Arguments = "--workers 2 --test-filter FullyQualifiedName~Rows0 --test-budget 5s";

        var first = await _suite.RunAsync(Arguments, Cancellation);
        first.ExitCode.ShouldBe(0, first.Output);
        first.Tests.Count.ShouldBeInRange(3, 27);
        var leftOut = first.Run.GetProperty("leftOut").GetInt32();
        (first.Tests.Count + leftOut).ShouldBe(30);
        first.Reason.ShouldContain($"; {leftOut} tests did not fit the time and were left out (--test-budget).");
        first.Output.ShouldContain($"{first.Tests.Count} discovered, {leftOut} left out (--test-budget)");

        // What ran is known to have run since its assembly is what it is; nothing says so of the rest, which comes first.
        var second = await _suite.RunAsync(Arguments, Cancellation);
        second.Tests.Select(test => test.ClassName).Except(first.Tests.Select(test => test.ClassName)).Count().ShouldBeGreaterThanOrEqualTo(first.Tests.Count / 3, second.Output);
    }

    [Fact]
    public async Task What_makes_no_sense_together_is_refused_in_a_line_before_anything_starts()
    {
        var outcome = await _suite.RunAsync("--workers 2 --test-stress 10 --test-shard 1/2", Cancellation);

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain("--test-stress cannot go with --test-shard");
        File.Exists(Path.Combine(_suite.Results, "run.json")).ShouldBeFalse();
    }

    private (int Runs, int Failed)[] Repeats()
    {
        using var run = JsonDocument.Parse(File.ReadAllText(Path.Combine(_suite.Results, "run.json")));
        return [.. run.RootElement.GetProperty("tests").EnumerateArray().Select(test => test.GetProperty("repeats")).Where(repeats => repeats.ValueKind == JsonValueKind.Object)
            .Select(repeats => (repeats.GetProperty("runs").GetInt32(), repeats.GetProperty("failed").GetInt32()))];
    }

    private void Forget(string type)
    {
        var file = Path.Combine(_suite.Folder, ".nuke", "temp", "test-timings.json");
        var timings = JsonNode.Parse(File.ReadAllText(file))!;
        var tests = timings["tests"]!.AsObject();
        foreach (var key in tests.Select(test => test.Key).Where(key => key.Contains(type, StringComparison.Ordinal)).ToList())
            tests.Remove(key);
        File.WriteAllText(file, timings.ToJsonString());
    }
}
