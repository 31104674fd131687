using ConcurrentTesting.Databases.MySql;
using MySqlConnector;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

[Collection("MySQL")]
public sealed class MySqlGuardTests(DatabaseServers servers) : MySqlFixture(servers)
{
    private static readonly string[] NeededRights =
    [
        "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES", "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE",
        "EXECUTE", "TRIGGER", "EVENT",
    ];

    public static TheoryData<string> Rights => [.. NeededRights];

    [Theory]
    [MemberData(nameof(Rights))]
    public async Task Each_right_that_is_missing_is_named_with_its_remedy(string missing)
    {
        var user = await UserAsync($@"{string.Join(", ", NeededRights.Where(right => right != missing))} ON `ct\_%`.*");

        (await RefusedAsync(await SettingsAsync(user, Script("SELECT 1;"))))
            .ShouldBe($@"the right {missing} on our own databases is missing: GRANT {missing} ON `ct\_%`.* TO `{user}`@`%`");
    }

    [Fact]
    public async Task A_session_that_may_be_seen_and_not_ended_does_not_stop_the_others_from_being_ended()
    {
        var (database, user) = ($"ct_{UniqueName()}", await UserAsync(DocumentedRights, "PROCESS ON *.*"));
        await AdminAsync($"CREATE DATABASE {database}");
        await using var foreign = new MySqlConnection($"{await Servers.MySqlAsync()};Database={database};Pooling=False");
        await foreign.OpenAsync(CancellationToken);
        await using var own = new MySqlConnection($"{(await SettingsAsync(user, Script("SELECT 1;"))).ConnectionString};Database={database};Pooling=False");
        await own.OpenAsync(CancellationToken);
        await using var admin = MySqlAdmin.Create((await SettingsAsync(user, Script("SELECT 1;"))).ConnectionString!);

        (await new MySqlSessions(admin).EndAsync(database, CancellationToken)).ShouldBe(2);

        await Should.ThrowAsync<MySqlException>(() => ExecuteAsync(own, "SELECT 1"));
        await ExecuteAsync(foreign, "SELECT 1");
        await AdminAsync($"DROP DATABASE {database}");
    }

    [Fact]
    public async Task Without_any_right_all_are_asked_for_at_once()
    {
        var user = await UserAsync();

        (await RefusedAsync(await SettingsAsync(user, Script("SELECT 1;")))).ShouldEndWith($@"are missing: GRANT ALL ON `ct\_%`.* TO `{user}`@`%`");
    }

