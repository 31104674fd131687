using System.Diagnostics;
using System.Globalization;
using Shouldly;
using Xunit;

namespace Nuke.ConcurrentTest.Tests;

public sealed class BuildScriptTests : IDisposable
{
    private readonly Checkout _checkout;

    public BuildScriptTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "build.sh needs bash");
        _checkout = new Checkout();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _checkout?.Dispose();

    [Fact]
    public async Task The_build_gets_the_arguments_and_the_callers_folder_from_wherever_it_is_started()
    {
        var outcome = await _checkout.RunAsync("Test --workers 8", Token);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Lines[^1].ShouldEndWith($"caller {Path.Combine(_checkout.Folder, "caller")} stand-in true arguments Test --workers 8");
        outcome.Lines.ShouldContain("NUKE: the stand-in for Nuke.Common 10.1.0. VSTest translation layer: the one of SDK 10.0.100. SDK: 10.0.100.");
    }

    [Fact]
    public async Task The_builds_exit_code_is_the_scripts()
    {
        var outcome = await _checkout.RunAsync("fail", Token);

        outcome.ExitCode.ShouldBe(7, outcome.Output);
    }

    [Fact]
    public async Task The_script_becomes_the_build_so_that_signals_reach_it()
    {
        using var build = _checkout.Start("wait");
        await build.SeenAsync("arguments wait", Token);

        await build.SignalAsync("TERM", Token);
        var outcome = await build.EndAsync(Token);

        outcome.Lines[^1].ShouldStartWith($"pid {build.Id} ");
        outcome.ExitCode.ShouldBe(128 + 15, outcome.Output);
    }

    [Fact]
    public async Task The_build_is_built_again_only_where_its_sources_changed()
    {
        await _checkout.RunAsync("Test", Token);
        _checkout.Calls.ShouldContain(call => call.StartsWith("build build/_build.csproj", StringComparison.Ordinal));

        _checkout.ForgetCalls();
        _checkout.Write("tests/SomeTests.cs", "changed");
        _checkout.Write("build/obj/generated.cs", "changed");
        await _checkout.RunAsync("Test", Token);
        _checkout.Calls.ShouldNotContain(call => call.StartsWith("build ", StringComparison.Ordinal));

        _checkout.ForgetCalls();
        _checkout.Write("src/A.cs", "changed");
        await _checkout.RunAsync("Test", Token);
        _checkout.Calls.ShouldContain(call => call.StartsWith("build build/_build.csproj", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_build_is_built_again_when_another_NUKE_is_to_be_used()
    {
        await _checkout.RunAsync("Test", Token);
        _checkout.ForgetCalls();

        var outcome = await _checkout.RunAsync("Test", Token, ("UseNukeStandIn", "false"));

        _checkout.Calls.ShouldContain(call => call.StartsWith("build build/_build.csproj", StringComparison.Ordinal));
        outcome.Output.ShouldContain("NUKE: Nuke.Common 10.1.0.");
        outcome.Lines[^1].ShouldContain("stand-in false");
    }

    [Fact]
    public async Task The_feed_is_asked_once_a_day_for_what_it_lacks()
    {
        await _checkout.RunAsync("Test", Token);
        _checkout.Calls.Count(call => call.StartsWith("restore ", StringComparison.Ordinal)).ShouldBe(2, "NUKE and the translation layer");

        _checkout.ForgetCalls();
        await _checkout.RunAsync("Test", Token);
        _checkout.Calls.ShouldNotContain(call => call.StartsWith("restore ", StringComparison.Ordinal));

        foreach (var absent in Directory.GetFiles(Path.Combine(_checkout.Folder, ".nuke", "temp", "feed"), "absent-*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(absent, DateTime.UtcNow.AddDays(-2));
        await _checkout.RunAsync("Test", Token);
        _checkout.Calls.Count(call => call.StartsWith("restore ", StringComparison.Ordinal)).ShouldBe(2, "a day has passed");
    }

    [Fact]
    public async Task Another_feed_is_asked_anew()
    {
        await _checkout.RunAsync("Test", Token);
        _checkout.ForgetCalls();
        _checkout.Write("nuget.config", "<configuration><packageSources/></configuration>");

        await _checkout.RunAsync("Test", Token);

        _checkout.Calls.Count(call => call.StartsWith("restore ", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task A_feed_that_cannot_be_reached_is_not_remembered_as_lacking_anything()
    {
        var outcome = await _checkout.RunAsync("Test", Token, ("FEED_ANSWER", "NU1301"));
        outcome.Output.ShouldContain("build.sh: the feed could not be asked for Nuke.Common: error NU1301: nothing found");
        _checkout.ForgetCalls();

        await _checkout.RunAsync("Test", Token);

        _checkout.Calls.Count(call => call.StartsWith("restore ", StringComparison.Ordinal)).ShouldBe(2);
    }

    [Fact]
    public async Task An_SDK_that_does_not_fit_is_replaced_by_one_from_the_installer_for_this_checkout_alone()
    {
        var installer = _checkout.ReplaceSdkByInstaller();

        var outcome = await _checkout.RunAsync("Test", Token, ("DOTNET_INSTALL_URL", installer));
        var again = await _checkout.RunAsync("Test", Token, ("DOTNET_INSTALL_URL", installer));

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Lines.ShouldContain($"build.sh: no .NET SDK here fits global.json; installing it into {_checkout.InstalledSdk} with {installer}");
        outcome.Lines[^1].ShouldEndWith("arguments Test");
        again.ExitCode.ShouldBe(0, again.Output);
        again.Output.ShouldNotContain("installing it", customMessage: "it is there now");
    }

    [Fact]
    public async Task Nothing_is_downloaded_where_an_SDK_fits()
    {
        var outcome = await _checkout.RunAsync("Test", Token, ("DOTNET_INSTALL_URL", "file:///nowhere"));

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        Directory.Exists(_checkout.InstalledSdk).ShouldBeFalse();
    }

    [Fact]
    public async Task An_installer_that_cannot_be_had_ends_with_the_remedy()
    {
        _checkout.ReplaceSdkByInstaller();

        var outcome = await _checkout.RunAsync("Test", Token, ("DOTNET_INSTALL_URL", "file:///nowhere"));

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        outcome.Lines[^1].ShouldBe("build.sh: the .NET SDK could not be installed: install the one of global.json, https://dotnet.microsoft.com/download, or set DOTNET_INSTALL_URL");
    }

    [Fact]
    public async Task A_package_that_is_here_is_used_without_asking()
    {
        _checkout.Write("packages/nuke.common/10.1.0/nuke.common.nuspec", "");

        var outcome = await _checkout.RunAsync("Test", Token);

        outcome.Output.ShouldContain("NUKE: Nuke.Common 10.1.0.");
        _checkout.Calls.ShouldNotContain(call => call.Contains("nuke.common", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_start_runs_beside_the_first()
    {
        SkipWithoutFlock();
        using var first = _checkout.Start("wait");
        await first.SeenAsync("arguments wait", Token);

        var second = await _checkout.RunAsync("Test", Token);

        second.ExitCode.ShouldBe(0, second.Output);
        first.HasExited.ShouldBeFalse();
        await File.WriteAllTextAsync(_checkout.Gate, "\n", Token);
        (await first.EndAsync(Token)).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task A_second_start_that_has_to_build_waits_for_the_first_to_end_and_says_so()
    {
        SkipWithoutFlock();
        using var first = _checkout.Start("wait");
        await first.SeenAsync("arguments wait", Token);
        _checkout.Write("src/Changed.cs", "");
        using var second = _checkout.Start("Test");

        await second.SeenAsync("waiting for another build in this checkout to end", Token);
        second.HasExited.ShouldBeFalse();
        await File.WriteAllTextAsync(_checkout.Gate, "\n", Token);

        (await first.EndAsync(Token)).ExitCode.ShouldBe(0);
        (await second.EndAsync(Token)).Lines[^1].ShouldEndWith("arguments Test");
    }

    [Fact]
    public async Task What_a_build_leaves_running_does_not_hold_the_lock()
    {
        SkipWithoutFlock();
        var first = await _checkout.RunAsync("leave-child", Token);
        using var child = Process.GetProcessById(int.Parse(first.Lines[^1].Split(' ')[1], CultureInfo.InvariantCulture));
        try
        {
            _checkout.Write("src/Changed.cs", "");
            var second = await _checkout.RunAsync("Test", Token);

            second.ExitCode.ShouldBe(0, second.Output);
            child.HasExited.ShouldBeFalse("else this proves nothing");
        }
        finally
        {
            child.Kill();
        }
    }

    [Fact]
    public async Task A_killed_build_releases_the_lock()
    {
        SkipWithoutFlock();
        using var first = _checkout.Start("wait");
        await first.SeenAsync("arguments wait", Token);

        await first.SignalAsync("KILL", Token);
        await first.EndAsync(Token);
        _checkout.Write("src/Changed.cs", "");

        (await _checkout.RunAsync("Test", Token)).ExitCode.ShouldBe(0);
    }

    private static void SkipWithoutFlock() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "flock"))), "flock is not here");
}
