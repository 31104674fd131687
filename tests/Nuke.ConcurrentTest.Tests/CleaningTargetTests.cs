using Shouldly;
using Xunit;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>The target that removes what runs keep.</summary>
public class CleaningTargetTests
{
    [Fact]
    public async Task Cleaning_names_what_it_would_remove_and_then_removes_it()
    {
        using var root = new BuildRoot();
        var kept = Path.Combine(root.Folder, ".nuke", "temp", "kept", "0123456789-main-w0-1.db");
        Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        await File.WriteAllTextAsync(kept, "", TestContext.Current.CancellationToken);

        var dry = await root.RunAsync("ConcurrentTestClean --test-dry-run", TestContext.Current.CancellationToken);

        dry.ExitCode.ShouldBe(0, dry.Output);
        dry.Output.ShouldContain($"kept database {kept} (0.0 MiB): would be removed");
        // Tests beside this one end runs by force: what those leave on the machine counts as well.
        dry.Output.ShouldMatch(@"Would remove [1-9]\d* of [1-9]\d* templates, databases and leftovers; \d+ in use");
        File.Exists(kept).ShouldBeTrue();

        var real = await root.RunAsync("ConcurrentTestClean", TestContext.Current.CancellationToken);

        real.ExitCode.ShouldBe(0, real.Output);
        real.Output.ShouldContain($"kept database {kept} (0.0 MiB): removed");
        File.Exists(kept).ShouldBeFalse();
    }

    [Fact]
    public async Task In_production_nothing_is_cleaned_whatever_tests_would_fall_back_to()
    {
        using var root = new BuildRoot();
        var kept = root.Write(".nuke/temp/kept/0123456789-main-w0-1.db", "");

        var outcome = await root.RunAsync("ConcurrentTestClean --test-production-fallback sequential", TestContext.Current.CancellationToken, ("DOTNET_ENVIRONMENT", "Production"));

        outcome.ExitCode.ShouldBe(3, outcome.Output);
        outcome.Output.ShouldContain("DOTNET_ENVIRONMENT is 'Production', which says production");
        File.Exists(kept).ShouldBeTrue();
    }

    [Fact]
    public async Task A_bad_setting_is_named_and_nothing_is_removed()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("ConcurrentTestClean --test-database oracle", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain("oracle");
    }

    [Fact]
    public async Task A_run_refuses_a_dry_run()
    {
        using var root = new BuildRoot();

        var outcome = await root.RunAsync("ConcurrentTest --test-dry-run", TestContext.Current.CancellationToken);

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain("--test-dry-run is for ConcurrentTestClean");
    }
}
