using ConcurrentTesting.Databases.MySql;
using MySqlConnector;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>A clone has everything that its template has.</summary>
[Collection("MySQL")]
public sealed class MySqlCloneTests(DatabaseServers servers) : MySqlFixture(servers)
{
    /// <summary>One of everything, with the names that people should not give.</summary>
    private const string Everything =
        """
        CREATE SEQUENCE numbers START WITH 5 INCREMENT BY 5 CACHE 10;
        SELECT NEXTVAL(numbers);
        CREATE SEQUENCE `un``used` START WITH -1 INCREMENT BY -1 MINVALUE -100 MAXVALUE -1 CYCLE;

        CREATE TABLE kinds (
            tiny TINYINT UNSIGNED ZEROFILL, small SMALLINT, medium MEDIUMINT, number INT UNSIGNED, big BIGINT, flag BOOLEAN, bits BIT(13),
            exact DECIMAL(30, 10), single FLOAT, twofold DOUBLE, day DATE, clock TIME(6), moment DATETIME(6), stamp TIMESTAMP(3) NULL, vintage YEAR,
            letter CHAR(3), word VARCHAR(50) CHARACTER SET utf8mb4, raw BINARY(4), bytes VARBINARY(50), tinytext_ TINYTEXT, text_ TEXT, mediumtext_ MEDIUMTEXT, longtext_ LONGTEXT,
            tinyblob_ TINYBLOB, blob_ BLOB, mediumblob_ MEDIUMBLOB, longblob_ LONGBLOB, choice ENUM('a', 'it''s', 'c;d'), choices SET('x', 'y', 'z'),
            document JSON, place POINT, shape GEOMETRY, address INET6, id UUID, hidden INT INVISIBLE DEFAULT 7,
            german VARCHAR(50) CHARACTER SET latin1 COLLATE latin1_german2_ci, odd VARCHAR(20) CHARACTER SET utf16 COLLATE utf16_bin
        );
        INSERT INTO kinds (tiny, small, medium, number, big, flag, bits, exact, single, twofold, day, clock, moment, stamp, vintage, letter, word, raw, bytes,
            tinytext_, text_, mediumtext_, longtext_, tinyblob_, blob_, mediumblob_, longblob_, choice, choices, document, place, shape, address, id, hidden, german, odd)
        VALUES (5, -32768, 8388607, 4294967295, -9223372036854775808, TRUE, b'1010101010101', 12345678901234567890.0123456789, 1.5, 2.25e300, '2024-02-29',
            '-838:59:59.123456', '1000-01-01 00:00:00.000001', '2038-01-01 00:00:00.999', 1999, 'a', 'ünïcödé 🦉', 0x00FF00FF, 0x0027225C60,
            't', 'quote '' back\\slash', 'm', REPEAT('long', 20000), 0x00, 0x01, 0x02, REPEAT(0xFE, 70000), 'it''s', 'x,z', '{"a": [1, 2]}', POINT(1, 2),
            ST_GeomFromText('POLYGON((0 0, 0 1, 1 1, 0 0))'), '2001:db8::1', '123e4567-e89b-12d3-a456-426655440000', 8, 'straße', '𝄞');
        SET SESSION sql_mode = '';
        INSERT INTO kinds (day, moment, choice) VALUES ('0000-00-00', '0000-00-00 00:00:00', 'not one of them');
        SET SESSION sql_mode = DEFAULT;

        CREATE TABLE generated (
            id INT AUTO_INCREMENT PRIMARY KEY, net DECIMAL(10, 2), gross DECIMAL(10, 2) AS (net * 1.19) STORED, half DECIMAL(10, 2) AS (net / 2) VIRTUAL,
            made TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, token VARCHAR(50) DEFAULT (CONCAT('t-', net)), drawn BIGINT DEFAULT NEXTVAL(numbers),
            UNIQUE (gross), CHECK (net > 0), CONSTRAINT `named; check` CHECK (token <> 'x')
        ) AUTO_INCREMENT = 1000 COMMENT 'a comment; with `quotes` and ''others''';
        INSERT INTO generated (net) VALUES (10), (20);
        DELETE FROM generated WHERE net = 20;

        CREATE TABLE zero (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(10));
        SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
        INSERT INTO zero VALUES (0, 'zero'), (-5, 'less'), (3, 'three');
        SET SESSION sql_mode = DEFAULT;

        CREATE TABLE chicken (id INT PRIMARY KEY, egg_id INT);
        CREATE TABLE egg (id INT PRIMARY KEY, chicken_id INT, mother INT, CONSTRAINT laid FOREIGN KEY (chicken_id) REFERENCES chicken (id) ON DELETE CASCADE ON UPDATE SET NULL,
            CONSTRAINT itself FOREIGN KEY (mother) REFERENCES egg (id));
        ALTER TABLE chicken ADD CONSTRAINT hatched FOREIGN KEY (egg_id) REFERENCES egg (id);
        INSERT INTO chicken VALUES (1, NULL); INSERT INTO egg VALUES (1, 1, NULL), (2, 1, 1); UPDATE chicken SET egg_id = 2;

        CREATE TABLE parted (id INT, born DATE, PRIMARY KEY (id, born)) PARTITION BY RANGE (YEAR(born)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
            (PARTITION old VALUES LESS THAN (2000), PARTITION `new` VALUES LESS THAN MAXVALUE);
        INSERT INTO parted VALUES (1, '1999-01-01'), (2, '2024-01-01');
        CREATE TABLE searched (id INT PRIMARY KEY, body TEXT, at POINT NOT NULL, FULLTEXT KEY words (body), SPATIAL KEY places (at), KEY prefixed (body(10) DESC)) ENGINE = InnoDB ROW_FORMAT = COMPRESSED;
        INSERT INTO searched VALUES (1, 'the quick brown fox', POINT(1, 1));
        CREATE TABLE isam (id INT AUTO_INCREMENT, kind CHAR(1), PRIMARY KEY (kind, id)) ENGINE = MyISAM;
        INSERT INTO isam (kind) VALUES ('a'), ('a'), ('b');
        CREATE TABLE crashsafe (id INT PRIMARY KEY) ENGINE = Aria TRANSACTIONAL = 1;
        CREATE TABLE fleeting (id INT PRIMARY KEY) ENGINE = MEMORY;
        INSERT INTO fleeting VALUES (1);
        CREATE TABLE `we``ird "name" with spaces; and 'more'` (`col``umn "x"` INT PRIMARY KEY, `select` INT, `ä b` INT);
        INSERT INTO `we``ird "name" with spaces; and 'more'` VALUES (1, 2, 3);
        CREATE TABLE latin (id INT, note VARCHAR(20)) CHARACTER SET latin1 COLLATE latin1_general_cs;
        INSERT INTO latin VALUES (1, 'Grüße');
        CREATE TABLE versioned (id INT PRIMARY KEY, note VARCHAR(10)) WITH SYSTEM VERSIONING;
        INSERT INTO versioned VALUES (1, 'old'); UPDATE versioned SET note = 'new';
        CREATE TABLE booked (id INT, begins DATE, ends DATE, PERIOD FOR stay (begins, ends), UNIQUE (id, stay WITHOUT OVERLAPS));
        INSERT INTO booked VALUES (1, '2024-01-01', '2024-02-01');
        CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, entry VARCHAR(100));

        DELIMITER //
        CREATE FUNCTION doubled(n INT) RETURNS INT DETERMINISTIC COMMENT 'twice' RETURN n * 2 //
        CREATE FUNCTION greeting() RETURNS VARCHAR(20) DETERMINISTIC SQL SECURITY INVOKER BEGIN DECLARE g VARCHAR(20) DEFAULT 'it''s; "me"'; RETURN g; END //
        SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT' //
        CREATE PROCEDURE "fill ``up"(IN n INT, OUT "out" INT) BEGIN -- a comment; here
            DECLARE EXIT HANDLER FOR SQLEXCEPTION SET "out" = -1;
            SET @seen = 'a' || 'b', "out" = n; INSERT INTO log (entry) SELECT 'x' || n; END //
        SET SESSION sql_mode = 'ORACLE' //
        CREATE PACKAGE tools AS FUNCTION three RETURN INT; END //
        CREATE PACKAGE BODY tools AS FUNCTION three RETURN INT AS BEGIN RETURN 3; END; END //
        SET SESSION sql_mode = DEFAULT //
        CREATE AGGREGATE FUNCTION counted(x INT) RETURNS INT BEGIN DECLARE n INT DEFAULT 0; DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN n;
            LOOP FETCH GROUP NEXT ROW; SET n = n + 1; END LOOP; END //
        CREATE TRIGGER second_of_log BEFORE INSERT ON log FOR EACH ROW SET NEW.entry = CONCAT(NEW.entry, '2') //
        CREATE TRIGGER a_first BEFORE INSERT ON log FOR EACH ROW PRECEDES second_of_log BEGIN SET NEW.entry = CONCAT(NEW.entry, '1'); END //
        CREATE TRIGGER `tri``gger` AFTER DELETE ON generated FOR EACH ROW INSERT INTO log (entry) VALUES (OLD.id) //
        CREATE EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 00:00:00' ON COMPLETION PRESERVE COMMENT 'ENABLE' DO BEGIN DELETE FROM log; END //
        CREATE EVENT sleeping ON SCHEDULE EVERY 1 SECOND DISABLE DO INSERT INTO log (entry) VALUES ('never') //
        CREATE EVENT ticking ON SCHEDULE EVERY 1 SECOND DO INSERT INTO fleeting VALUES (RAND() * 1000000) //
        DELIMITER ;

        CREATE VIEW a_top AS SELECT z.id, z.twice FROM z_base z JOIN generated ON TRUE;
        """;

