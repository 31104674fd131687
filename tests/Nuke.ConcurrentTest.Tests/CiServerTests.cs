using Shouldly;
using Xunit;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>CI servers are told of the results of a run, here one that found no tests.</summary>
public class CiServerTests
{
    [Fact]
    public async Task GitHub_shows_the_summary_with_the_step()
    {
        using var root = new BuildRoot();
        Directory.CreateDirectory(Path.Combine(root.Folder, "tests"));
        var stepSummary = root.Write("step-summary.md", "what an earlier step wrote\n");

        var outcome = await root.RunAsync(
            "ConcurrentTest", TestContext.Current.CancellationToken, ("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", stepSummary));

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        var summary = File.ReadAllText(Path.Combine(root.Folder, "artifacts", "test-results", "summary.md"));
        File.ReadAllText(stepSummary).ShouldBe("what an earlier step wrote\n" + summary);
    }

    [Theory]
    [InlineData("test-results", true)]
    [InlineData("own-results", false)]
    public async Task Results_that_ITest_of_the_components_would_count_as_its_own_are_named(string folder, bool isNamed)
    {
        using var root = new BuildRoot();
        Directory.CreateDirectory(Path.Combine(root.Folder, "tests"));

        var outcome = await root.RunAsync("ConcurrentTest", TestContext.Current.CancellationToken, ("EXAMPLE_TEST_RESULTS", folder));

        outcome.Output.Contains("ITest of Nuke.Components counts every .trx", StringComparison.Ordinal).ShouldBe(isNamed, outcome.Output);
    }

    [Fact]
    public async Task Azure_publishes_the_results()
    {
        using var root = new BuildRoot();
        Directory.CreateDirectory(Path.Combine(root.Folder, "tests"));

        var outcome = await root.RunAsync("ConcurrentTest", TestContext.Current.CancellationToken, ("TF_BUILD", "True"));

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        var command = outcome.Lines.Single(line => line.StartsWith("##vso[results.publish ", StringComparison.Ordinal));
        command.ShouldContain("type=VSTest");
        command.ShouldContain($"resultFiles={Path.Combine(root.Folder, "artifacts", "test-results", "test-results.trx")}");
    }
}
