using MySqlConnector;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>Template files are bytes, which mean here what they mean to the mysql client.</summary>
[Collection("MySQL")]
public sealed class MySqlBytesTests(DatabaseServers servers) : MySqlFixture(servers)
{
    /// <summary>In Latin-1, with ~9B~ for the byte 9B; the part of a name before the dot is the client's own encoding.</summary>
    private static readonly (string Name, string Script)[] Scripts =
    [
        ("utf8mb4.raw.sql", """
            /*M!999999\- enable the sandbox mode */ 
            -- A dump as MariaDB writes it
            /*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
            /*!40101 SET NAMES utf8mb4 */;
            /*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
            /*!40101 SET @saved_cs_client     = @@character_set_client */;
            /*!40101 SET character_set_client = utf8mb4 */;
            CREATE TABLE raw (id BINARY(4) NOT NULL PRIMARY KEY, pic BLOB, n VARCHAR(20) CHARACTER SET latin1, note TEXT CHARACTER SET utf8mb4, bits BIT(8), at POINT);
            /*!40101 SET character_set_client = @saved_cs_client */;
            LOCK TABLES raw WRITE;
            INSERT INTO raw (id, pic, n, note) VALUES ('~9B~#E@','~89~PNG\r\n\Z\n\0\'\\~FF~','~C3~~A9~','~C3~~A9~~F0~~9F~~A6~~89~'),
            ('#~FF~#~FE~','~C3~~A9~~E9~"','','');
            INSERT INTO raw (id, pic) VALUES (_binary '~C3~~A9~~FF~',_binary '~80~a\"\0;'),('abcd','plain');
            UNLOCK TABLES;
            /*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
            /*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
            """),
        ("utf8mb4.latin1.sql", """
            SET NAMES latin1;
            CREATE TABLE `straße` (`größe` VARCHAR(20) CHARACTER SET utf8mb4 DEFAULT 'grün', n VARCHAR(20) CHARACTER SET latin1, b BLOB) COMMENT 'für';
            INSERT INTO `straße` VALUES ('ü', '~80~', 'ü~9B~'), ('~C3~~A9~', '~81~', ''); -- Grüße
            CREATE VIEW `blätter` AS SELECT 'ä' AS `ä`, n FROM `straße` WHERE n <> 'ö';
            DELIMITER $$ -- prozeduren für alle
            CREATE PROCEDURE p1() BEGIN SELECT 'ä'; END $$
            CREATE FUNCTION f1() RETURNS VARCHAR(10) CHARACTER SET utf8mb4 DETERMINISTIC RETURN 'ä' $$
            CREATE TRIGGER t1 BEFORE INSERT ON `straße` FOR EACH ROW BEGIN SET NEW.n = CONCAT(NEW.n, 'ü'); END $$
            CREATE EVENT e1 ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO INSERT INTO `straße` VALUES ('ü', '', '') $$
            DELIMITER ;
            PREPARE s FROM "INSERT INTO `straße` VALUES ('prepared ü', '', '')";
            EXECUTE s;
            SET character_set_client = utf8mb4;
            INSERT INTO `stra~C3~~9F~e` (b) VALUES ('~F0~~9F~~A6~~89~');
            """),
        ("sjis.katakana.sql", "SET NAMES sjis; CREATE TABLE katakana (w VARCHAR(9) CHARACTER SET utf8mb4, b BLOB); INSERT INTO katakana VALUES ('~83~\\', '~83~\\'), ('~95~\\;', '~83~`');"),
        ("utf8mb4.mark.sql", "~EF~~BB~~BF~CREATE TABLE marked (note VARCHAR(9) CHARACTER SET utf8mb4);\r\nINSERT INTO marked VALUES ('~C3~~A9~');\r\n"),
        ("utf8mb4.z-long.sql", $"CREATE TABLE longest (b LONGBLOB); INSERT INTO longest VALUES ('{new string('\u009b', 1_500_000)}'), ('\\'~9C~');"),
    ];

