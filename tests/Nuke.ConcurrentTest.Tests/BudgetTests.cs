using Shouldly;
using Xunit;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>A build that looks at what each test did to the databases.</summary>
public class BudgetTests
{
    private const string Filter = "FullyQualifiedName~Fines";

    [Fact]
    public async Task Each_tests_figures_reach_the_builds_C_sharp()
    {
        var outcome = await RunAsync("");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        var told = outcome.Lines.Single(line => line.Contains(" tests measured, ", StringComparison.Ordinal)).Split(' ');
        var (measured, queries, writes) = (int.Parse(told[0]), int.Parse(told[3]), int.Parse(told[5]));
        measured.ShouldBeGreaterThan(10);
        queries.ShouldBeGreaterThan(writes);
        writes.ShouldBeGreaterThan(0);
        outcome.Lines[^1].ShouldMatch(@"^\d+ passed, 0 failed, \d+ skipped$");
    }

    [Fact]
    public async Task A_budget_that_a_test_exceeds_fails_the_target_though_all_tests_passed()
    {
        var outcome = await RunAsync("--query-budget 1");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Output.ShouldContain("OnConcurrentTestCompleted failed: more than 1 queries in a test");
        outcome.Output.ShouldContain(": Passed has ");
        outcome.Output.ShouldMatch(@"(?m)^ConcurrentTest\s+Failed");
        outcome.Lines[^1].ShouldMatch(@"^\d+ passed, 0 failed, \d+ skipped$");
    }

    [Fact]
    public async Task A_list_is_no_result_to_look_at()
    {
        var outcome = await RunAsync("--test-list --query-budget 1");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Output.ShouldNotContain("tests measured");
    }

    private static async Task<BuildOutcome> RunAsync(string arguments)
    {
        using var root = new BuildRoot();
        return await root.RunAsync(
            $"ConcurrentTest --workers 2 --test-no-build --test-projects {TestPaths.SampleSuite} --test-filter {Filter} --test-database sqlite --test-template {TestPaths.SampleSchema} {arguments}".Trim(),
            TestContext.Current.CancellationToken);
    }
}
