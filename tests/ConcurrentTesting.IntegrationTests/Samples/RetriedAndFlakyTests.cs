using System.Text.Json;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>What is tried again, and what is remembered of it.</summary>
public sealed class RetriedAndFlakyTests : IDisposable
{
    private readonly TroubledSuite _suite = new(isFirstRun: true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _suite.Dispose();

    [Theory]
    [InlineData(Hosts.Direct)]
    [InlineData(Hosts.Console)]
    public async Task A_test_declares_by_exception_or_exit_file_that_the_infrastructure_failed_and_is_tried_again(string host)
    {
        var outcome = await _suite.RunAsync($"--workers 2 --test-host {host} --test-retry-delay 100ms --test-filter FullyQualifiedName~Rows0", Cancellation, "INFRASTRUCTURE=Rows01:2 Rows02:1", "EXIT_FILE=Rows05:2");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Tests.Count.ShouldBe(30);
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed");
        var declared = outcome.Run.GetProperty("retries").GetProperty("declared");
        declared.GetProperty("tried").GetInt32().ShouldBe(2);
        declared.GetProperty("succeeded").GetInt32().ShouldBe(2);
        outcome.Run.GetProperty("retries").GetProperty("requeue").GetProperty("succeeded").GetInt32().ShouldBeGreaterThan(0);
        outcome.Output.ShouldContain("A test process said that the infrastructure failed: TROUBLED_EXIT_FILE asks for it, once.");

        // It is not the tests that were flaky.
        outcome.Run.GetProperty("summary").GetProperty("failed").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task A_flaky_test_is_remembered_beside_the_timings_and_shown_as_known()
    {
        const string Arguments = "--workers 2 --test-reruns 1 --test-filter FullyQualifiedName~Rows0";
        var first = await _suite.RunAsync(Arguments, Cancellation, "FLAKY=Rows03:2");
        first.ExitCode.ShouldBe(0, first.Output);
        File.ReadAllText(Path.Combine(_suite.Results, "summary.md")).ShouldContain("| 2 | new |");
        using (var timings = JsonDocument.Parse(File.ReadAllText(Path.Combine(_suite.Results, "timings.json"))))
            timings.RootElement.GetProperty("tests").GetProperty("Troubled.XUnit2 (net10.0)/Troubled.Rows03.Row(number: 2)").GetProperty("flakyRuns").GetInt32().ShouldBe(1);

        var second = await _suite.RunAsync(Arguments, Cancellation, "FLAKY=Rows03:2", "FAIL=Rows04:1");

        second.ExitCode.ShouldBe(1, second.Output);
        File.ReadAllText(Path.Combine(_suite.Results, "summary.md")).ShouldContain("known flaky, in 1 of 1 runs");
        second.Output.ShouldContain("passed on attempt 2, known flaky, in 1 of 1 runs");
        second.Run.GetProperty("tests").EnumerateArray().Single(test => test.GetProperty("flakyRuns").ValueKind == JsonValueKind.Number).GetProperty("name").GetString().ShouldBe("Row(number: 2)");
    }

    [Fact]
    public async Task When_the_workers_time_is_up_what_ran_stays_and_what_did_not_is_an_error_with_its_story()
    {
        var outcome = await _suite.RunAsync($"--workers 2 --test-worker-timeout 6s --test-filter {TroubledSuite.RowsOnly}", Cancellation, "DELAY=200", "HANG=Rows01:2");

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(3), ignoreOrder: true);
        outcome.Tests.Select(test => test.Outcome).Distinct().ShouldBe(["Passed", "Error"], ignoreOrder: true);
        outcome.Output.ShouldContain("--test-worker-timeout");
        outcome.JUnit.ShouldContain("no worker was left");
        outcome.Duration.ShouldBeLessThan(TimeSpan.FromSeconds(40));
    }
}
