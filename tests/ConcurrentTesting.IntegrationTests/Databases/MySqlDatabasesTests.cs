using System.Globalization;
using ConcurrentTesting.Databases.MySql;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.IntegrationTests.Samples;
using MySqlConnector;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

[Collection("MySQL")]
public sealed class MySqlDatabasesTests(DatabaseServers servers) : MySqlFixture(servers)
{
    [Fact]
    public async Task Many_tables_that_refer_to_each_other_are_cloned_side_by_side()
    {
        var tables = Enumerable.Range(0, 30).ToArray();
        Script(string.Concat(tables.Select(t => $"CREATE TABLE t{t} (id INT PRIMARY KEY, next INT);\n"))
            + string.Concat(tables.Select(t => $"ALTER TABLE t{t} ADD FOREIGN KEY (next) REFERENCES t{(t + 1) % 30} (id), ADD FOREIGN KEY (next) REFERENCES t{(t + 7) % 30} (id);\n"))
            + "SET foreign_key_checks = 0;" + string.Concat(tables.Select(t => $"INSERT INTO t{t} VALUES (1, 1);\n")));
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql") with { MaxRetries = 0 });

        var leases = await Task.WhenAll(Enumerable.Range(0, 12).Select(worker => databases.LeaseAsync(worker, CancellationToken)));

        foreach (var lease in leases)
            (await QueryAsync(lease, "SELECT SUM(t0.next + t29.next) FROM t0 JOIN t29 USING (id)")).ShouldBe(2m);
    }

    [Fact]
    public async Task A_lease_tells_the_test_process_how_to_connect()
    {
        var user = await UserAsync(DocumentedRights);
        await AdminAsync($"ALTER USER {user}@`%` IDENTIFIED BY 'pass''w;ord'");
        var given = new MySqlConnectionStringBuilder(await Servers.MySqlAsync()) { UserID = user, Password = "pass'w;ord" };
        await using var databases = await PreparedAsync(
            await SettingsAsync() with { ConnectionString = given.ConnectionString, Environment = [new("APP_DB", "{Host}|{Port}|{Username}|{Password}|{Database}|{Worker}")] });

        var lease = await databases.LeaseAsync(5, CancellationToken);

        lease.Environment["APP_DB"].ShouldBe($"127.0.0.1|{given.Port}|{user}|pass'w;ord|{lease.Database}|5");
        (await QueryAsync(lease, "SELECT CONCAT(DATABASE(), '|', SUBSTRING_INDEX(USER(), '@', 1))")).ShouldBe($"{lease.Database}|{user}");
    }

