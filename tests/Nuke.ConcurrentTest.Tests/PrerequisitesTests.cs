using Shouldly;
using Xunit;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>What this repository's own build gets for its tests, on a machine whose programs are played by scripts.</summary>
public sealed class PrerequisitesTests : IDisposable
{
    private readonly BuildRoot _root = new();

    public PrerequisitesTests() => Assert.SkipUnless(File.Exists(TestPaths.OwnBuild) && !OperatingSystem.IsWindows(), "build/_build.csproj is not built; ./build.sh Test builds it");

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task What_may_not_be_installed_ends_with_4_before_any_test_and_the_one_command_is_named()
    {
        Program("apt-get", "exit 100");

        var outcome = await RunAsync("Test");

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Lines.ShouldContain("The tests need sqlite3 (package sqlite3): it builds templates by a command.");
        outcome.Lines.ShouldContain(line => line.Contains("the tests need what may not be installed here: sudo apt-get update && sudo apt-get install -y --no-install-recommends git util-linux curl sqlite3 ", StringComparison.Ordinal), outcome.Output);
        Calls().ShouldNotContain(call => call.StartsWith("npm ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_there_is_no_apt_the_packages_are_named()
    {
        var outcome = await RunAsync("Prepare");

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain("install what these packages of Debian have: git util-linux curl sqlite3 ");
    }

    [Fact]
    public async Task What_is_missing_is_installed_without_a_question_after_it_was_said_what_and_why()
    {
        Program("apt-get", "exit 0");
        Program("sudo", "shift; exec \"$@\"");
        Program("true", "exit 0");
        Program("npm", "exit 0");

        var outcome = await RunAsync("Prepare");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        var (why, what) = (outcome.Output.IndexOf("The tests need git (package git): it ", StringComparison.Ordinal), outcome.Output.IndexOf("Installing: apt-get install git ", StringComparison.Ordinal));
        why.ShouldBeGreaterThanOrEqualTo(0, outcome.Output);
        what.ShouldBeGreaterThan(why, outcome.Output);
        var apt = Calls().Where(call => call.StartsWith("apt-get ", StringComparison.Ordinal)).ToArray();
        apt[0].ShouldBe("apt-get update -qq");
        apt[1].ShouldStartWith("apt-get install -y -qq --no-install-recommends git util-linux curl sqlite3 ");
        Calls().Count(call => call.StartsWith("npm ci ", StringComparison.Ordinal)).ShouldBe(3, "the readers, the schemas, PostgreSQL 18");
    }

    [Fact]
    public void CI_gets_what_it_needs_by_Prepare_alone() => File.ReadAllText(Path.Combine(TestPaths.Repository, ".ci", "run")).ShouldNotContain("apt-get");

    private async Task<BuildOutcome> RunAsync(string target)
    {
        Program("env", "shift; exec \"$@\"");
        using var build = _root.Start(TestPaths.OwnBuild, [target], new Dictionary<string, string> { ["PATH"] = Path.Combine(_root.Folder, "bin"), ["CALLS"] = Path.Combine(_root.Folder, "calls") });
        return await build.EndAsync(TestContext.Current.CancellationToken);
    }

    private void Program(string name, string script)
    {
        var path = _root.Write($"bin/{name}", $"#!/bin/sh\necho \"{name} $*\" >>\"$CALLS\"\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private string[] Calls() => File.ReadAllLines(Path.Combine(_root.Folder, "calls"));
}
