using ConcurrentTesting.Databases.Server;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>Sweeps and cleaning: what is ours and nobody uses goes, and nothing else does.</summary>
public abstract partial class ServerContract
{
    [Fact]
    public async Task A_dead_runs_databases_are_dropped()
    {
        var dead = OwnDatabaseName.OfRun(UniqueName(), "main_w0_1").ToString();
        await AdminAsync($"CREATE DATABASE {dead}");

        await using var databases = await PreparedAsync(await SettingsAsync());

        (await ExistsAsync(dead)).ShouldBeFalse();
        databases.Record!.Counts["swept"].ShouldBeGreaterThanOrEqualTo(1);
    }

    [Fact]
    public async Task A_template_that_a_killed_run_left_half_built_is_dropped()
    {
        var halfBuilt = OwnDatabaseName.OfTemplate(UniqueName() + "0123456789abcdef", "main").ToString();
        await AdminAsync($"CREATE DATABASE {halfBuilt}");
        Script(Book);
        var settings = await SettingsAsync("schema.sql");
        string whole;
        await using (var databases = await PreparedAsync(settings))
            whole = databases.Record!.Template!;

        (await ExistsAsync(halfBuilt)).ShouldBeFalse();
        await using (await PreparedAsync(settings))
            (await ExistsAsync(whole)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_living_runs_databases_stay()
    {
        await using var living = await PreparedAsync(await SettingsAsync());
        var lease = await living.LeaseAsync(0, CancellationToken);

        await using var other = await PreparedAsync(await SettingsAsync());

        (await ExistsAsync(lease.Database!)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("ct_r_run_label_00000000", "a name with our prefix and no valid mark")]
    [InlineData("ct_precious", "our prefix alone")]
    public async Task What_is_not_provably_ours_stays(string name, string because)
    {
        await AdminAsync($"CREATE DATABASE {name}");
        try
        {
            await using (await PreparedAsync(await SettingsAsync()))
                (await ExistsAsync(name)).ShouldBeTrue(because);
        }
        finally
        {
            await AdminAsync($"DROP DATABASE IF EXISTS {name}");
        }
    }

    [Fact]
    public async Task Cached_templates_stay_within_ten_the_oldest_going_first_and_one_in_use_staying()
    {
        Script("CREATE TABLE oldest (id int);", "0.sql");
        await using var inUse = await PreparedAsync(await SettingsAsync("0.sql"));
        await AdminAsync(Server.Age(inUse.Record!.Template!, 2001));
        Script("CREATE TABLE older (id int);", "1.sql");
        string old;
        await using (var databases = await PreparedAsync(await SettingsAsync("1.sql")))
            old = databases.Record!.Template!;
        await AdminAsync(Server.Age(old, 2002));

        for (var number = 2; number <= 12; number++)
        {
            Script($"CREATE TABLE book{number} (id int);", $"{number}.sql");
            await using var databases = await PreparedAsync(await SettingsAsync($"{number}.sql"));
        }

        (await ExistsAsync(inUse.Record.Template!)).ShouldBeTrue();
        (await ExistsAsync(old)).ShouldBeFalse();
    }

    [Fact]
    public async Task Cleaning_removes_templates_kept_databases_and_leftovers_and_leaves_a_living_runs()
    {
        Script(Book);
        Script("CREATE TABLE shelf (id int);", "other.sql");
        var settings = await SettingsAsync("schema.sql") with { TemporaryDirectory = Path.Combine(Folder.Path, "temporary") };
        string template, kept;
        await using (var ended = await PreparedAsync(settings with { KeepFailed = true }))
        {
            template = ended.Record!.Template!;
            await ended.KeepAsync(await ended.LeaseAsync(0, CancellationToken), "BookTests.Fails", CancellationToken);
            kept = ended.Record.Kept[0].Name;
        }

        var leftover = OwnDatabaseName.OfRun(UniqueName(), "main_w0_1").ToString();
        await AdminAsync($"CREATE DATABASE {leftover}");
        // A name of its own, so that a failure is none of another test's.
        var somebodys = $"ct_r_somebodys_own_{UniqueName()}";
        await AdminAsync($"CREATE DATABASE {somebodys}");
        await using var living = await PreparedAsync(settings with { Template = ["other.sql"] });
        var lease = await living.LeaseAsync(0, CancellationToken);

        (await ConcurrentTestCleaning.RunAsync(settings with { DryRun = true }, Log, CancellationToken)).ShouldBeEmpty();
        (await ExistsAsync(template)).ShouldBeTrue();
        Log.Text.ShouldContain("would be removed");

        (await ConcurrentTestCleaning.RunAsync(settings, Log, CancellationToken)).ShouldBeEmpty();

        foreach (var gone in new[] { template, kept, leftover })
            (await ExistsAsync(gone)).ShouldBeFalse(gone);
        foreach (var stays in new[] { living.Record!.Template!, lease.Database!, somebodys })
            (await ExistsAsync(stays)).ShouldBeTrue(stays);
        Log.Text.ShouldContain($"run's database {lease.Database}");
        Log.Text.ShouldContain("in use, stays");
        await AdminAsync($"DROP DATABASE {somebodys}");
    }

    [Fact]
    public async Task Cleaning_leaves_what_a_run_of_another_checkout_has_kept()
    {
        var settings = await SettingsAsync(Script(Book)) with { TemporaryDirectory = Path.Combine(Folder.Path, "one") };
        string kept;
        await using (var ended = await PreparedAsync(settings with { KeepFailed = true }))
        {
            await ended.KeepAsync(await ended.LeaseAsync(0, CancellationToken), "BookTests.Fails", CancellationToken);
            kept = ended.Record!.Kept[0].Name;
        }

        (await ConcurrentTestCleaning.RunAsync(settings with { TemporaryDirectory = Path.Combine(Folder.Path, "other") }, Log, CancellationToken)).ShouldBeEmpty();
        (await ExistsAsync(kept)).ShouldBeTrue();
        Log.Text.ShouldContain($"DROP DATABASE {kept}");

        (await ConcurrentTestCleaning.RunAsync(settings, Log, CancellationToken)).ShouldBeEmpty();
        (await ExistsAsync(kept)).ShouldBeFalse();
        Directory.EnumerateFileSystemEntries(Path.Combine(Folder.Path, "one", "kept")).ShouldBeEmpty();
    }
}