    [Fact]
    public async Task The_rights_that_are_asked_for_are_enough()
    {
        var user = await UserAsync(DocumentedRights);
        var template = Script("""
            CREATE TABLE book (id INT AUTO_INCREMENT PRIMARY KEY); CREATE SEQUENCE numbers; CREATE VIEW books AS SELECT id FROM book;
            CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1; CREATE TRIGGER seen BEFORE INSERT ON book FOR EACH ROW SET @seen = 1;
            CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM book;
            """);
        var settings = await SettingsAsync(user, template);
        await using var databases = await PreparedAsync(settings with { KeepFailed = true });
        var lease = await databases.LeaseAsync(0, CancellationToken);

        (await QueryAsync(lease, "INSERT INTO book VALUES (); SELECT CONCAT(CURRENT_USER(), ' ', one(), ' ', (SELECT COUNT(*) FROM books)) FROM book")).ShouldBe($"{user}@% 1 1");
        await using var left = new MySqlConnection(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"]);
        await left.OpenAsync(CancellationToken);
        await ExecuteAsync(left, "START TRANSACTION; INSERT INTO book VALUES ()");
        await databases.ReleaseAsync(lease, CancellationToken);
        (await ExistsAsync(lease.Database!)).ShouldBeFalse();
        await databases.KeepAsync(await databases.LeaseAsync(1, CancellationToken), "BookTests.Fails", CancellationToken);
        (await ExistsAsync(databases.Record!.Kept[0].Name)).ShouldBeTrue();
        await using (var second = await PreparedAsync(settings))
            second.Record!.TemplateHit.ShouldBe(true);
    }

    [Theory]
    [InlineData("SELECT", "`{0}`.*", "on the database '{0}'")]
    [InlineData("SHOW VIEW", "`{0}`.*", "on the database '{0}'")]
    [InlineData("TRIGGER", "`{0}`.*", "on the database '{0}'")]
    [InlineData("EVENT", "`{0}`.*", "on the database '{0}'")]
    [InlineData("SELECT", "`mysql`.`proc`", "to read routines")]
    public async Task A_missing_right_to_copy_the_source_is_named_with_its_remedy(string missing, string on, string where)
    {
        var source = UniqueName();
        await AdminAsync($"CREATE DATABASE {source}");
        var grants = new[] { ("SELECT", "`{0}`.*"), ("SHOW VIEW", "`{0}`.*"), ("TRIGGER", "`{0}`.*"), ("EVENT", "`{0}`.*"), ("SELECT", "`mysql`.`proc`") }
            .Where(grant => grant != (missing, on)).Select(grant => $"{grant.Item1} ON {Filled(grant.Item2)}");
        var user = await UserAsync([DocumentedRights, .. grants]);

        (await RefusedAsync(await SettingsAsync(user, $"db:{source}"))).ShouldBe($"the right {missing} {Filled(where)} is missing: GRANT {missing} ON {Filled(on)} TO `{user}`@`%`");

        string Filled(string text) => text.Replace("{0}", source, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_rights_that_are_asked_for_a_copy_are_enough_and_objects_of_others_become_ours()
    {
        var source = UniqueName();
        await AdminAsync($"""
            CREATE DATABASE {source}; USE {source};
            CREATE TABLE book (id INT); INSERT INTO book VALUES (1); CREATE VIEW books AS SELECT id FROM book; CREATE PROCEDURE p() SELECT 1;
            CREATE TRIGGER seen BEFORE INSERT ON book FOR EACH ROW SET NEW.id = 7; CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM book;
            """);
        var user = await UserAsync(DocumentedRights, $"SELECT, SHOW VIEW, TRIGGER, EVENT ON {source}.*", "SELECT ON mysql.proc");
        await using var databases = await PreparedAsync(await SettingsAsync(user, $"db:{source}"));

        var lease = await databases.LeaseAsync(0, CancellationToken);

        (await QueryAsync(lease, "INSERT INTO book VALUES (2); SELECT GROUP_CONCAT(id ORDER BY id) FROM books")).ShouldBe("1,7");
        (await AdminAsync($"SELECT GROUP_CONCAT(DISTINCT definer) FROM (SELECT definer FROM information_schema.views WHERE table_schema = '{lease.Database}' UNION SELECT definer FROM "
            + $"information_schema.routines WHERE routine_schema = '{lease.Database}' UNION SELECT definer FROM information_schema.triggers WHERE trigger_schema = '{lease.Database}' "
            + $"UNION SELECT definer FROM information_schema.events WHERE event_schema = '{lease.Database}') o")).ShouldBe($"{user}@%");
        Log.Text.ShouldContain($"In copies, procedure p, view books, trigger seen, event e belong to {user}@% instead of root@127.0.0.1");
    }

    [Fact]
    public async Task A_routine_that_cannot_be_read_is_never_lost_in_silence()
    {
        // Rights that show a routine and hide its text: the catalog answers without an error.
        var user = await UserAsync(DocumentedRights);
        Script("CREATE TABLE book (id INT);");
        await using var databases = await PreparedAsync(await SettingsAsync(user, "schema.sql"));
        var template = databases.Record!.Template;
        await AdminAsync($"CREATE PROCEDURE {template}.hidden() SELECT 1");

        await using var second = Create(await SettingsAsync(user, "schema.sql"));
        var failure = await Should.ThrowAsync<ConcurrentTestException>(second.PrepareAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Refused);
        failure.Message.ShouldStartWith($"the procedure hidden in {template} cannot be read, so it would be missing in every copy: the right to read routines is missing: ");
        await databases.DisposeAsync();
        await AdminAsync($"DROP DATABASE {template}");
    }

    [Fact]
    public async Task A_source_that_is_not_there_is_a_bad_setting()
    {
        await using var databases = Create(await SettingsAsync("db:no_such"));

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldStartWith("--test-template 'db:no_such': there is no such database at 127.0.0.1:");
    }

    [Fact]
    public async Task A_wrong_password_is_a_bad_setting_and_not_repeated()
    {
        var user = await UserAsync();
        var given = new MySqlConnectionStringBuilder(await Servers.MySqlAsync()) { UserID = user, Password = "wrong-secret" };
        await using var databases = Create(await SettingsAsync() with { ConnectionString = given.ConnectionString });

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldContain($"refuses user '{user}'");
        failure.ToString().ShouldNotContain("wrong-secret");
    }

    [Fact]
    public async Task A_read_only_server_is_refused_unless_that_is_allowed()
    {
        await using var server = await Servers.StartMySqlAsync(["--read-only"]);
        var settings = await SettingsAsync() with { ConnectionString = server.ConnectionString };

        (await RefusedAsync(settings)).ShouldEndWith("is read only; use a server for tests, or allow it with --test-allow standby-server");
        var allowed = Create(settings with { Allow = ["standby-server"] });
        await using (allowed)
            await allowed.CheckAsync(CancellationToken);
        allowed.Record!.Overrides.ShouldHaveSingleItem().ShouldStartWith("standby-server: MariaDB at 127.0.0.1:");
    }

    [Fact]
    public async Task A_server_that_others_replicate_from_is_refused_and_so_is_the_other()
    {
        await using var source = await Servers.StartMySqlAsync(["--log-bin=changes", "--server-id=1"]);
        await using var replica = await Servers.StartMySqlAsync(["--server-id=2"]);
        var at = new MySqlConnectionStringBuilder(source.ConnectionString);
        // From now on: what came before would give the replica the source's password.
        var position = await QueryAsync(source.ConnectionString, "SELECT @@gtid_binlog_pos");
        await QueryAsync(
            replica.ConnectionString,
            $"SET GLOBAL gtid_slave_pos = '{position}'; CHANGE MASTER TO MASTER_USE_GTID = slave_pos, MASTER_HOST = '127.0.0.1', MASTER_PORT = {at.Port}, MASTER_USER = 'root', MASTER_PASSWORD = '{at.Password}', MASTER_CONNECT_RETRY = 1; START SLAVE");
        await Eventually.BeAsync(() => Reads(source, "Slaves_connected") == "1" && Reads(replica, "Slaves_running") == "1", "the replica is there", CancellationToken);

        (await RefusedAsync(await SettingsAsync() with { ConnectionString = source.ConnectionString })).ShouldContain("has 1 replica;");
        (await RefusedAsync(await SettingsAsync() with { ConnectionString = replica.ConnectionString })).ShouldContain("replicates from another server");

        static string Reads(OwnServer server, string variable)
        {
            using var connection = new MySqlConnection(server.ConnectionString);
            connection.Open();
            using var command = new MySqlCommand($"SELECT variable_value FROM information_schema.global_status WHERE variable_name = '{variable}'", connection);
            return (string)command.ExecuteScalar()!;
        }
    }

    [Fact]
    public async Task A_server_elsewhere_is_refused_before_it_is_spoken_to()
    {
        // An address that is reserved for documentation: nobody is there.
        var settings = await SettingsAsync() with { ConnectionString = "Server=198.51.100.1;User ID=app;Password=hidden-secret", MaxRetries = 0 };

        (await RefusedAsync(settings)).ShouldBe("refused: the database server 198.51.100.1 is neither this machine nor a container beside it; "
            + "name it with --test-allowed-hosts 198.51.100.1, or allow it with --test-allow remote-server");
    }

    [Fact]
    public async Task A_script_that_reaches_beyond_its_database_is_refused_with_file_and_line_before_anything_exists()
    {
        Script("CREATE TABLE book (id INT);\n\nuse /* the */ mysql;", "db/1.sql");

        (await RefusedAsync(await SettingsAsync("db"))).ShouldBe(
            "refused: db/1.sql:3: USE reaches beyond the template's own database; leave it out, or allow it with --test-allow reaching-sql");
    }

    [Theory]
    [InlineData("lock_wait_timeout=5")]
    [InlineData("sql_mode=")]
    public async Task Settings_of_a_server_that_is_not_ours_are_refused_with_a_way_out(string setting)
    {
        await using var databases = Create(await SettingsAsync() with { DatabaseSettings = [setting] });

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldStartWith($"--test-database-settings '{setting}': MySQL has no settings of single databases");
    }

    [Theory]
    [InlineData("Server=localhost;Nonsense=secret-value", "cannot be read")]
    [InlineData("mysql://app:secret-value@localhost/db", "is a URI")]
    [InlineData("User ID=app;Password=secret-value", "has to name one server")]
    [InlineData("Server=one,two;Password=secret-value", "has to name one server")]
    public async Task A_connection_string_that_is_none_is_a_bad_setting_and_not_repeated(string connectionString, string why)
    {
        var settings = await SettingsAsync() with { ConnectionString = connectionString };

        var failure = Should.Throw<ConcurrentTestException>(() => Create(settings));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldContain(why);
        failure.ToString().ShouldNotContain("secret-value");
    }

    private async Task<string> RefusedAsync(ConcurrentTestSettings settings)
    {
        await using var databases = Create(settings);
        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));
        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Refused, failure.Message);
        return failure.Message;
    }
}
