using ConcurrentTesting.Settings;
using Shouldly;
using Xunit;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>The target in a build that refines it, depends on it and ends it.</summary>
public class TargetTests
{
    [Fact]
    public async Task A_refined_target_runs_after_what_it_depends_on_and_before_what_depends_on_it()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("Release --workers 0", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Lines.ShouldContain("compiled ");
        outcome.Lines.ShouldNotContain("released");
        outcome.Output.ShouldMatch(@"(?m)^Compile\s+Succeeded");
        outcome.Output.ShouldMatch(@"(?m)^ConcurrentTest\s+Failed");
        outcome.Output.ShouldMatch(@"(?m)^Release\s+NotRun");
    }

    [Fact]
    public async Task The_target_can_be_skipped()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("Release --skip ConcurrentTest --workers 0", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Lines.ShouldContain("released");
    }

    [Fact]
    public async Task Help_lists_the_target_and_once_every_parameter_in_groups_with_an_example_each()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("--help", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        var words = string.Join(' ', outcome.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        words.ShouldContain("ConcurrentTest -> Compile Runs tests on several workers at once");
        words.ShouldContain("--test-flavour A parameter whose name begins like those of the component.");
        foreach (var group in ParameterGroups.All)
            outcome.Lines[outcome.Lines.ToList().IndexOf(group.Title) + 1].ShouldBe($"  {group.Example}", outcome.Output);
        foreach (var parameter in ParameterTable.All)
        {
            words.ShouldContain($" {parameter.Argument} {parameter.Meaning} (default: {parameter.Default}) ");
            outcome.Lines.Count(line => line.Trim().Split(' ')[0] == parameter.Argument).ShouldBe(1, parameter.Argument);
        }
    }

    [Theory]
    [InlineData("--target", true)]
    [InlineData("--test-flavour none", false)]
    [InlineData("Nowhere --help", false)]
    public async Task Groups_come_with_NUKEs_own_help_and_never_without_it(string arguments, bool isHelp)
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync(arguments, TestContext.Current.CancellationToken);

        outcome.Output.Contains("\nParameters:", StringComparison.Ordinal).ShouldBe(isHelp, outcome.Output);
        outcome.Lines.Contains("Parameters of ConcurrentTest:").ShouldBe(isHelp, outcome.Output);
    }

    [Theory]
    [InlineData("SIGINT")]
    [InlineData("SIGTERM")]
    [InlineData("SIGHUP")]
    public async Task A_signal_ends_the_run_with_130_and_the_last_lines(string signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such signals");
        using var root = new BuildRoot();
        using var build = root.Start(TestPaths.ExampleBuild, ["Wait"]);
        await build.SeenAsync("waiting", TestContext.Current.CancellationToken);

        await build.SignalAsync(signal[3..], TestContext.Current.CancellationToken);
        var outcome = await build.EndAsync(TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(130, outcome.Output);
        outcome.Lines[^2].ShouldBe("cancelled", outcome.Output);
        outcome.Lines[^1].ShouldBe("0 passed, 0 failed, 0 skipped", outcome.Output);
    }

    [Fact]
    public async Task A_second_signal_ends_at_once_a_run_that_does_not_stop_at_the_first()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such signals");
        using var root = new BuildRoot();
        using var build = root.Start(TestPaths.ExampleBuild, ["Wait", "--test-flavour", "stubborn"]);
        await build.SeenAsync("waiting", TestContext.Current.CancellationToken);

        await build.SignalAsync("TERM", TestContext.Current.CancellationToken);
        await build.SeenAsync("a second signal ends it at once", TestContext.Current.CancellationToken);
        build.HasExited.ShouldBeFalse();
        await build.SignalAsync("TERM", TestContext.Current.CancellationToken);
        var outcome = await build.EndAsync(TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(130, outcome.Output);
    }

    [Theory]
    [InlineData("Normal", true)]
    [InlineData("Minimal", false)]
    public async Task The_components_messages_honour_the_verbosity(string verbosity, bool isShown)
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync($"ShowSettings --verbosity {verbosity}", TestContext.Current.CancellationToken, ("WORKERS", "7"));

        outcome.Output.Contains("WORKERS in the environment is ignored", StringComparison.Ordinal).ShouldBe(isShown, outcome.Output);
    }
}
