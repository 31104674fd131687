using ConcurrentTesting.Databases.Templates.Scripts;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class TemplateScriptsTests
{
    [Theory]
    [InlineData("DROP DATABASE x;", "DROP DATABASE")]
    [InlineData("drop/**/database x;", "DROP DATABASE")]
    [InlineData("CREATE DATABASE x;", "CREATE DATABASE")]
    [InlineData("ALTER DATABASE x SET a = 1;", "ALTER DATABASE")]
    [InlineData("ALTER SYSTEM SET fsync = off;", "ALTER SYSTEM")]
    [InlineData("DROP ROLE app;", "DROP ROLE")]
    [InlineData("\\connect other", "\\connect")]
    [InlineData("SELECT 1; \\c other", "\\c")]
    [InlineData("COPY t FROM PROGRAM 'curl http://x';", "COPY … PROGRAM")]
    [InlineData("COPY (SELECT 1) TO PROGRAM 'sh';", "COPY … PROGRAM")]
    [InlineData("COPY t TO '/etc/passwd';", "COPY … TO a file")]
    [InlineData("DO $$ BEGIN COPY t FROM PROGRAM 'sh'; END $$;", "COPY … PROGRAM")]
    [InlineData("DO $$ BEGIN PERFORM 1; IF true THEN COPY t TO PROGRAM 'sh'; END IF; END $$;", "COPY … PROGRAM")]
    public void A_PostgreSql_statement_that_reaches_beyond_is_found(string sql, string statement) => Find(sql, SqlDialect.PostgreSql).ShouldBe([statement]);

    [Theory]
    [InlineData("SELECT 'DROP DATABASE x';")]
    [InlineData("-- DROP DATABASE x\nSELECT 1;")]
    [InlineData("/* ALTER SYSTEM */ CREATE TABLE \"drop database\" (id int);")]
    [InlineData("CREATE SCHEMA s; DROP TABLE database;")]
    [InlineData("COPY t (program) FROM stdin;\nDROP DATABASE x;\n\\.\n", "the row is data; a column named program is the price of a simple rule")]
    [InlineData("COPY t TO STDOUT;")]
    [InlineData("COPY t FROM '/tmp/rows.csv';")]
    public void A_harmless_PostgreSql_statement_is_let_through(string sql, string? remark = null)
    {
        if (remark is null)
            Find(sql, SqlDialect.PostgreSql).ShouldBeEmpty();
        else
            Find(sql, SqlDialect.PostgreSql).ShouldNotContain("DROP DATABASE");
    }

    [Theory]
    [InlineData("USE other;", "USE")]
    [InlineData("/*!40000 DROP DATABASE IF EXISTS `x`*/;", "DROP DATABASE")]
    [InlineData("CREATE SCHEMA x;", "CREATE SCHEMA")]
    [InlineData("SET GLOBAL max_connections = 1;", "SET GLOBAL")]
    [InlineData("SET @@GLOBAL.max_connections = 1;", "SET @@GLOBAL")]
    [InlineData("SET @a = 1, GLOBAL max_connections = 1;", "SET GLOBAL")]
    [InlineData("SET PERSIST max_connections = 1;", "SET PERSIST")]
    [InlineData("GRANT ALL ON *.* TO x;", "GRANT")]
    [InlineData("CREATE USER x;", "CREATE USER")]
    [InlineData("SHUTDOWN;", "SHUTDOWN")]
    [InlineData("SELECT 1 INTO OUTFILE '/tmp/x';", "SELECT … INTO a file")]
    [InlineData("source other.sql", "source")]
    public void A_MySql_statement_that_reaches_beyond_is_found(string sql, string statement) => Find(sql, SqlDialect.MySql).ShouldBe([statement]);

    [Theory]
    [InlineData("SET @saved = @@GLOBAL_NOT;")]
    [InlineData("/*!40101 SET NAMES utf8 */; SET FOREIGN_KEY_CHECKS=0; INSERT INTO t VALUES ('USE x;');")]
    [InlineData("CREATE TABLE `use` (id int);")]
    public void A_harmless_MySql_statement_is_let_through(string sql) => Find(sql, SqlDialect.MySql).ShouldBeEmpty();

    [Theory]
    [InlineData("ATTACH DATABASE 'x.db' AS x;", "ATTACH")]
    [InlineData("VACUUM INTO 'x.db';", "VACUUM INTO")]
    [InlineData(".read other.sql", ".read")]
    public void A_Sqlite_statement_that_reaches_beyond_is_found(string sql, string statement) => Find(sql, SqlDialect.Sqlite).ShouldBe([statement]);

    [Fact]
    public void The_line_is_the_statements_own_also_inside_a_body()
    {
        var reaches = TemplateScripts.Find("SELECT 1;\n\nDROP DATABASE x;\nDO $$\nBEGIN\n  COPY t FROM PROGRAM 'sh';\nEND $$;", SqlDialect.PostgreSql);

        reaches.Select(reach => reach.Line).ShouldBe([3, 5]);
    }

    [Theory]
    [InlineData("DO $$ BEGIN IF true THEN CREATE ROLE boss SUPERUSER; END IF; END $$;", "CREATE ROLE")]
    [InlineData("DO $$ BEGIN EXECUTE 'DROP DATABASE other'; END $$;", "DROP DATABASE")]
    [InlineData("DO 'BEGIN EXECUTE ''DROP DATABASE other''; END';", "DROP DATABASE")]
    [InlineData("CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP OWNED BY other';", "DROP OWNED")]
    [InlineData("SELECT dblink_exec('dbname=other', 'DROP TABLE t');", "DBLINK_EXEC")]
    [InlineData("CREATE EXTENSION IF NOT EXISTS \"dblink\";", "EXTENSION dblink")]
    [InlineData("CREATE EXTENSION plpython3u;", "PLPYTHON3U")]
    [InlineData("REASSIGN OWNED BY a TO b;", "REASSIGN OWNED")]
    [InlineData("SELECT pg_terminate_backend(pid) FROM pg_stat_activity;", "PG_TERMINATE_BACKEND")]
    [InlineData("SELECT lo_export(1, '/tmp/x');", "LO_EXPORT")]
    [InlineData("GRANT boss TO app;", "GRANT of a role")]
    [InlineData("GRANT ALL ON DATABASE other TO app;", "ON DATABASE")]
    [InlineData("COPY t FROM '/etc/passwd';", "COPY … FROM a file of the server")]
    [InlineData("CREATE SERVER s FOREIGN DATA WRAPPER w;", "CREATE SERVER")]
    public void What_a_PostgreSql_script_hides_from_the_first_words_is_found_by_further_ones(string sql, string statement) =>
        FindFurther(sql, SqlDialect.PostgreSql).ShouldBe([statement]);

    [Theory]
    [InlineData("DROP TABLE other.t;", "the name other.…")]
    [InlineData("DROP TABLE `other`.`t`;", "the name other.…")]
    [InlineData("INSERT INTO other . t VALUES (1);", "the name other.…")]
    [InlineData("SELECT t.id FROM t JOIN other.u ON u.id = t.id;", "the name other.…")]
    [InlineData("UPDATE mysql.user SET a = 1;", "the name mysql.…")]
    [InlineData("EXECUTE IMMEDIATE \"DROP DATABASE other\";", "DROP DATABASE")]
    [InlineData("PREPARE s FROM 'DROP TABLE other.t';", "the name other.…")]
    [InlineData("SET @sql = 'DROP TABLE other.t';", "the name other.…")]
    [InlineData("DELIMITER //\nCREATE PROCEDURE p() BEGIN DROP DATABASE other; END//", "DROP DATABASE")]
    [InlineData("DELIMITER //\nCREATE PROCEDURE p() BEGIN GRANT ALL ON other.* TO x; END//", "GRANT")]
    [InlineData("SET STATEMENT max_statement_time = 1 FOR DROP TABLE other.t;", "the name other.…")]
    [InlineData("FLUSH PRIVILEGES;", "FLUSH")]
    [InlineData("DELIMITER //\nCREATE PROCEDURE p() BEGIN USE other; END//", "USE")]
    public void What_a_MySql_script_hides_from_the_first_words_is_found_by_further_ones(string sql, string statement) =>
        FindFurther(sql, SqlDialect.MySql).ShouldBe([statement]);

    [Theory]
    [InlineData("SELECT a.id, `b`.`x` FROM t AS a JOIN `b` ON a.id = b.id WHERE a.y > 1.5;")]
    [InlineData("INSERT INTO t VALUES ('other.t', 'DROP DATABASE x');")]
    [InlineData("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = OLD.b;")]
    [InlineData("/*!50001 CREATE VIEW `v` AS select `t`.`id` AS `id` from `t` */;")]
    [InlineData("SELECT * FROM information_schema.tables USE INDEX (a);")]
    [InlineData("SET @old = @@session.sql_mode; ALTER TABLE t DROP role;")]
    [InlineData("CREATE DEFINER=`root`@`localhost` PROCEDURE p() SELECT 'a.b';")]
    public void Further_words_let_harmless_MySql_through(string sql) => FindFurther(sql, SqlDialect.MySql).ShouldBeEmpty();

    [Theory]
    [InlineData("ALTER TABLE public.book OWNER TO app; GRANT SELECT ON TABLE book TO app; REVOKE ALL ON SCHEMA public FROM PUBLIC;")]
    [InlineData("ALTER TABLE book DROP role; CREATE SCHEMA s; COMMENT ON EXTENSION plpgsql IS 'x';")]
    [InlineData("CREATE EXTENSION pg_trgm; INSERT INTO t (checkpoint) VALUES ('DROP DATABASE x');")]
    [InlineData("CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'drop role'; END $$;")]
    [InlineData("COPY t (a) FROM stdin;\n1\n\\.\n")]
    public void Further_words_let_harmless_PostgreSql_through(string sql) => FindFurther(sql, SqlDialect.PostgreSql).ShouldBeEmpty();

    private static string[] FindFurther(string sql, SqlDialect dialect) =>
        [.. SqlScriptReader.Read(sql, dialect).SelectMany(statement => TemplateScripts.FindFurther(statement, dialect)).Select(reach => reach.Statement)];

    private static string[] Find(string sql, SqlDialect dialect) => [.. TemplateScripts.Find(sql, dialect).Select(reach => reach.Statement)];
}
