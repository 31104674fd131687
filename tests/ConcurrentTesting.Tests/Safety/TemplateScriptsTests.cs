using ConcurrentTesting.Databases;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Safety;

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

    private static string[] Find(string sql, SqlDialect dialect) => [.. TemplateScripts.Find(sql, dialect).Select(reach => reach.Statement)];
}
