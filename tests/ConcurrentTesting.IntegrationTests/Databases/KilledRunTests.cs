using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>What a run leaves that is killed, and what the next one makes of it: real processes and SIGKILL.</summary>
[Collection("PostgreSQL")]
public sealed class KilledRunTests(DatabaseServers servers) : PostgreSqlFixture(servers)
{
    [Theory]
    [InlineData("end renew")]
    [InlineData("end lease")]
    public async Task An_SQLite_runs_folder_is_removed_by_the_next_run(string moment)
    {
        Script("CREATE TABLE book (id int);");
        var settings = await SettingsAsync("schema.sql") with { Database = DatabaseEngine.Sqlite, ConnectionString = null };
        var dead = UniqueName();
        await KillAtAsync(settings, dead, moment, 0);
        var folders = RunFolder.Roots(settings.TemporaryDirectory).Select(root => Path.Combine(root, dead)).ToList();
        folders.Where(Directory.Exists).ShouldHaveSingleItem();

        await using (await PreparedAsync(settings))
        {
        }

        foreach (var folder in folders)
        {
            Directory.Exists(folder).ShouldBeFalse();
            File.Exists(folder + ".lock").ShouldBeFalse();
        }
    }
}
