using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Throwaway;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

public sealed class ThrowawayServerTests(DatabaseServers servers) : PostgreSqlFixture(servers)
{
    [Fact]
    public async Task Without_a_connection_string_a_private_server_is_started_and_leaves_nothing()
    {
        Script("CREATE TABLE book (id int);");
        string folder;
        await using (var databases = await PreparedAsync(await ThrowawayAsync("schema.sql")))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            (await QueryAsync(lease, "SELECT count(*) FROM book")).ShouldBe(0L);
            (await QueryAsync(lease, "SHOW listen_addresses")).ShouldBe("");
            folder = FolderOf(lease);
            ProcessList.Mentioning(folder).ShouldNotBeEmpty();
        }

        Directory.Exists(folder).ShouldBeFalse();
        ProcessList.Mentioning(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task One_that_listens_is_reached_by_host_port_and_a_password_that_is_needed()
    {
        Script("CREATE TABLE book (id int);");
        var settings = await ThrowawayAsync("schema.sql") with { ServerListen = ServerListen.Tcp, KeepFailed = true };
        await using var databases = await PreparedAsync(settings);
        var lease = await databases.LeaseAsync(0, CancellationToken);
        var connection = new NpgsqlConnectionStringBuilder(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"]);

        (connection.Host, connection.Username).ShouldBe(("127.0.0.1", "postgres"));
        (await QueryAsync(lease, "SELECT count(*) FROM book")).ShouldBe(0L);
        (await QueryAsync(lease, "SHOW listen_addresses")).ShouldBe("127.0.0.1");
        foreach (var wrong in new[] { "", "wrong" })
        {
            var refused = new NpgsqlConnectionStringBuilder(connection.ConnectionString) { Password = wrong, Pooling = false };
            await Should.ThrowAsync<NpgsqlException>(QueryAsync(refused.ConnectionString, "SELECT 1"), wrong);
        }

        Log.Text.ShouldNotContain(connection.Password!);
        ProcessList.Mentioning(connection.Password!).ShouldBeEmpty();
        await databases.KeepAsync(lease, "BookTests.Fails", CancellationToken);
        databases.Record!.Kept[0].How.ShouldMatch(@"psql -h /\S+ -p 5432 -U postgres ct_k_");
    }

    [Fact]
    public async Task The_kept_data_directory_has_the_template_in_it()
    {
        Script("CREATE TABLE book (id int); INSERT INTO book VALUES (1);");
        var settings = await ThrowawayAsync("schema.sql");
        await using (var first = await PreparedAsync(settings))
            first.Record!.TemplateHit.ShouldBe(false);

        await using var second = await PreparedAsync(settings);
        var lease = await second.LeaseAsync(0, CancellationToken);

        second.Record!.TemplateHit.ShouldBe(true);
        (await QueryAsync(lease, "SELECT count(*) FROM book")).ShouldBe(1L);
    }

    [Fact]
    public async Task With_a_server_for_each_worker_what_belongs_to_the_server_is_private_too()
    {
        Script("CREATE TABLE book (id int);");
        await using var databases = await PreparedAsync(await ThrowawayAsync("schema.sql") with { Isolation = DatabaseIsolation.Server, Workers = 2 });

        var leases = await Task.WhenAll(databases.LeaseAsync(0, CancellationToken), databases.LeaseAsync(1, CancellationToken));
        await QueryAsync(leases[0], "CREATE ROLE only_here");

        (await QueryAsync(leases[0], "SELECT count(*) FROM pg_roles WHERE rolname = 'only_here'")).ShouldBe(1L);
        (await QueryAsync(leases[1], "SELECT count(*) FROM pg_roles WHERE rolname = 'only_here'")).ShouldBe(0L);
        var folder = FolderOf(leases[0]);
        await databases.ReleaseAsync(leases[0], CancellationToken);
        ProcessList.Mentioning(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_failing_script_names_itself_and_leaves_no_server()
    {
        Script("SELECT 1 / 0;");
        var run = UniqueName();
        await using (var databases = Create(await ThrowawayAsync("schema.sql"), run))
        {
            await databases.CheckAsync(CancellationToken);
            (await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken))).Message.ShouldContain("division by zero");
        }

        ThrowawayServers.Roots.Select(root => Path.Combine(root, run)).ShouldNotContain(folder => Directory.Exists(folder) || ProcessList.Mentioning(folder).Length > 0);
    }

    [Fact]
    public async Task Missing_programs_are_an_error_that_says_what_to_install()
    {
        await using var databases = Create(await ThrowawayAsync() with { ServerBinaries = Folder.Path });

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.Message.ShouldContain($"--test-server-binaries '{Folder.Path}' has no postgres and initdb");
        failure.Message.ShouldContain("apt-get install postgresql");
    }

    [Fact]
    public async Task A_template_from_an_existing_database_needs_a_server()
    {
        var settings = await ThrowawayAsync("db:orders");

        Should.Throw<ConcurrentTestException>(() => Create(settings)).Message.ShouldContain("needs the server that has this database");
    }

    private async Task<ConcurrentTestSettings> ThrowawayAsync(params string[] template) => await SettingsAsync(template) with { ConnectionString = null };

    private static string FolderOf(DatabaseLease lease) =>
        new NpgsqlConnectionStringBuilder(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"]).Host!;
}
