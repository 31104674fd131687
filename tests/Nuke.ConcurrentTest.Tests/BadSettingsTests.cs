using Shouldly;
using Xunit;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>Whatever is wrong with the settings ends the build with 4, one error, and nothing started.</summary>
public class BadSettingsTests
{
    [Theory]
    [InlineData("--workers 0", "--workers 0: it takes a whole number from 1 to 256")]
    [InlineData("--workers -1", "--workers -1: it takes a whole number from 1 to 256")]
    [InlineData("--workers abc", "--workers abc: it takes a whole number from 1 to 256")]
    [InlineData("--workers 10000", "--workers 10000: it takes a whole number from 1 to 256")]
    [InlineData("--workers=8", "--workers: write a space instead of = before the value: --workers 8")]
    [InlineData("--test-database oracle", "--test-database oracle: it takes none, sqlite, postgresql or mysql")]
    [InlineData("--test-timeuot 5", "--test-timeuot: there is no such parameter; did you mean --test-timeout?")]
    [InlineData("--filter Name~Orders", "--filter: there is no such parameter; did you mean --test-filter?")]
    [InlineData("--test-timeout 5d", "--test-timeout 5d: it takes a duration")]
    [InlineData("--test-shard 3/2", "--test-shard 3/2: it takes i/n with i from 1 to n and n up to 256, or auto")]
    [InlineData("--test-shard 0/2", "--test-shard 0/2: it takes i/n")]
    [InlineData("--test-shard-count 257", "--test-shard-count 257: it takes a whole number from 1 to 256")]
    [InlineData("--test-plan-format travis", "--test-plan-format travis: it takes auto or github or gitlab or json")]
    [InlineData("--test-filter (Name=a", "--test-filter (Name=a: Missing ')'")]
    [InlineData("--test-template no-such.sql", "--test-template no-such.sql: no such file or folder: ")]
    [InlineData("--test-settings no-such.runsettings", "--test-settings no-such.runsettings: no such file: ")]
    [InlineData("--test-environment A={Databse}", "A has the unknown placeholder {Databse}; did you mean {Database}?")]
    public async Task A_bad_setting_ends_the_build_with_4_and_names_parameter_value_and_what_is_allowed(string arguments, string message)
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync($"ConcurrentTest {arguments}", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain(message);
        outcome.Lines[^1].ShouldBe("0 passed, 0 failed, 0 skipped");
        Directory.Exists(Path.Combine(root.Folder, "artifacts")).ShouldBeFalse("nothing was to be started");
    }

    [Theory]
    [InlineData("--test-shard auto", "--test-shard auto: no variable of GitLab CI, ")]
    [InlineData("--test-shard auto --partition 2/257", "--partition 2/257: it takes i/n")]
    [InlineData("--test-shard 1/2 --test-plan no-plan.json", "no-plan.json cannot be read: ")]
    public async Task A_part_that_is_not_certain_ends_the_build_with_4(string arguments, string message)
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync($"ConcurrentTest {arguments}", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain(message);
    }

    [Fact]
    public async Task All_errors_are_shown_at_once_each_once_without_a_stack_trace()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("ConcurrentTest --workers 0 --test-reruns 101 --test-databse sqlite", TestContext.Current.CancellationToken);

        foreach (var error in new[] { "--workers 0:", "--test-reruns 101:", "--test-databse:" })
            outcome.Lines.Count(line => line.Contains(error, StringComparison.Ordinal)).ShouldBe(1, $"{error}\n{outcome.Output}");
        outcome.Output.ShouldContain("// Outcome: wrong setting");
        outcome.Output.ShouldNotContain("   at ");
        outcome.Output.ShouldNotContain("has thrown an exception");
    }

    [Fact]
    public async Task Results_to_merge_are_refused_by_the_target_that_runs_tests()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("ConcurrentTest --test-merge parts", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain("--test-merge " + Path.Combine(root.Folder, "parts") + " is for ConcurrentTestMerge, which makes one run of results; ConcurrentTest runs tests");
        File.Exists(Path.Combine(root.Folder, "artifacts", "test-results", "run.log")).ShouldBeFalse("nothing was to be started");
    }

    [Fact]
    public async Task A_CI_server_hears_of_a_bad_setting_as_an_error()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("ConcurrentTest --workers 0", TestContext.Current.CancellationToken, ("GITHUB_ACTIONS", "true"));

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain("Target ConcurrentTest has thrown an exception\n--workers 0: it takes a whole number from 1 to 256");
    }

    [Fact]
    public async Task An_unwritable_results_folder_is_found_before_anything_starts()
    {
        using var root = new BuildRoot();
        root.Write("in-the-way", "a file");

        var outcome = await root.RunAsync("ConcurrentTest --test-results-directory in-the-way/results", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain($"--test-results-directory: {Path.Combine(root.Folder, "in-the-way", "results")} cannot be written to: ");
    }

    [Fact]
    public async Task A_secret_is_not_in_the_message_about_it()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("ConcurrentTest --test-connection-string=Password=geheim", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain("--test-connection-string: write a space instead of = before the value");
        outcome.Output.ShouldNotContain("geheim");
    }

    [Fact]
    public async Task This_repositorys_own_build_ends_with_4_as_well()
    {
        Assert.SkipUnless(File.Exists(TestPaths.OwnBuild), "build/_build.csproj is not built; ./build.sh Test builds it");
        using var root = new BuildRoot();
        using var build = root.Start(TestPaths.OwnBuild, ["ConcurrentTest", "--workers", "0"]);

        var outcome = await build.EndAsync(TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain("--workers 0: it takes a whole number from 1 to 256");
    }

    [Fact]
    public async Task Other_targets_do_not_mind_what_only_this_component_refuses()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("Compile --workers 0", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
    }
}
