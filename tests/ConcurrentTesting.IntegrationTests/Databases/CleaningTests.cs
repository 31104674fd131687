using ConcurrentTesting.Databases.Server;
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

    private Task<IReadOnlyList<string>> CleanAsync(ConcurrentTestSettings settings) => ConcurrentTestCleaning.RunAsync(settings, Log, CancellationToken);
}