    [Fact]
    public async Task One_of_everything_is_cloned_and_the_same()
    {
        // The views in an order in which they cannot be made by name.
        var views =
            """
            CREATE VIEW z_base AS SELECT id, doubled(id) AS twice, 'it''s `quoted`' AS text FROM generated WHERE net > 1 WITH CASCADED CHECK OPTION;
            """;
        Script(Everything.Replace("CREATE VIEW a_top", views + "\nCREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW a_top", StringComparison.Ordinal));
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));
        var template = databases.Record!.Template!;

        var lease = await databases.LeaseAsync(0, CancellationToken);

        foreach (var table in await ListAsync($"SELECT table_name FROM information_schema.tables WHERE table_schema = '{lease.Database}' AND table_type LIKE '%BASE%' AND engine <> 'MEMORY'"))
        {
            var checksums = await ListAsync($"CHECKSUM TABLE `{template}`.{Quote(table)}, `{lease.Database}`.{Quote(table)} EXTENDED", column: 1);
            checksums[0].ShouldBe(checksums[1], table);
        }

        (await QueryAsync(lease, "SELECT CONCAT_WS('|', twice, text) FROM z_base")).ShouldBe("2000|it's `quoted`");
        (await QueryAsync(lease, "SELECT twice FROM a_top")).ShouldBe(2000);
        (await QueryAsync(lease, "SELECT CONCAT_WS('|', doubled(4), greeting(), (SELECT counted(id) FROM zero))")).ShouldBe("8|it's; \"me\"|3");
        (await QueryAsync(lease, "SET sql_mode = 'ORACLE'; SELECT tools.three()")).ShouldBe(3);
        (await QueryAsync(lease, "INSERT INTO log (entry) VALUES ('x'); SELECT entry FROM log")).ShouldBe("x12");
        (await QueryAsync(lease, "SELECT NEXTVAL(`un``used`)")).ShouldBe(-1L);
        (await QueryAsync(lease, "INSERT INTO generated (net) VALUES (30); SELECT CONCAT_WS('|', id, drawn) FROM generated WHERE net = 30")).ShouldBe("1002|55");
        (await AdminAsync($"SELECT next_not_cached_value FROM `{template}`.numbers")).ShouldBe(55L);
        (await QueryAsync(lease, "SELECT GROUP_CONCAT(id ORDER BY id) FROM zero")).ShouldBe("-5,0,3");
        (await QueryAsync(lease, "SELECT hidden FROM kinds WHERE tiny = 5")).ShouldBe(8);
        (await QueryAsync(lease, "SELECT choice + 0 FROM kinds WHERE tiny IS NULL")).ShouldBe(0d);
        (await QueryAsync(lease, "SELECT GROUP_CONCAT(event_name, ' ', status ORDER BY event_name) FROM information_schema.events WHERE event_schema = DATABASE()"))
            .ShouldBe("daily ENABLED,sleeping DISABLED,ticking ENABLED");
        (await AdminAsync($"SELECT COUNT(*) FROM information_schema.events WHERE event_schema = '{template}'")).ShouldBe(0L);
        (await Should.ThrowAsync<MySqlException>(QueryAsync(lease, "INSERT INTO egg VALUES (9, 99, NULL)"))).Number.ShouldBe(1452);
        (await QueryAsync(lease, "UPDATE chicken SET egg_id = NULL; DELETE FROM egg WHERE id = 2; DELETE FROM chicken; SELECT COUNT(*) FROM egg")).ShouldBe(0L);
        Log.Text.ShouldContain("The table versioned keeps a history: copies have only its current rows");
    }

    [Fact]
    public async Task What_is_cloned_later_and_by_another_run_is_the_same_as_the_first()
    {
        Script("CREATE TABLE book (id INT AUTO_INCREMENT PRIMARY KEY); CREATE VIEW b AS SELECT id FROM book; CREATE VIEW a AS SELECT id FROM b;"
            + "CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM book; INSERT INTO book VALUES (41);");
        await using var first = await PreparedAsync(await SettingsAsync("schema.sql"));
        await using var second = await PreparedAsync(await SettingsAsync("schema.sql"));
        second.Record!.TemplateHit.ShouldBe(true);

        foreach (var databases in new[] { first, first, second })
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            (await QueryAsync(lease, "INSERT INTO book VALUES (); SELECT CONCAT(MAX(id), (SELECT COUNT(*) FROM a), (SELECT COUNT(*) FROM information_schema.events WHERE event_schema = DATABASE())) FROM book"))
                .ShouldBe("4221");
        }
    }

    [Fact]
    public async Task An_event_whose_only_time_has_passed_is_gone_as_it_is_in_the_original()
    {
        Script("CREATE TABLE book (id INT); CREATE EVENT once ON SCHEDULE AT '2037-01-01 00:00:00' DO DELETE FROM book;");
        var settings = await SettingsAsync("schema.sql");
        await using var first = await PreparedAsync(settings);
        const string Events = "SELECT COUNT(*) FROM information_schema.events WHERE event_schema = DATABASE()";
        (await QueryAsync(await first.LeaseAsync(0, CancellationToken), Events)).ShouldBe(1L);
        await AdminAsync($"UPDATE {first.Record!.Template}.concurrent_test_template SET value = REPLACE(value, '2037', '2001') WHERE kind = 'event'");

        await using var second = await PreparedAsync(settings);

        (await QueryAsync(await second.LeaseAsync(0, CancellationToken), Events)).ShouldBe(0L);
    }

    [Theory]
    [InlineData("utf8mb4", "utf8mb4_turkish_ci")]
    [InlineData("latin1", "latin1_german2_ci")]
    public async Task A_clone_of_an_existing_database_has_its_character_set(string characterSet, string collation)
    {
        var source = UniqueName();
        await AdminAsync($"CREATE DATABASE {source} CHARACTER SET {characterSet} COLLATE {collation}");
        await AdminAsync($"CREATE TABLE {source}.book (title VARCHAR(50)); INSERT INTO {source}.book VALUES ('Grüße')");
        await using var databases = await PreparedAsync(await SettingsAsync($"db:{source}"));

        var lease = await databases.LeaseAsync(0, CancellationToken);

        (await QueryAsync(lease, "CREATE TABLE made_by_test (word VARCHAR(10)); SELECT CONCAT_WS(' ', @@character_set_database, @@collation_database, (SELECT title FROM book))"))
            .ShouldBe($"{characterSet} {collation} Grüße");
        databases.Record!.TemplateHit.ShouldBe(false);
    }

    [Fact]
    public async Task Text_that_names_the_source_is_mended_where_the_server_wrote_it_and_warned_of_where_a_person_did()
    {
        var source = UniqueName();
        await AdminAsync($"""
            CREATE DATABASE {source}; USE {source};
            CREATE SEQUENCE s;
            CREATE TABLE {source}.t (id INT PRIMARY KEY DEFAULT NEXTVAL({source}.s), note VARCHAR(50) DEFAULT '`{source}`.`s`');
            CREATE FUNCTION {source}.one() RETURNS INT DETERMINISTIC RETURN 1;
            CREATE VIEW alias AS SELECT {source}.id, {source}.one() AS one, NEXTVAL(s) AS next FROM t {source};
            CREATE PROCEDURE reaching() INSERT INTO {source}.t VALUES ();
            CREATE TRIGGER {source}.quiet BEFORE INSERT ON {source}.t FOR EACH ROW SET NEW.note = 'seen';
            CREATE EVENT reaching_event ON SCHEDULE EVERY 1 SECOND STARTS '2037-01-01' DO DELETE FROM {source}.t;
            INSERT INTO t (note) VALUES ('one');
            """);
        await using var databases = await PreparedAsync(await SettingsAsync($"db:{source}"));

        var lease = await databases.LeaseAsync(0, CancellationToken);
        await AdminAsync($"RENAME TABLE {source}.s TO {source}.gone");

        (await QueryAsync(lease, "INSERT INTO t () VALUES (); SELECT MAX(one) FROM alias")).ShouldBe(1);
        (await QueryAsync(lease, "SELECT column_default FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = 'note'")).ShouldBe($"'`{source}`.`s`'");
        (await QueryAsync(lease, "SELECT status FROM information_schema.events WHERE event_schema = DATABASE()")).ShouldBe("DISABLED");
        (await AdminAsync($"SELECT status FROM information_schema.events WHERE event_schema = '{source}'")).ShouldBe("ENABLED");
        Log.Text.ShouldContain($"The procedure reaching names the database {source}");
        Log.Text.ShouldContain($"The event reaching_event names the database {source}: its copies reach it from every worker's database, so they are made disabled");
        Log.Text.ShouldNotContain("The trigger quiet names");
    }

    [Fact]
    public async Task Views_that_cannot_be_made_again_are_named_once_and_the_workers_do_without_them()
    {
        const string Stale =
            """
            CREATE TABLE book (id INT, title VARCHAR(10)); CREATE TABLE gone (id INT); INSERT INTO book VALUES (1, 'one');
            CREATE VIEW books AS SELECT id FROM book;
            CREATE VIEW stale AS SELECT id FROM gone;
            CREATE VIEW a_on_stale AS SELECT id FROM stale;
            CREATE VIEW titles AS SELECT id, title FROM book;
            DROP TABLE gone; ALTER TABLE book DROP title;
            """;
        Script(Stale);
        var source = UniqueName();
        await AdminAsync($"CREATE DATABASE {source}; USE {source}; {Stale}");
        foreach (var template in new[] { "schema.sql", $"db:{source}" })
        {
            await using var databases = await PreparedAsync(await SettingsAsync(template));
            foreach (var view in new[] { "stale", "a_on_stale", "titles" })
                Log.Text.Split($"Warning: The view {view} cannot be copied and no worker's database has it: ").Length.ShouldBe(2, Log.Text);
            Log.Clear();

            foreach (var lease in await Task.WhenAll(databases.LeaseAsync(0, CancellationToken), databases.LeaseAsync(1, CancellationToken)))
                (await QueryAsync(lease, "SELECT CONCAT(GROUP_CONCAT(table_name), (SELECT id FROM books)) FROM information_schema.views WHERE table_schema = DATABASE()")).ShouldBe("books1");
            Log.Text.ShouldNotContain("cannot be copied");
        }
    }

    [Fact]
    public async Task Views_of_a_definer_who_is_not_there_and_views_on_them_are_cloned_as_they_are()
    {
        var (source, other, definer) = (UniqueName(), UniqueName(), UniqueName());
        await AdminAsync($"CREATE USER {definer}@`%`; CREATE DATABASE {other}; CREATE TABLE {other}.shelf (id INT); INSERT INTO {other}.shelf VALUES (1)");
        await AdminAsync($"""
            CREATE DATABASE {source}; USE {source}; GRANT ALL ON {source}.* TO {definer}@`%`;
            CREATE TABLE book (id INT PRIMARY KEY); INSERT INTO book VALUES (1); CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;
            CREATE DEFINER={definer}@`%` VIEW z_missing AS SELECT book.id, {source}.one() AS one FROM book;
            CREATE DEFINER={definer}@`%` VIEW aliased AS SELECT {source}.id FROM book {source} JOIN z_missing b USING (id);
            CREATE VIEW on_missing AS SELECT id FROM aliased;
            CREATE DEFINER={definer}@`%` VIEW a_top AS SELECT book.id FROM on_missing JOIN book USING (id);
            CREATE VIEW elsewhere AS SELECT book.id FROM book JOIN {other}.shelf USING (id) WHERE EXISTS (SELECT 1 FROM book b WHERE b.id = book.id);
            DROP USER {definer}@`%`;
            """);
        Script($"CREATE TABLE book (id INT); CREATE DEFINER={definer}@`%` VIEW missing AS SELECT book.id FROM book;");
        await using var scripted = await PreparedAsync(await SettingsAsync("schema.sql"));
        (await QueryAsync(await scripted.LeaseAsync(0, CancellationToken), "SELECT definer FROM information_schema.views WHERE table_schema = DATABASE()")).ShouldBe($"{definer}@%");

        await using var databases = await PreparedAsync(await SettingsAsync($"db:{source}"));
        var leases = await Task.WhenAll(databases.LeaseAsync(0, CancellationToken), databases.LeaseAsync(1, CancellationToken));
        await AdminAsync($"CREATE USER {definer}@`%`; GRANT ALL ON *.* TO {definer}@`%`; DROP TABLE {source}.book, {databases.Record!.Template}.book");

        Log.Text.ShouldNotContain("cannot be copied");
        foreach (var lease in leases)
        {
            (await QueryAsync(lease, "SELECT GROUP_CONCAT(table_name ORDER BY table_name) FROM information_schema.views WHERE table_schema = DATABASE() AND definer LIKE 'it%'"))
                .ShouldBe("aliased,a_top,z_missing");
            (await QueryAsync(lease, "SELECT CONCAT(a_top.id, z_missing.one, elsewhere.id) FROM a_top, z_missing, elsewhere")).ShouldBe("111");
        }
    }

    [Fact]
    public async Task A_copy_that_differs_is_an_error_that_names_every_difference()
    {
        var (source, copy) = (UniqueName(), UniqueName());
        await AdminAsync($"""
            CREATE DATABASE {source}; USE {source};
            CREATE TABLE book (id INT, title VARCHAR(10)); CREATE TABLE shelf (id INT); CREATE TABLE gone (id INT); INSERT INTO shelf VALUES (1);
            CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1; CREATE TRIGGER counting BEFORE INSERT ON book FOR EACH ROW SET NEW.id = 1;
            CREATE DATABASE {copy} COLLATE utf8mb4_bin; USE {copy};
            CREATE TABLE book (id INT, title VARCHAR(11)) COLLATE latin1_swedish_ci; CREATE TABLE shelf (id INT) COLLATE latin1_swedish_ci; CREATE TABLE more (id INT);
            """);
        await using var admin = MySqlAdmin.Create(await Servers.MySqlAsync());
        var facts = new MySqlServerFacts("10.11.0-MariaDB", "root@127.0.0.1", "", MayDefineForOthers: true, MayMakeAccounts: true, Statistics: null);
        var definition = await MySqlDefinitionReader.ReadAsync(admin, source, CancellationToken);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(new MySqlComparison(admin, facts, new MySqlCopy(admin, facts, Log))
            .RequireSameAsync(definition with { Tables = [.. definition.Tables.Where(table => table.Name != "gone")] }, copy, isQuiet: true, CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        foreach (var difference in new[]
        {
            "the character set is 'utf8mb4 utf8mb4_bin' instead of 'latin1 latin1_swedish_ci'", "table more is new", "varchar(11)", "varchar(10)",
            "the rows of shelf is '0' instead of '1'", "function one is missing", "trigger counting is missing", "the place of trigger counting is missing",
        })
        {
            failure.Message.ShouldContain(difference);
        }
    }

    [Fact]
    public async Task A_table_that_reaches_another_place_is_not_filled_there()
    {
        Script("CREATE TABLE one (id INT) ENGINE = MyISAM; INSERT INTO one VALUES (1); CREATE TABLE every (id INT) ENGINE = MRG_MyISAM UNION = (one) INSERT_METHOD = LAST;");
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));

        var lease = await databases.LeaseAsync(0, CancellationToken);

        (await QueryAsync(lease, "SELECT COUNT(*) FROM every")).ShouldBe(1L);
        Log.Text.ShouldContain("The table every of the engine MRG_MyISAM stores its rows elsewhere");
    }

    private static string Quote(string name) => "`" + name.Replace("`", "``", StringComparison.Ordinal) + "`";

    private async Task<IReadOnlyList<string>> ListAsync(string sql, int column = 0)
    {
        await using var session = await OpenAsync("");
        await using var command = new MySqlCommand(sql, session);
        await using var reader = await command.ExecuteReaderAsync(CancellationToken);
        var found = new List<string>();
        while (await reader.ReadAsync(CancellationToken))
            found.Add(reader.GetValue(column).ToString()!);
        return found;
    }
}
