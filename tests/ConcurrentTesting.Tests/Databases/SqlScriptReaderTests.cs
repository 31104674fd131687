using ConcurrentTesting.Databases.Templates.Scripts;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class SqlScriptReaderTests
{
    [Fact]
    public void Statements_have_their_number_and_line()
    {
        var statements = PostgreSql("SELECT 1;\n\n-- a remark; with a semicolon\nSELECT\n 2;;\n");

        statements.Select(statement => (statement.Number, statement.Line, statement.Text)).ShouldBe([(1, 1, "SELECT 1"), (2, 4, "SELECT\n 2")]);
    }

    [Theory]
    [InlineData("SELECT 'a;''b'; SELECT 2")]
    [InlineData("SELECT E'a;\\'b;'; SELECT 2")]
    [InlineData("SELECT \"a;\"\"b\"; SELECT 2")]
    [InlineData("SELECT $$a;b$$; SELECT 2")]
    [InlineData("SELECT $tag$a;$$;b$tag$; SELECT 2")]
    [InlineData("SELECT /* a; /* nested; */ ; */ 1; SELECT 2")]
    [InlineData("SELECT 1 -- a;\n; SELECT 2")]
    [InlineData("CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2); SELECT 2")]
    [InlineData("CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 2")]
    [InlineData("SELECT $1; SELECT 2")]
    [InlineData("SELECT 'unbalanced \\'; SELECT 2")]
    [InlineData("SELECT typE'a;b'; SELECT 2")]
    public void PostgreSql_semicolons_that_end_nothing_do_not_split(string sql)
    {
        var statements = PostgreSql(sql);

        statements.Length.ShouldBe(2);
        statements[1].Text.ShouldBe("SELECT 2");
    }

    [Fact]
    public void Rows_after_a_copy_from_stdin_are_its_data()
    {
        var statements = PostgreSql("COPY book (id) FROM stdin;\n1;\n\\\\.\n\\.\nSELECT 2;");

        statements.Length.ShouldBe(2);
        statements[0].CopyData.ShouldBe("1;\n\\\\.\n");
        statements[1].Line.ShouldBe(5);
    }

    [Fact]
    public void Client_commands_are_told_apart_and_a_dumps_restrict_is_left_out()
    {
        var statements = PostgreSql("\\restrict x\n\\connect other\nSELECT 1 \\gexec\n");

        statements.Select(statement => statement.IsClientCommand).ShouldBe([true, false, true]);
        statements[0].Words.ShouldBe(["\\CONNECT"]);
        statements[1].Text.ShouldBe("SELECT 1");
    }

    [Fact]
    public void MySql_delimiters_strings_and_executable_comments_are_read_as_its_client_does()
    {
        const string Script =
            """
            /*!40101 SET NAMES utf8 */;
            # a remark; with a semicolon
            SELECT 'a\';b', "c;d", `e;f`;
            DELIMITER //
            CREATE TRIGGER t BEFORE INSERT ON b FOR EACH ROW BEGIN SET @a = 1; SET @b = 2; END//
            DELIMITER ;
            SELECT 1--1;
            """;

        var statements = SqlScriptReader.Read(Script, SqlDialect.MySql).ToArray();

        statements.Select(statement => statement.Line).ShouldBe([1, 3, 5, 7]);
        statements[0].Words.ShouldBe(["SET", "NAMES", "UTF8"]);
        statements[2].Text.ShouldEndWith("END");
        statements[3].Text.ShouldBe("SELECT 1--1");
    }

    [Theory]
    [InlineData("DELIMITER $$ -- procedures follow\n")]
    [InlineData("delimiter $$ # procedures follow\r\n")]
    [InlineData("DELIMITER\t$$\r\n")]
    [InlineData("DELIMITER   '$$' and more\n")]
    [InlineData("/* procedures follow */ DELIMITER \"$$\";\n")]
    public void MySql_takes_one_word_as_its_delimiter(string command)
    {
        var statements = SqlScriptReader.Read(command + "CREATE PROCEDURE p() BEGIN SELECT 1; END $$\nDELIMITER ;\nSELECT 2;", SqlDialect.MySql);

        statements.Select(statement => statement.Text).ShouldBe(["CREATE PROCEDURE p() BEGIN SELECT 1; END", "SELECT 2"]);
    }

    [Theory]
    [InlineData("CREATE PROCEDURE p() BEGIN SELECT 1; END")]
    [InlineData("SELECT 1 FROM t1")]
    [InlineData("SELECT 1 FROM `a$$b`")]
    [InlineData("SELECT 'a$$b;', \"c$$d\"")]
    [InlineData("SELECT 'a' /* $$ */ 'b'")]
    [InlineData("SELECT 1 -- $$\n, 2 # $$\n, 0x1F")]
    [InlineData("SELECT COUNT(1e5)")]
    [InlineData("SELECT @a$b")]
    [InlineData("SELECT Größe")]
    [InlineData("/*!50003 SELECT 1 */")]
    public void MySql_ends_a_statement_at_a_delimiter_in_the_middle_of_a_word_but_not_in_quotes_or_comments(string sql)
    {
        var statements = SqlScriptReader.Read($"DELIMITER $$\n{sql}$$\n{sql}$$SELECT 1\n$$\nDELIMITER ;\nSELECT 2;", SqlDialect.MySql);

        statements.Select(statement => statement.Text).ShouldBe([sql, sql, "SELECT 1", "SELECT 2"]);
    }

    [Theory]
    [InlineData("go", "SELECT 1 FROM t2go", "SELECT 1 FROM t2")]
    [InlineData("@@", "SET @a=@b@@", "SET @a=@b")]
    [InlineData("__end", "SELECT 1 FROM t1__end", "SELECT 1 FROM t1")]
    public void MySqls_delimiter_may_be_of_letters_and_what_else_words_have(string delimiter, string sql, string statement) =>
        SqlScriptReader.Read($"DELIMITER {delimiter}\n{sql}\nDELIMITER ;\nSELECT 2;", SqlDialect.MySql)
            .Select(read => read.Text).ShouldBe([statement, "SELECT 2"]);

    [Fact]
    public void The_mark_of_MariaDbs_dumps_is_no_statement()
    {
        var statements = SqlScriptReader.Read("/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump\nUSE other;", SqlDialect.MySql).ToArray();

        statements.ShouldHaveSingleItem().Words.ShouldBe(["USE", "OTHER"]);
    }

    [Theory]
    [InlineData("SELECT [a;b]; SELECT 2")]
    [InlineData("SELECT `a;b`; SELECT 2")]
    [InlineData("SELECT 'a;''b'; SELECT 2")]
    public void Sqlite_quotes_in_its_three_ways(string sql) => SqlScriptReader.Read(sql, SqlDialect.Sqlite).Count().ShouldBe(2);

    [Theory]
    [InlineData("'")]
    [InlineData("E'\\")]
    [InlineData("SELECT /*")]
    [InlineData("$a$")]
    [InlineData("$")]
    [InlineData("\"")]
    [InlineData("COPY a FROM STDIN;")]
    public void A_script_that_breaks_off_is_read_to_its_end(string sql) => PostgreSql(sql).Length.ShouldBe(1);

    private static SqlStatement[] PostgreSql(string sql) => [.. SqlScriptReader.Read(sql, SqlDialect.PostgreSql)];
}