    [Fact]
    public async Task What_the_mysql_client_makes_of_a_script_is_what_the_template_has()
    {
        var oracle = UniqueName();
        await AdminAsync($"CREATE DATABASE {oracle}");
        var server = new MySqlConnectionStringBuilder(await Servers.MySqlAsync());
        var environment = new Dictionary<string, string> { ["MYSQL_PWD"] = server.Password };
        var reach = $"--no-defaults -h {server.Server} -P {server.Port} -u {server.UserID}";
        foreach (var (name, script) in Scripts)
        {
            var path = Folder.WriteBytes($"db/{name}", script);
            await ClientProgram.RunAsync($"mariadb {reach} --comments --default-character-set={name.Split('.')[0]} {oracle} < {path}", environment, CancellationToken);
        }

        await using var databases = await PreparedAsync(await SettingsAsync("db"));
        var lease = await databases.LeaseAsync(0, CancellationToken);

        var dump = $"mariadb-dump {reach} --hex-blob --skip-comments --skip-triggers --default-character-set=utf8mb4";
        var expected = await ClientProgram.RunAsync($"{dump} {oracle} {Tables}", environment, CancellationToken);
        expected.ShouldContain("0x9B", Case.Sensitive);
        (await ClientProgram.RunAsync($"{dump} {lease.Database} {Tables}", environment, CancellationToken)).Split('\n').ShouldBe(expected.Split('\n'));
        foreach (var question in Catalogue)
            (await AdminAsync(Of(question, lease.Database!))).ShouldNotBeNull().ShouldBe(await AdminAsync(Of(question, oracle)), question);
    }

    private const string Tables = "raw straße katakana marked longest";

    private static readonly string[] Catalogue =
    [
        "SELECT GROUP_CONCAT(routine_name, routine_definition ORDER BY routine_name) FROM information_schema.routines WHERE routine_schema = 'DB'",
        "SELECT GROUP_CONCAT(trigger_name, action_statement) FROM information_schema.triggers WHERE trigger_schema = 'DB'",
        "SELECT GROUP_CONCAT(event_name, event_definition) FROM information_schema.events WHERE event_schema = 'DB'",
        "SELECT REPLACE(view_definition, 'DB', '') FROM information_schema.views WHERE table_schema = 'DB'",
    ];

    // A clone's objects are made by us, whose client speaks utf8mb4; the template's by the script.
    private static string Of(string question, string database) => question.Replace("DB", database, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("SET sql_mode = '';\n")]
    public async Task A_text_column_that_gets_bytes_which_are_no_text_is_named_with_file_line_and_byte(string mode)
    {
        Folder.WriteBytes("schema.sql", $"CREATE TABLE t (b BLOB, n VARCHAR(20) CHARACTER SET utf8mb4);\n{mode}INSERT INTO t VALUES\n('~9B~', 'ok'),\n('', 'Gr~FC~~DF~e');");
        await using var databases = Create(await SettingsAsync("schema.sql"));

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldStartWith($"schema.sql:{(mode.Length > 0 ? 5 : 4)}: byte 9 of the line, 0xFC, is not UTF-8: say what it is in the file's first line (SET NAMES latin1;), or save it as UTF-8");
        failure.Message.ShouldContain("for column");
    }

    [Theory]
    [InlineData("SET from_the_future = 1;", "is the dump a newer server's, or another product's? Leave the line out")]
    [InlineData("CREATE TABLE t (a VARCHAR(9) COLLATE utf8mb4_0900_ai_ci);", "Write a collation into it that this server has")]
    public async Task What_a_newer_servers_dump_needs_is_named_with_its_remedy(string script, string remedy)
    {
        Script(script);
        await using var databases = Create(await SettingsAsync("schema.sql"));

        (await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken))).Message.ShouldContain(remedy);
    }
}
