using System.Diagnostics;
using ConcurrentTesting.Databases.Leases;
using MySqlConnector;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

[Collection("MySQL")]
public sealed class MySqlThrowawayServerTests(DatabaseServers servers) : MySqlFixture(servers)
{
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
