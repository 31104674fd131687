using ConcurrentTesting.Databases.Server;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

[Collection("PostgreSQL")]
public sealed class PostgreSqlSweepTests(DatabaseServers servers) : PostgreSqlFixture(servers)
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
        Script("CREATE TABLE book (id int);");
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

        await using (await PreparedAsync(await SettingsAsync()))
            (await ExistsAsync(name)).ShouldBeTrue(because);

        await AdminAsync($"DROP DATABASE {name}");
    }

    [Fact]
    public async Task A_database_of_ours_that_somebody_renamed_stays()
    {
        var (dead, renamed) = (OwnDatabaseName.OfRun(UniqueName(), "main_w0_1").ToString(), UniqueName());
        await AdminAsync($"CREATE DATABASE {dead}");
        await AdminAsync($"ALTER DATABASE {dead} RENAME TO {dead}_renamed");

        await using (await PreparedAsync(await SettingsAsync()))
            (await ExistsAsync($"{dead}_renamed")).ShouldBeTrue();

        await AdminAsync($"DROP DATABASE {dead}_renamed");
    }

    [Fact]
    public async Task Kept_templates_stay_within_ten_the_oldest_going_first_and_one_in_use_staying()
    {
        Script("CREATE TABLE oldest (id int);", "0.sql");
        await using var inUse = await PreparedAsync(await SettingsAsync("0.sql"));
        await AdminAsync($"COMMENT ON DATABASE {inUse.Record!.Template} IS 'ConcurrentTest template, last used 2001-01-01 00:00:00Z'");
        Script("CREATE TABLE older (id int);", "1.sql");
        string old;
        await using (var databases = await PreparedAsync(await SettingsAsync("1.sql")))
            old = databases.Record!.Template!;
        await AdminAsync($"COMMENT ON DATABASE {old} IS 'ConcurrentTest template, last used 2002-01-01 00:00:00Z'");

        for (var number = 2; number <= 12; number++)
        {
            Script($"CREATE TABLE book{number} (id int);", $"{number}.sql");
            await using var databases = await PreparedAsync(await SettingsAsync($"{number}.sql"));
        }

        (await ExistsAsync(inUse.Record.Template!)).ShouldBeTrue();
        (await ExistsAsync(old)).ShouldBeFalse();
    }
}