    // Writing to a unix socket fails at once where its server is gone, with another error than by TCP.
    [Fact]
    public async Task A_run_whose_server_on_a_unix_socket_was_started_again_takes_hold_again()
    {
        await using var server = await RestartingServer.StartAsync(Servers, DatabaseEngine.MySql, CancellationToken);
        var direct = server.ConnectionString + ";Pooling=False";
        await QueryAsync(direct, "CREATE USER here@localhost IDENTIFIED BY 'hidden-secret'");
        await QueryAsync(direct, "GRANT ALL ON *.* TO here@localhost");
        var socket = Path.Combine((string)(await QueryAsync(direct, "SELECT @@datadir"))!, (string)(await QueryAsync(direct, "SELECT @@socket"))!);
        var given = new MySqlConnectionStringBuilder { Server = socket, ConnectionProtocol = MySqlConnectionProtocol.UnixSocket, UserID = "here", Password = "hidden-secret" };
        var run = UniqueName();
        await using var databases = await PreparedAsync(await SettingsAsync() with { ConnectionString = given.ConnectionString }, run);
        var lease = await databases.LeaseAsync(0, CancellationToken);

        await server.RestartAsync(CancellationToken);

        var holder = new MySqlEye(Servers).Holder(LockName.OfRun(OwnDatabaseName.RunToken(run)));
        await Eventually.BeAsync(
            async () => await QueryAsync(server.ConnectionString + ";Pooling=False", holder) is not (null or DBNull), "a session holds the run's lock again", CancellationToken);
        databases.Lost.IsCancellationRequested.ShouldBeFalse();
        (await QueryAsync(lease, "SELECT 1")).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_failing_statement_is_named_with_file_line_number_and_message_and_its_template_is_gone()
    {
        var table = UniqueName();
        Script($"CREATE TABLE {table} (id INT);\n\nINSERT INTO {table}\nSELECT 1 FROM shelf;", "db/1.sql");
        await using var databases = Create(await SettingsAsync("db"));

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldMatch($@"^db/1\.sql:3: statement 2 \(INSERT INTO {table}\) failed: Table 'ct_t_.*\.shelf' doesn't exist \(1146\)$");
        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        (await AdminAsync($"SELECT COUNT(*) FROM information_schema.tables WHERE table_name = '{table}'")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_script_that_ends_inside_a_transaction_is_an_error()
    {
        Script("CREATE TABLE book (id INT); BEGIN; INSERT INTO book VALUES (1);");
        await using var databases = Create(await SettingsAsync("schema.sql"));

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldBe("schema.sql: the file ends inside a transaction; add COMMIT");
    }

    [Fact]
    public async Task A_dump_is_understood()
    {
        Script("""
            /*M!999999\- enable the sandbox mode */
            /*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
            /*!40101 SET NAMES utf8mb4 */;
            /*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
            CREATE TABLE `book` (`id` int(11) NOT NULL AUTO_INCREMENT, `title` varchar(50) DEFAULT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB;
            LOCK TABLES `book` WRITE;
            /*!40000 ALTER TABLE `book` DISABLE KEYS */;
            set autocommit=0;
            INSERT INTO `book` VALUES (1,'one; \'two\''),(2,NULL);
            /*!40000 ALTER TABLE `book` ENABLE KEYS */;
            UNLOCK TABLES;
            commit;
            DELIMITER ;;
            /*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 TRIGGER doubling BEFORE INSERT ON book FOR EACH ROW BEGIN SET NEW.title = REPEAT(NEW.title, 2); END */;;
            DELIMITER ;
            INSERT INTO book VALUES (3, 'three');
            /*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
            """);
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));

        var lease = await databases.LeaseAsync(0, CancellationToken);

        (await QueryAsync(lease, "INSERT INTO book (title) VALUES ('x'); SELECT GROUP_CONCAT(id, title ORDER BY id) FROM book")).ShouldBe("1one; 'two',3threethree,4xx");
    }

    [Fact]
    public async Task What_cannot_be_dropped_is_named_and_swept_by_a_later_run()
    {
        Script("CREATE TABLE book (id INT);");
        string leaked;
        var holder = await OpenAsync("");
        await using (var databases = await PreparedAsync(await SettingsAsync("schema.sql")))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            leaked = lease.Database!;
            // Nothing shows that a session outside the database holds it.
            await ExecuteAsync(holder, $"START TRANSACTION; INSERT INTO {leaked}.book VALUES (1)");

            await databases.ReleaseAsync(lease, CancellationToken);

            databases.Record!.Counts["leaked"].ShouldBe(1);
            Log.Text.ShouldContain($"{leaked} could not be dropped and is left for the next run's sweep");
            (await ExistsAsync(leaked)).ShouldBeTrue();
            await holder.DisposeAsync();
        }

        await using var later = await PreparedAsync(await SettingsAsync("schema.sql"));
        (await ExistsAsync(leaked)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_session_that_holds_the_template_is_waited_for()
    {
        Script("CREATE TABLE book (id INT); INSERT INTO book VALUES (1);");
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));
        await using var intruder = await OpenAsync("");
        await ExecuteAsync(intruder, $"LOCK TABLES {databases.Record!.Template}.book WRITE");

        var leasing = databases.LeaseAsync(0, CancellationToken);
        await Eventually.BeAsync(() => Log.Text.Contains("Trying again", StringComparison.Ordinal), "the clone is tried again", CancellationToken);
        await ExecuteAsync(intruder, "UNLOCK TABLES");

        (await QueryAsync(await leasing, "SELECT COUNT(*) FROM book")).ShouldBe(1L);
        databases.Record!.Counts["retries_busy"].ShouldBeGreaterThanOrEqualTo(1);
    }

    [Fact]
    public async Task A_server_without_a_connection_to_spare_is_waited_for()
    {
        await using var small = await Servers.StartMySqlAsync(["--max-connections=10", "--extra-max-connections=0"]);
        Script("CREATE TABLE book (id INT); CREATE TABLE shelf (id INT); CREATE TABLE loan (id INT);");
        var settings = await SettingsAsync("schema.sql") with { ConnectionString = small.ConnectionString, MaxRetries = 20 };
        await using var databases = await PreparedAsync(settings);
        Log.Text.ShouldMatch("and the server takes [0-9] of them \\(max_connections\\)");
        var others = new List<MySqlConnection>();
        try
        {
            while (true)
            {
                others.Add(new MySqlConnection(small.ConnectionString + ";Pooling=False"));
                await others[^1].OpenAsync(CancellationToken);
            }
        }
        catch (MySqlException exception) when (exception.ErrorCode == MySqlErrorCode.ConnectionCountError)
        {
            // Now it is full, except for what the run holds.
        }

        var leasing = Task.WhenAll(databases.LeaseAsync(0, CancellationToken), databases.LeaseAsync(1, CancellationToken));
        await Eventually.BeAsync(() => databases.Record!.Counts.GetValueOrDefault("retries_server_full") > 0, "it is full", CancellationToken);
        foreach (var other in others)
            await other.DisposeAsync();

        (await leasing).Select(lease => lease.Database).Distinct().Count().ShouldBe(2);
    }

