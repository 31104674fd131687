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
        outcome.Lines.ShouldContain(line => line.StartsWith("::error title=ConcurrentTest::No test project was found", StringComparison.Ordinal));
    }

    [Fact]
    public void A_step_summary_that_is_nearly_full_gets_the_head_of_the_page_and_a_full_one_nothing()
    {
        using var root = new BuildRoot();
        var page = root.Write("summary.md", $"# 1 passed\n\n## Failures\n{new string('x', 2000)}\n");
        var nearlyFull = root.Write("nearly-full.md", new string('y', (1024 * 1024) - 500));
        var full = root.Write("full.md", new string('y', 1024 * 1024));

        StepSummary.Append(nearlyFull, page);
        StepSummary.Append(full, page);

        File.ReadAllText(nearlyFull).ShouldEndWith("y# 1 passed\n\nThe rest is in summary.md and report.html: this step's summary is full.\n");
        new FileInfo(full).Length.ShouldBe(1024 * 1024);
    }

    [Fact]
    public async Task The_reason_is_told_once_and_the_report_named()
    {
        using var root = new BuildRoot();
        Directory.CreateDirectory(Path.Combine(root.Folder, "tests"));

        var outcome = await root.RunAsync("ConcurrentTest", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        outcome.Output.ShouldNotContain("has thrown an exception");
        outcome.Output.ShouldNotContain("   at ");
        outcome.Lines.Count(line => line.Contains("No test project was found", StringComparison.Ordinal)).ShouldBe(1, outcome.Output);
        outcome.Lines[^3].ShouldBe($"Report: {new Uri(Path.Combine(root.Folder, "artifacts", "test-results", "report.html")).AbsoluteUri}");
    }

    [Theory]
    [InlineData("ConcurrentTest")]
    [InlineData("ConcurrentTest --test-database oracle")]
    [InlineData("ConcurrentTestClean")]
    [InlineData("ConcurrentTestPlan")]
    [InlineData("ConcurrentTestMerge")]
    public async Task The_parameters_are_explained_in_groups_and_nothing_runs(string arguments)
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync($"{arguments} --test-help", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        foreach (var title in new[] { "What to run", "Databases", "Trouble", "Speed", "Results", "Tools" })
            outcome.Lines.ShouldContain(title);
        outcome.Lines.ShouldContain("    --test-bisect");
        outcome.Output.ShouldNotContain("0 passed");
        File.Exists(Path.Combine(root.Folder, "artifacts", "test-results", "run.log")).ShouldBeFalse();
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
    public async Task TeamCity_imports_the_results_and_draws_their_figures()
    {
        using var root = new BuildRoot();
        Directory.CreateDirectory(Path.Combine(root.Folder, "tests"));

        var outcome = await root.RunAsync("ConcurrentTest", TestContext.Current.CancellationToken, ("TEAMCITY_VERSION", "2025.1"));

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        var results = Path.Combine(root.Folder, "artifacts", "test-results");
        outcome.Lines.ShouldContain($"##teamcity[importData type='vstest' path='{Path.Combine(results, "test-results.trx")}' whenNoDataPublished='nothing']");
        outcome.Lines.ShouldContain($"##teamcity[publishArtifacts '{results} => test-results']");
        outcome.Lines.ShouldContain(line => line.StartsWith("##teamcity[buildStatisticValue key='concurrentTest.wallSeconds' value='", StringComparison.Ordinal));
        outcome.Lines.ShouldContain(line => line.StartsWith("##teamcity[buildProblem description='No test project was found", StringComparison.Ordinal));
        outcome.Lines.ShouldContain("##teamcity[blockOpened name='ConcurrentTest']");
        outcome.Lines.ShouldContain("##teamcity[blockClosed name='ConcurrentTest']");
    }

    [Fact]
    public async Task GitLab_folds_the_target_and_its_last_lines_stay_in_sight()
    {
        using var root = new BuildRoot();
        Directory.CreateDirectory(Path.Combine(root.Folder, "tests"));

        var outcome = await root.RunAsync("ConcurrentTest", TestContext.Current.CancellationToken, ("GITLAB_CI", "true"));

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        var end = outcome.Output.LastIndexOf("section_end:", StringComparison.Ordinal);
        outcome.Output[..end].ShouldContain("section_start:");
        outcome.Output[end..].ShouldContain("\nReport: ");
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

    [Fact]
    public async Task Azure_gets_no_results_of_a_part_since_the_merge_publishes_those_of_all()
    {
        using var root = new BuildRoot();
        Directory.CreateDirectory(Path.Combine(root.Folder, "tests"));

        var outcome = await root.RunAsync("ConcurrentTest --test-shard 1/2", TestContext.Current.CancellationToken, ("TF_BUILD", "True"));

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        outcome.Lines.ShouldNotContain(line => line.StartsWith("##vso[results.publish ", StringComparison.Ordinal) || line.StartsWith("##vso[artifact.upload ", StringComparison.Ordinal));
    }
}
