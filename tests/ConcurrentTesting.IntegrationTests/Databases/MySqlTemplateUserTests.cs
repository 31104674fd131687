using System.Diagnostics;
using ConcurrentTesting.Databases.Server;
using MySqlConnector;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

[Collection("MySQL")]
public sealed class MySqlTemplateUserTests(DatabaseServers servers) : MySqlFixture(servers)
{
    private const string Reaching =
        """
        DROP TABLE {0}.book;
        DROP TABLE IF EXISTS `{0}` . `book`;
        EXECUTE IMMEDIATE "DROP DATABASE {0}";
        EXECUTE IMMEDIATE CONCAT('DROP DATA', 'BASE {0}');
        SET @sql = CONCAT('TRUNCATE TABLE ', '{0}', '.book'); PREPARE s FROM @sql; EXECUTE s;
        CREATE PROCEDURE p() DROP TABLE {0}.book; CALL p();
        CREATE PROCEDURE p() EXECUTE IMMEDIATE 'DROP DATABASE {0}'; CALL p();
        SET STATEMENT max_statement_time = 9 FOR DROP TABLE {0}.book;
        INSERT INTO {0}.book VALUES (2);
        CREATE TABLE mine AS SELECT * FROM {0}.book;
        CREATE TABLE mine (id INT); RENAME TABLE mine TO {0}.theirs;
        CREATE TABLE {0}.theirs (id INT);
        CREATE TRIGGER {0}.seen BEFORE INSERT ON {0}.book FOR EACH ROW SET @a = 1;
        CREATE VIEW {0}.v AS SELECT 1;
        CREATE FUNCTION {0}.f() RETURNS INT RETURN 1;
        DELETE FROM mysql.global_priv WHERE User = 'nobody';
        EXECUTE IMMEDIATE 'GRANT ALL ON *.* TO {0}';
        EXECUTE IMMEDIATE 'CREATE USER {0}';
        EXECUTE IMMEDIATE 'SET GLOBAL event_scheduler = OFF';
        FLUSH PRIVILEGES;
        LOAD DATA INFILE '/etc/passwd' INTO TABLE t;
        """;

    /// <summary>One of everything that a database can have, with definers.</summary>
    private const string Everything =
        """
        /*!40101 SET NAMES utf8mb4 */; /*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
        CREATE TABLE book (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(80) CHARACTER SET utf8mb4, size INT AS (CHAR_LENGTH(title)) STORED, CHECK (title <> '')) COMMENT 'books';
        LOCK TABLES `book` WRITE; /*!40000 ALTER TABLE `book` DISABLE KEYS */; INSERT INTO book (title) VALUES ('one'), ('two'); UNLOCK TABLES;
        CREATE TABLE page (id INT, book INT, FOREIGN KEY (book) REFERENCES book (id)); CREATE TABLE part (id INT) PARTITION BY HASH (id) PARTITIONS 2;
        """;

    private const string Objects =
        """
        CREATE SEQUENCE numbers; SELECT NEXTVAL(numbers);
        /*!50001 CREATE ALGORITHM=UNDEFINED */
        /*!50013 DEFINER=`{0}`@`%` SQL SECURITY DEFINER */
        /*!50001 VIEW `titles` AS select `book`.`title` AS `title` from `book` */;
        DELIMITER ;;
        CREATE DEFINER=`{0}`@`%` PROCEDURE p(INOUT a INT) COMMENT 'it counts' BEGIN DECLARE b INT DEFAULT 1; SET a = a + b; END ;;
        CREATE OR REPLACE DEFINER=root@localhost FUNCTION one() RETURNS INT DETERMINISTIC SQL SECURITY INVOKER BEGIN RETURN 1; END ;;
        CREATE VIEW more AS SELECT one() AS one, title FROM titles ;;
        /*!50003 CREATE*/ /*!50017 DEFINER=`{0}`@`%`*/ /*!50003 TRIGGER `first` BEFORE INSERT ON `book` FOR EACH ROW SET NEW.title = UPPER(NEW.title) */ ;;
        CREATE TRIGGER second BEFORE INSERT ON book FOR EACH ROW FOLLOWS first SET @seen = 1 ;;
        CREATE DEFINER=`{0}`@`%` EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM page ;;
        CREATE EVENT mine ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE DO DELETE FROM page ;;
        SET sql_mode = 'ORACLE' ;;
        CREATE DEFINER=`{0}`@`%` PACKAGE pack AS FUNCTION f RETURN INT; END ;;
        CREATE DEFINER=`{0}`@`%` PACKAGE BODY pack AS FUNCTION f RETURN INT AS BEGIN RETURN 1; END; END ;;
        DELIMITER ;
        """;

    [Fact]
    public async Task What_reaches_beyond_is_refused_whatever_its_words_and_reaches_nothing()
    {
        var (other, run) = (UniqueName(), UniqueName());
        await AdminAsync($"CREATE DATABASE {other}; CREATE TABLE {other}.book (id INT); INSERT INTO {other}.book VALUES (1)");

        foreach (var statement in Reaching.Replace("{0}", other, StringComparison.Ordinal).Split('\n'))
        {
            Script(statement);
            await using var databases = Create(await SettingsAsync("schema.sql"), run);
            await databases.CheckAsync(CancellationToken);
            var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken), statement);

            failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Refused, $"{statement}: {failure.Message}");
            failure.Message.ShouldStartWith("refused: schema.sql:1: statement ", Case.Sensitive, statement);
            failure.Message.ShouldEndWith("or allow it with --test-allow reaching-sql", Case.Sensitive, statement);
        }

        (await AdminAsync($"SELECT CONCAT_WS('|', (SELECT GROUP_CONCAT(id) FROM {other}.book), (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{other}'), "
            + $"(SELECT COUNT(*) FROM mysql.user WHERE user = '{other}'), @@GLOBAL.event_scheduler)")).ShouldBe("1|1|0|ON");
        (await AdminAsync($"SELECT COUNT(*) FROM mysql.user WHERE user = '{OwnDatabaseName.OfRun(run, "b")}'")).ShouldBe(0L);
    }

    [Fact]
    public async Task The_account_builds_what_the_servers_own_would_have_built_definers_and_all()
    {
        var definer = await UserAsync(DocumentedRights);
        Script(Everything + "\n" + Objects.Replace("{0}", definer, StringComparison.Ordinal));
        var settings = await SettingsAsync("schema.sql") with { TemplateCache = false };

        var byAccount = await DumpAsync(settings);
        var byUser = await DumpAsync(settings with { Allow = ["reaching-sql"] });

        byAccount.ShouldContain($"DEFINER=`{definer}`@`%` PROCEDURE `p`");
        byAccount.ShouldNotContain("ct_r_");
        byAccount.ShouldBe(byUser);
    }

    [Fact]
    public async Task A_command_gets_the_accounts_connection()
    {
        var run = UniqueName();
        Folder.Write("migrate.sh", """
            # schema for this test alone
            mariadb --no-defaults -h "$APP_HOST" -P "$APP_PORT" -u "$APP_USER" -p"$APP_PASSWORD" "$CONCURRENT_TEST_DATABASE" -e 'CREATE TABLE book AS SELECT CURRENT_USER() AS builder; DROP DATABASE mysql'
            """);
        var settings = await SettingsAsync($"cmd:sh {Folder.Path}/migrate.sh") with
        {
            Environment = [new("APP_HOST", "{Host}"), new("APP_PORT", "{Port}"), new("APP_USER", "{Username}"), new("APP_PASSWORD", "{Password}")],
        };
        await using var databases = Create(settings, run);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldContain($"Access denied for user '{OwnDatabaseName.OfRun(run, "b")}'@'%' to database 'mysql'");
        failure.Message.ShouldEndWith("(it ran as an account that has rights only on the template's own database; allow more with --test-allow reaching-sql)");
        (await AdminAsync($"SELECT COUNT(*) FROM mysql.user WHERE user = '{OwnDatabaseName.OfRun(run, "b")}'")).ShouldBe(0L);
    }

    [Fact]
    public async Task Without_the_right_to_make_accounts_words_are_what_remains_and_the_run_says_so()
    {
        var user = await UserAsync(DocumentedRights);
        var settings = await SettingsAsync(user, Script("CREATE TABLE book (id INT);"));
        await using (await PreparedAsync(settings))
            Log.Text.ShouldContain($"Templates are built as '{user}@%' itself because the user '{user}@%' may not make roles: only a list of words");
        Script("CREATE TABLE book (id INT);\nDROP TABLE IF EXISTS other.book;");
        await using var reaching = Create(settings);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(reaching.CheckAsync(CancellationToken));

        failure.Message.ShouldStartWith("refused: schema.sql:2: the name other.… reaches beyond the template's own database");
    }

    [Fact]
    public async Task A_user_who_may_make_accounts_and_not_give_rights_falls_back_on_words()
    {
        var user = await UserAsync(DocumentedRights, "CREATE USER ON *.*");
        await using var databases = await PreparedAsync(await SettingsAsync(user, Script("CREATE TABLE book (id INT);")));

        Log.Text.ShouldContain("because an account that has rights only on the template cannot be used here (Access denied for user");
        (await QueryAsync(await databases.LeaseAsync(0, CancellationToken), "SELECT COUNT(*) FROM book")).ShouldBe(0L);
    }

    [Fact]
    public async Task What_everybody_may_reach_is_kept_by_words_and_the_run_says_so()
    {
        // As installations make one called test.
        var open = UniqueName();
        await AdminAsync($"CREATE DATABASE {open}; INSERT INTO mysql.db (Host, Db, User, Select_priv, Create_priv) VALUES ('%', '{open}', '', 'Y', 'Y'); FLUSH PRIVILEGES");
        try
        {
            var settings = await SettingsAsync(Script("CREATE TABLE book (id INT);"));
            await using (await PreparedAsync(settings))
                Log.Text.ShouldContain($"Every user may connect to the databases {open} on this server: only a list of words keeps the SQL of templates from them");
            Script($"CREATE TABLE {open}.book (id INT);");
            await using var reaching = Create(settings);

            var failure = await Should.ThrowAsync<ConcurrentTestException>(reaching.PrepareAsync(CancellationToken));

            failure.Message.ShouldStartWith($"refused: schema.sql:1: the name {open}.… reaches beyond the template's own database");
            (await AdminAsync($"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{open}'")).ShouldBe(0L);
        }
        finally
        {
            await AdminAsync($"DELETE FROM mysql.db WHERE Db = '{open}'; FLUSH PRIVILEGES; DROP DATABASE {open}");
        }
    }

    [Fact]
    public async Task A_database_whose_name_differs_where_ours_has_an_underscore_is_out_of_reach()
    {
        var run = UniqueName();
        var alike = OwnDatabaseName.OfRun(run, "main_template").ToString().Replace("ct_r_", "ctxr_", StringComparison.Ordinal);
        await AdminAsync($"CREATE DATABASE {alike}");
        await using var databases = Create(await SettingsAsync(Script($"CREATE TABLE {alike}.book (id INT);")) with { TemplateCache = false }, run);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldStartWith("refused: schema.sql:1: statement 1 ");
        (await AdminAsync($"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{alike}'")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_dead_runs_account_is_swept_and_a_stranger_stays()
    {
        var dead = OwnDatabaseName.OfRun(UniqueName(), "b").ToString();
        var stranger = $"ct_r_{UniqueName()}_b_00000000";
        await AdminAsync($"CREATE USER {dead}@`%`; CREATE USER {stranger}@`%`");

        await using (await PreparedAsync(await SettingsAsync()))
            (await AdminAsync($"SELECT GROUP_CONCAT(user) FROM mysql.user WHERE user IN ('{dead}', '{stranger}')")).ShouldBe(stranger);

        await AdminAsync($"DROP USER {stranger}@`%`");
    }

    [Fact]
    public async Task A_dead_runs_account_is_swept_also_by_who_may_not_list_accounts()
    {
        var user = await UserAsync("CREATE USER ON *.*");
        await AdminAsync($@"GRANT ALL ON `ct\_%`.* TO {user}@`%` WITH GRANT OPTION");
        var dead = OwnDatabaseName.OfRun(UniqueName(), "b").ToString();
        await AdminAsync($"CREATE USER {dead}@`%`");
        var settings = await SettingsAsync(user, Script("CREATE TABLE book (id INT);")) with { TemporaryDirectory = Path.Combine(Folder.Path, "temporary") };
        var server = new MySqlConnectionStringBuilder(settings.ConnectionString!);
        var notes = Directory.CreateDirectory(Path.Combine(settings.TemporaryDirectory, "accounts", $"{server.Server}-{server.Port}"));
        await File.WriteAllTextAsync(Path.Combine(notes.FullName, dead), "", CancellationToken);

        await using (await PreparedAsync(settings))
            (await AdminAsync($"SELECT COUNT(*) FROM mysql.user WHERE user = '{dead}'")).ShouldBe(0L);

        // Neither that one's nor this run's own.
        notes.EnumerateFiles().ShouldBeEmpty();
    }

    [Fact]
    public async Task Cleaning_removes_a_dead_runs_account_and_a_stranger_stays()
    {
        var dead = OwnDatabaseName.OfRun(UniqueName(), "b").ToString();
        var stranger = $"ct_r_{UniqueName()}_b_00000000";
        await AdminAsync($"CREATE USER {dead}@`%`; CREATE USER {stranger}@`%`");

        var left = await ConcurrentTestCleaning.RunAsync(await SettingsAsync() with { TemporaryDirectory = Path.Combine(Folder.Path, "temporary") }, Log, CancellationToken);

        left.ShouldBeEmpty();
        (await AdminAsync($"SELECT GROUP_CONCAT(user) FROM mysql.user WHERE user IN ('{dead}', '{stranger}')")).ShouldBe(stranger);
        await AdminAsync($"DROP USER {stranger}@`%`");
    }

    private async Task<string> DumpAsync(ConcurrentTestSettings settings)
    {
        await using var databases = await PreparedAsync(settings);
        var lease = await databases.LeaseAsync(0, CancellationToken);
        var connection = new MySqlConnectionStringBuilder(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"]);
        var start = new ProcessStartInfo(DatabaseServers.MySqlBinaries is { } folder ? Path.Combine(folder, "mariadb-dump") : "mariadb-dump") { RedirectStandardOutput = true };
        string[] arguments =
            ["--no-defaults", "-h", connection.Server, "-P", $"{connection.Port}", "-u", connection.UserID, "--routines", "--events", "--triggers", "--skip-dump-date", "--skip-comments", connection.Database];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["MYSQL_PWD"] = connection.Password;
        using var dump = Process.Start(start)!;
        var text = await dump.StandardOutput.ReadToEndAsync(CancellationToken);
        await dump.WaitForExitAsync(CancellationToken);
        dump.ExitCode.ShouldBe(0);
        return text;
    }
}
