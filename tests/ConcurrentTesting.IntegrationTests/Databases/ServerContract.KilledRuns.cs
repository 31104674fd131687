using ConcurrentTesting.Databases.Throwaway;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>What a run leaves that is killed, and what the next one makes of it: real processes and SIGKILL.</summary>
public abstract partial class ServerContract
{
    // A line that the run says, and how long it then goes on before it is killed.
    public static TheoryData<string, int> Moments => new()
    {
        { "begin check", 0 },
        { "end check", 0 },
        { "end sweep", 0 },
        { "begin prepare", 60 },
        { "begin prepare", 250 },
        { "end prepare", 0 },
        { "begin lease", 30 },
        { "end lease", 0 },
        { "begin renew", 10 },
        { "begin release", 15 },
        { "begin dispose", 5 },
    };

    private string SlowSchema => $"{Book} CREATE TABLE shelf (id int); CREATE TABLE loan (id int); CREATE VIEW books AS SELECT id FROM book; {Server.Sleep(0.2)};";

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task On_a_shared_server_the_run_after_a_killed_one_removes_everything_and_a_living_run_is_untouched(string moment, int milliseconds)
    {
        Script(SlowSchema);
        var settings = await SettingsAsync("schema.sql");
        await using var living = await PreparedAsync(settings with { Template = [], TemplateCache = false });
        var untouched = await living.LeaseAsync(0, CancellationToken);
        var dead = UniqueName();
        await KillAtAsync(settings, dead, moment, milliseconds);
        if (moment == "end lease")
            (await CountOfRunAsync(dead)).ShouldBe(4L);

        await using (var next = await PreparedAsync(settings))
            (await QueryAsync(await next.LeaseAsync(0, CancellationToken), "SELECT COUNT(*) FROM books")).ShouldBe(0L);

        (await CountOfRunAsync(dead)).ShouldBe(0L);
        (await ExistsAsync(untouched.Database!)).ShouldBeTrue();
        (await ExistsAsync(living.Record!.Template!)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("begin prepare", 350)]
    [InlineData("end prepare", 0)]
    [InlineData("end lease", 0)]
    [InlineData("begin dispose", 5)]
    public async Task A_throwaway_server_dies_with_its_run_and_the_next_run_removes_its_folder(string moment, int milliseconds)
    {
        Script(SlowSchema);
        var settings = await SettingsAsync("schema.sql") with { ConnectionString = null };
        var dead = UniqueName();
        await KillAtAsync(settings, dead, moment, milliseconds);
        var folders = ThrowawayServers.Roots.Select(root => Path.Combine(root, dead)).ToList();
        if (moment.StartsWith("end", StringComparison.Ordinal))
            folders.Where(Directory.Exists).ShouldHaveSingleItem();

        await using (await PreparedAsync(settings))
        {
        }

        foreach (var folder in folders)
        {
            ProcessList.Mentioning(folder).ShouldBeEmpty();
            Directory.Exists(folder).ShouldBeFalse();
            File.Exists(folder + ".lock").ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Of_processes_that_start_together_one_builds_the_template()
    {
        Script(SlowSchema);
        var settings = await SettingsAsync("schema.sql");
        var runs = Enumerable.Range(0, 4).Select(_ => Start(settings, UniqueName())).ToArray();

        await Task.WhenAll(runs.Select(run => run.FinishAsync(CancellationToken)));

        var templates = runs.SelectMany(run => run.Lines).Where(line => line.StartsWith("template", StringComparison.Ordinal)).ToArray();
        templates.Count(line => line.StartsWith("template False", StringComparison.Ordinal)).ShouldBe(1);
        templates.Select(line => line.Split(' ')[2]).Distinct().Count().ShouldBe(1);
        foreach (var run in runs)
            run.Dispose();
    }
}