    [Fact]
    public async Task A_clone_that_fails_for_good_leaves_nothing_and_the_others_stay()
    {
        Script("CREATE TABLE book (id INT); CREATE TABLE shelf (id INT);");
        var run = UniqueName();
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"), run);
        var first = await databases.LeaseAsync(0, CancellationToken);
        await AdminAsync($"DROP TABLE {databases.Record!.Template}.book");

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.LeaseAsync(1, CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        failure.Message.ShouldContain("doesn't exist");
        (await AdminAsync($@"SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'ct\\_r\\_{run}\\_%'")).ShouldBe(1L);
        (await ExistsAsync(first.Database!)).ShouldBeTrue();
        await AdminAsync($"DROP DATABASE {databases.Record.Template}");
    }

    [Fact]
    public async Task Who_asks_for_the_lock_that_is_called_like_a_database_is_not_at_work_on_it()
    {
        await using var admin = MySqlAdmin.Create(await Servers.MySqlAsync());
        await using var locks = await MySqlLockSession.OpenAsync(admin, UniqueName(), TimeProvider.System, CancellationToken);
        await using var other = await OpenAsync("");
        var name = UniqueName();
        (await locks.TryAsync(LockName.OfTemplate(name), CancellationToken)).ShouldBeTrue();
        var asking = ExecuteAsync(other, $"SELECT GET_LOCK('{name}', 60)");
        await Eventually.BeAsync(
            async () => Convert.ToInt64(await AdminAsync($"SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT GET_LOCK(''{name}%'"), CultureInfo.InvariantCulture) == 1,
            "the other asks",
            CancellationToken);

        var ended = await new MySqlSessions(admin).EndAsync(name, CancellationToken);

        ended.ShouldBe(0);
        await locks.ReleaseAsync(LockName.OfTemplate(name), CancellationToken);
        await asking;
    }

    [Fact]
    public async Task A_database_in_which_a_test_failed_is_kept_with_its_data_and_survives_sweeps()
    {
        Script("CREATE TABLE book (id INT); CREATE TRIGGER doubling BEFORE INSERT ON book FOR EACH ROW SET NEW.id = NEW.id * 2;");
        var settings = await SettingsAsync("schema.sql") with { KeepFailed = true };
        string kept;
        await using (var databases = await PreparedAsync(settings))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            await QueryAsync(lease, "INSERT INTO book VALUES (21)");
            // A test process that is still about to end.
            await using var lingering = await OpenAsync(lease.Database!);

            var fresh = await databases.KeepAsync(lease, "BookTests.Fails", CancellationToken);

            (await QueryAsync(fresh, "SELECT COUNT(*) FROM book")).ShouldBe(0L);
            kept = databases.Record!.Kept.ShouldHaveSingleItem().Name;
            databases.Record.Kept[0].How.ShouldBe($"mariadb -h 127.0.0.1 -P {new MySqlConnectionStringBuilder(settings.ConnectionString!).Port} -u root -p {kept}");
            (await ExistsAsync(lease.Database!)).ShouldBeFalse();
        }

        await using (await PreparedAsync(settings))
            (await AdminAsync($"SELECT id FROM {kept}.book")).ShouldBe(42);
    }

    [Fact]
    public async Task What_the_server_counted_of_the_tests_is_known_before_a_database_is_dropped()
    {
        Script("CREATE TABLE book (id INT); INSERT INTO book VALUES (1), (2), (3);");
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));
        var (used, unused) = (await databases.LeaseAsync(3, CancellationToken), await databases.LeaseAsync(4, CancellationToken));
        await QueryAsync(used, "INSERT INTO book VALUES (4), (5); SELECT * FROM book");

        await databases.ReleaseAsync(used, CancellationToken);
        await databases.ReleaseAsync(unused, CancellationToken);

        var statistics = databases.Record!.Statistics.ToDictionary(statistics => statistics.Worker);
        (statistics[3].RowsRead, statistics[3].RowsChanged, statistics[3].RowsInserted).ShouldBe((5L, 2L, null));
        (statistics[4].RowsRead, statistics[4].RowsChanged).ShouldBe((0L, 0L));
    }

    [Fact]
    public async Task The_build_makes_a_template_in_CSharp()
    {
        Script("CREATE TABLE book (id INT);");
        var settings = await SettingsAsync("schema.sql") with
        {
            TemplateHook = new("1", (template, _) => QueryAsync(template.ConnectionString + ";Pooling=False", "INSERT INTO book VALUES (7)")),
        };
        await using var databases = await PreparedAsync(settings);

        (await QueryAsync(await databases.LeaseAsync(0, CancellationToken), "SELECT id FROM book")).ShouldBe(7);
    }
}
