using System.Diagnostics;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Throwaway;
using MySqlConnector;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

[Collection("MySQL")]
public sealed class MySqlThrowawayServerTests(DatabaseServers servers) : MySqlFixture(servers)
{
    [Fact]
    public async Task Without_a_connection_string_a_private_server_is_started_and_leaves_nothing()
    {
        Script("CREATE TABLE book (id INT);");
        string folder;
        await using (var databases = await PreparedAsync(await ThrowawayAsync("schema.sql")))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            (await QueryAsync(lease, "SELECT COUNT(*) FROM book")).ShouldBe(0L);
            (await QueryAsync(lease, "SELECT CONCAT_WS(' ', @@bind_address, @@log_bin, @@innodb_flush_log_at_trx_commit)")).ShouldBe("127.0.0.1 OFF 0");
            folder = await FolderOfAsync(lease);
            ProcessList.Mentioning(folder).ShouldNotBeEmpty();
        }

        Directory.Exists(folder).ShouldBeFalse();
        ProcessList.Mentioning(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task It_lets_nobody_in_without_the_password_of_this_start_which_no_command_line_and_no_log_shows()
    {
        Script("CREATE TABLE book (id INT);");
        await using var databases = await PreparedAsync(await ThrowawayAsync("schema.sql"));
        var lease = await databases.LeaseAsync(0, CancellationToken);
        var connection = new MySqlConnectionStringBuilder(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"]);

        var failure = await Should.ThrowAsync<MySqlException>(QueryAsync(new MySqlConnectionStringBuilder(connection.ConnectionString) { Password = "", Pooling = false }.ConnectionString, "SELECT 1"));

        failure.ErrorCode.ShouldBe(MySqlErrorCode.AccessDenied);
        connection.Password.Length.ShouldBe(32);
        ProcessList.Mentioning(connection.Password).ShouldBeEmpty();
        Log.Text.ShouldNotContain(connection.Password);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path.Combine(await FolderOfAsync(lease), "data")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task The_kept_data_directory_has_the_template_in_it()
    {
        Script("CREATE TABLE book (id INT); INSERT INTO book VALUES (1);");
        var settings = await ThrowawayAsync("schema.sql");
        await using (var first = await PreparedAsync(settings))
            first.Record!.TemplateHit.ShouldBe(false);

        await using var second = await PreparedAsync(settings);
        var lease = await second.LeaseAsync(0, CancellationToken);

        second.Record!.TemplateHit.ShouldBe(true);
        (await QueryAsync(lease, "SELECT COUNT(*) FROM book")).ShouldBe(1L);
    }

    [Fact]
    public async Task With_a_server_for_each_worker_what_belongs_to_the_server_is_private_too()
    {
        Script("CREATE TABLE book (id INT);");
        await using var databases = await PreparedAsync(await ThrowawayAsync("schema.sql") with { Isolation = DatabaseIsolation.Server, Workers = 2 });

        var leases = await Task.WhenAll(databases.LeaseAsync(0, CancellationToken), databases.LeaseAsync(1, CancellationToken));
        await QueryAsync(leases[0], "SET GLOBAL max_connections = 77");

        (await QueryAsync(leases[0], "SELECT @@max_connections")).ShouldBe(77L);
        (await QueryAsync(leases[1], "SELECT @@max_connections")).ShouldBe(500L);
        var folder = await FolderOfAsync(leases[0]);
        await databases.ReleaseAsync(leases[0], CancellationToken);
        ProcessList.Mentioning(folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task Settings_hold_in_every_session_and_leave_our_own_alone()
    {
        Script("CREATE TABLE book (id INT);");
        var settings = await ThrowawayAsync("schema.sql") with
        {
            DatabaseSettings = ["max_statement_time=3.5", "sql_mode=ANSI_QUOTES", "foreign_key_checks=OFF", "group_concat_max_len=12345", "lock_wait_timeout=1"],
        };
        await using var databases = await PreparedAsync(settings);

        var lease = await databases.LeaseAsync(0, CancellationToken);

        (await QueryAsync(lease, "SELECT CONCAT_WS(' ', @@max_statement_time, @@sql_mode, @@foreign_key_checks, @@group_concat_max_len)")).ShouldBe("3.500000 ANSI_QUOTES OFF 12345");
        await databases.ReleaseAsync(lease, CancellationToken);
        databases.Record!.DropTimes.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("no_such_setting=1", "Unknown system variable 'no_such_setting'")]
    [InlineData("port=1", "read only variable")]
    [InlineData("max_connections=many", "Incorrect argument type")]
    public async Task A_wrong_setting_is_named(string setting, string why)
    {
        await using var databases = Create(await ThrowawayAsync() with { DatabaseSettings = [setting] });
        await databases.CheckAsync(CancellationToken);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldContain($"'{setting}'");
        failure.Message.ShouldContain(why);
    }

    [Fact]
    public async Task A_failing_script_names_itself_and_leaves_no_server()
    {
        Script("SELECT nonsense;");
        var run = UniqueName();
        await using (var databases = Create(await ThrowawayAsync("schema.sql"), run))
        {
            await databases.CheckAsync(CancellationToken);
            (await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken))).Message.ShouldContain("Unknown column 'nonsense'");
        }

        ThrowawayServers.Roots.Select(root => Path.Combine(root, run)).ShouldNotContain(folder => Directory.Exists(folder) || ProcessList.Mentioning(folder).Length > 0);
    }

    [Fact]
    public async Task Missing_programs_are_an_error_that_says_what_to_install()
    {
        await using var databases = Create(await ThrowawayAsync() with { ServerBinaries = Folder.Path });

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.Message.ShouldContain($"--test-server-binaries '{Folder.Path}' has no mariadbd or mysqld");
        failure.Message.ShouldContain("apt-get install mariadb-server");
    }

    [Fact]
    public async Task A_throwaway_servers_data_is_kept_and_the_printed_command_opens_it()
    {
        Script("CREATE TABLE book (id INT);");
        // Where the server's own user gets to, who is not root, by a path that is short enough for a socket.
        using var folder = new PublicFolder();
        string how;
        await using (var databases = await PreparedAsync(await ThrowawayAsync("schema.sql") with { KeepFailed = true, TemporaryDirectory = folder.Path }))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            await QueryAsync(lease, "INSERT INTO book VALUES (42)");
            await databases.KeepAsync(lease, "BookTests.Fails", CancellationToken);
            how = databases.Record!.Kept.ShouldHaveSingleItem().How;
        }

        // As a person would, with a pause for the server to come up.
        var command = how.Replace(" & mariadb", " >/dev/null 2>&1 & for i in $(seq 200); do mariadb", StringComparison.Ordinal)
            + " -N -B -e 'SELECT id FROM book; SHUTDOWN' 2>/dev/null && break; sleep 0.05; done";
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardOutput = true })!;
        var output = await shell.StandardOutput.ReadToEndAsync(CancellationToken);
        await shell.WaitForExitAsync(CancellationToken);
        output.Trim().ShouldBe("42", how);
        await Eventually.BeAsync(() => ProcessList.Mentioning(folder.Path).Length == 0, "the server ends", CancellationToken);
    }

    private async Task<ConcurrentTestSettings> ThrowawayAsync(params string[] template) => await SettingsAsync(template) with { ConnectionString = null };

    private static async Task<string> FolderOfAsync(DatabaseLease lease) =>
        Path.GetDirectoryName(((string)(await QueryAsync(lease, "SELECT @@datadir"))!).TrimEnd('/'))!;
}
