using ConcurrentTesting.Databases.Server;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>Cleaning removes what is ours and nobody uses, on the server and on this machine, and nothing else.</summary>
[Collection("PostgreSQL")]
public sealed class CleaningTests(DatabaseServers servers) : PostgreSqlFixture(servers)
{
    [Fact]
    public async Task The_role_that_a_killed_run_built_its_template_by_goes_with_what_it_owns()
    {
        var settings = await SettingsAsync() with { TemporaryDirectory = Path.Combine(Folder.Path, "temporary") };
        var role = OwnDatabaseName.OfRun(UniqueName(), "template").ToString();
        var halfBuilt = OwnDatabaseName.OfTemplate($"{UniqueName()}0123456789abcdef", "main").ToString();
        await AdminAsync($"CREATE ROLE {role} LOGIN");
        await AdminAsync($"CREATE DATABASE {halfBuilt} OWNER {role}");
        await AdminAsync("CREATE ROLE ct_r_somebodys_own");
        try
        {
            (await CleanAsync(settings with { DryRun = true })).ShouldBeEmpty();
            Log.Text.ShouldContain($"template builder's account {role}: would be removed");

            (await CleanAsync(settings)).ShouldBeEmpty();

            (await AdminAsync($"SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolname IN ('{role}', 'ct_r_somebodys_own')")).ShouldBe("ct_r_somebodys_own");
            (await ExistsAsync(halfBuilt)).ShouldBeFalse();
        }
        finally
        {
            await AdminAsync("DROP ROLE ct_r_somebodys_own");
        }
    }

    [Fact]
    public async Task Files_of_templates_and_kept_databases_go_too()
    {
        Script("CREATE TABLE book (id int);");
        var settings = await SettingsAsync("schema.sql") with
        {
            Database = DatabaseEngine.Sqlite,
            ConnectionString = null,
            KeepFailed = true,
            TemporaryDirectory = Path.Combine(Folder.Path, "temporary"),
        };
        await using (var ended = await PreparedAsync(settings, "0123456789"))
            await ended.KeepAsync(await ended.LeaseAsync(0, CancellationToken), "BookTests.Fails", CancellationToken);
        var somebodys = Folder.Write("temporary/kept/copy of the evidence.db", "");

        (await CleanAsync(settings)).ShouldBeEmpty();

        Directory.EnumerateFiles(settings.TemporaryDirectory, "*.db*", SearchOption.AllDirectories).ShouldBe([somebodys]);
    }

    [Theory]
    [InlineData("Host=198.51.100.1;Username=app", ConcurrentTestExitCode.Refused, "refused: the database server 198.51.100.1 is neither this machine")]
    [InlineData("Host=127.0.0.1;Port=9;Username=app", ConcurrentTestExitCode.Incomplete, "cleaning the database server failed: ")]
    public async Task Where_the_server_is_elsewhere_or_does_not_answer_nothing_is_removed_here_either(string server, ConcurrentTestExitCode exitCode, string message)
    {
        var settings = await SettingsAsync() with { TemporaryDirectory = Path.Combine(Folder.Path, "temporary"), MaxRetries = 0 };
        var kept = Folder.Write("temporary/kept/0123456789-main-w0-1.db", "");

        var failure = await Should.ThrowAsync<ConcurrentTestException>(CleanAsync(settings with { ConnectionString = server }));

        failure.ExitCode.ShouldBe(exitCode, failure.Message);
        failure.Message.ShouldStartWith(message);
        File.Exists(kept).ShouldBeTrue();
        (await CleanAsync(settings with { ConnectionString = null })).ShouldBeEmpty();
        File.Exists(kept).ShouldBeFalse();
    }

    [Fact]
    public async Task A_standby_is_not_cleaned()
    {
        await using var standby = await Servers.StartPostgreSqlAsync(["-c", "wal_level=replica", "-c", "max_wal_senders=10"], "standby.signal");
        var settings = await SettingsAsync() with { ConnectionString = standby.ConnectionString, TemporaryDirectory = Path.Combine(Folder.Path, "temporary") };

        var failure = await Should.ThrowAsync<ConcurrentTestException>(CleanAsync(settings));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Refused);
        failure.Message.ShouldContain("is in recovery (a standby)");
    }

    [Fact]
    public async Task What_resists_is_named()
    {
        var dead = OwnDatabaseName.OfRun(UniqueName(), "main_w0_1").ToString();
        await AdminAsync($"CREATE DATABASE {dead} IS_TEMPLATE true");
        var settings = await SettingsAsync() with { TemporaryDirectory = Path.Combine(Folder.Path, "temporary") };
        try
        {
            await using (var session = await OpenAsync(dead))
            await using (var command = new NpgsqlCommand($"BEGIN; CREATE TABLE book (id int); PREPARE TRANSACTION '{dead}'", session))
                await command.ExecuteNonQueryAsync(CancellationToken);

            (await CleanAsync(settings)).ShouldBe([dead]);

            Log.Text.ShouldMatch($@"run's database {dead} \([^)]*\): could not be removed");
        }
        finally
        {
            await using (var session = await OpenAsync(dead))
            await using (var command = new NpgsqlCommand($"ROLLBACK PREPARED '{dead}'", session))
                await command.ExecuteNonQueryAsync(CancellationToken);
            await AdminAsync($"ALTER DATABASE {dead} IS_TEMPLATE false");
            await AdminAsync($"DROP DATABASE {dead}");
        }
    }

    private Task<IReadOnlyList<string>> CleanAsync(ConcurrentTestSettings settings) => ConcurrentTestCleaning.RunAsync(settings, Log, CancellationToken);
}
