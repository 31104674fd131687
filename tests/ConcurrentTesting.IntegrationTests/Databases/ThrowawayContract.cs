using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Throwaway;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>What holds of every kind of throwaway server.</summary>
public abstract class ThrowawayContract(DatabaseServers servers) : ServerFixture(servers)
{
    [Fact]
    public async Task Without_a_connection_string_a_private_server_is_started_and_leaves_nothing()
    {
        Script(Book);
        string folder;
        await using (var databases = await PreparedAsync(await ThrowawayAsync("schema.sql")))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            (await CountAsync(lease)).ShouldBe(0L);
            (await QueryAsync(lease, Server.Private.Query)).ShouldBe(Server.Private.Answer);
            folder = await FolderOfAsync(lease);
            ProcessList.Mentioning(folder).ShouldNotBeEmpty();
        }

        Directory.Exists(folder).ShouldBeFalse();
        ProcessList.Mentioning(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task On_a_server_that_is_only_the_runs_a_template_may_reach_everything()
    {
        var hidden = Server.Engine == DatabaseEngine.PostgreSql ? "DO $$ BEGIN EXECUTE 'CREATE ROLE boss'; END $$;" : "EXECUTE IMMEDIATE 'CREATE ROLE boss';";
        Script($"{Book} CREATE DATABASE elsewhere; {hidden}");

        await using var databases = await PreparedAsync(await ThrowawayAsync("schema.sql"));

        var lease = await databases.LeaseAsync(0, CancellationToken);
        (await QueryAsync(lease, $"SELECT COUNT(*) FROM ({Server.Databases}) d WHERE d.name = 'elsewhere'")).ShouldBe(1L);
        databases.Record!.Overrides.ShouldBeEmpty();
        Log.Text.ShouldNotContain("a list of words");
    }

    [Fact]
    public async Task The_kept_data_directory_has_the_template_in_it()
    {
        Script($"{Book} INSERT INTO book VALUES (1);");
        var settings = await ThrowawayAsync("schema.sql");
        await using (var first = await PreparedAsync(settings))
            first.Record!.TemplateHit.ShouldBe(false);

        await using var second = await PreparedAsync(settings);
        var lease = await second.LeaseAsync(0, CancellationToken);

        second.Record!.TemplateHit.ShouldBe(true);
        (await CountAsync(lease)).ShouldBe(1L);
    }

    [Fact]
    public async Task With_a_server_for_each_worker_what_belongs_to_the_server_is_private_too()
    {
        Script(Book);
        await using var databases = await PreparedAsync(await ThrowawayAsync("schema.sql") with { Isolation = DatabaseIsolation.Server, Workers = 2 });

        var leases = await Task.WhenAll(databases.LeaseAsync(0, CancellationToken), databases.LeaseAsync(1, CancellationToken));
        await QueryAsync(leases[0], "CREATE DATABASE only_here");

        var count = $"SELECT COUNT(*) FROM ({Server.Databases}) d WHERE d.name = 'only_here'";
        (await QueryAsync(leases[0], count)).ShouldBe(1L);
        (await QueryAsync(leases[1], count)).ShouldBe(0L);
        var folder = await FolderOfAsync(leases[0]);
        await databases.ReleaseAsync(leases[0], CancellationToken);
        ProcessList.Mentioning(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_template_whose_files_change_while_it_is_built_serves_this_run_only() =>
        await RequireThatAChangedTemplateServesOneRunAsync(await ThrowawayAsync("schema.sql"));

    [Fact]
    public async Task Who_edits_a_script_while_tests_run_changes_nothing_on_the_servers_that_start_later()
    {
        Script(Book);
        await using var databases = await PreparedAsync(await ThrowawayAsync("schema.sql") with { Isolation = DatabaseIsolation.Server, Workers = 2 });
        Script("CREATE TABLE loan (id int);");

        var leases = await Task.WhenAll(databases.LeaseAsync(0, CancellationToken), databases.LeaseAsync(1, CancellationToken));

        foreach (var lease in leases)
            (await CountAsync(lease)).ShouldBe(0L);
    }

    [Fact]
    public async Task A_failing_script_names_itself_and_leaves_no_server()
    {
        Script("SELECT nonsense;");
        var run = UniqueName();
        await using (var databases = Create(await ThrowawayAsync("schema.sql"), run))
        {
            await databases.CheckAsync(CancellationToken);
            (await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken))).Message.ShouldContain("nonsense");
        }

        ThrowawayServers.Roots.Select(root => Path.Combine(root, run)).ShouldNotContain(folder => Directory.Exists(folder) || ProcessList.Mentioning(folder).Length > 0);
    }

    [Fact]
    public async Task Missing_programs_are_an_error_that_says_what_to_install()
    {
        await using var databases = Create(await ThrowawayAsync() with { ServerBinaries = Folder.Path });

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.Message.ShouldContain($"--test-server-binaries '{Folder.Path}' has no {Server.Programs}");
        failure.Message.ShouldContain("apt-get install");
    }

    private async Task<ConcurrentTestSettings> ThrowawayAsync(params string[] template) => await SettingsAsync(template) with { ConnectionString = null };

    private async Task<string> FolderOfAsync(DatabaseLease lease) => Path.GetDirectoryName(((string)(await QueryAsync(lease, Server.DataFolder))!).TrimEnd('/'))!;
}

public sealed class PostgreSqlThrowawayTests(DatabaseServers servers) : ThrowawayContract(servers)
{
    internal override IServerEye Server { get; } = new PostgreSqlEye(servers);
}

[Collection("MySQL")]
public sealed class MySqlThrowawayTests(DatabaseServers servers) : ThrowawayContract(servers)
{
    internal override IServerEye Server { get; } = new MySqlEye(servers);
}
