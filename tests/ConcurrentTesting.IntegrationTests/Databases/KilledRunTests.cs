using ConcurrentTesting.Databases.Throwaway;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>What a run leaves that is killed, and what the next one makes of it: real processes and SIGKILL.</summary>
[Collection("PostgreSQL")]
public sealed class KilledRunTests(DatabaseServers servers) : PostgreSqlFixture(servers)
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

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task On_a_shared_server_the_next_run_removes_everything_and_a_living_run_is_untouched(string moment, int milliseconds)
    {
        Script("CREATE TABLE book (id int); SELECT pg_sleep(0.2);");
        var settings = await SettingsAsync("schema.sql");
        await using var living = await PreparedAsync(settings with { Template = [], TemplateCache = false });
        var untouched = await living.LeaseAsync(0, CancellationToken);
        var dead = UniqueName();
        await KillAtAsync(settings, dead, moment, milliseconds);

        await using (var next = await PreparedAsync(settings))
            (await QueryAsync(await next.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM book")).ShouldBe(0L);

        (await AdminAsync($"SELECT count(*) FROM pg_database WHERE datname LIKE 'ct\\_r\\_{dead}\\_%'")).ShouldBe(0L);
        (await ExistsAsync(untouched.Database!)).ShouldBeTrue();
        (await ExistsAsync(living.Record!.Template!)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("begin prepare", 300)]
    [InlineData("end prepare", 0)]
    [InlineData("end lease", 0)]
    [InlineData("begin dispose", 5)]
    public async Task A_throwaway_server_dies_with_its_run_and_the_next_run_removes_its_folder(string moment, int milliseconds)
    {
        Script("CREATE TABLE book (id int);");
        var settings = await SettingsAsync("schema.sql") with { ConnectionString = null };
        var dead = UniqueName();
        await KillAtAsync(settings, dead, moment, milliseconds);

        await using (await PreparedAsync(settings))
        {
        }

        foreach (var folder in ThrowawayServers.Roots.Select(root => Path.Combine(root, dead)))
        {
            ProcessList.Mentioning(folder).ShouldBeEmpty();
            Directory.Exists(folder).ShouldBeFalse();
            File.Exists(folder + ".lock").ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData("end prepare")]
    [InlineData("end lease")]
    public async Task An_SQLite_runs_folder_is_removed_by_the_next_run(string moment)
    {
        Script("CREATE TABLE book (id int);");
        var settings = await SettingsAsync("schema.sql") with { Database = DatabaseEngine.Sqlite, ConnectionString = null };
        var dead = UniqueName();
        await KillAtAsync(settings, dead, moment, 0);

        await using (await PreparedAsync(settings))
        {
        }

        foreach (var folder in RunFolder.Roots(settings.TemporaryDirectory).Select(root => Path.Combine(root, dead)))
        {
            Directory.Exists(folder).ShouldBeFalse();
            File.Exists(folder + ".lock").ShouldBeFalse();
        }
    }

    [Fact]
    public async Task Of_processes_that_start_together_one_builds_the_template()
    {
        Script("CREATE TABLE book (id int); SELECT pg_sleep(0.5);");
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
