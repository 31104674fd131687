extern alias hook;

using hook::ConcurrentTesting.TestHook.Measuring;
using hook::ConcurrentTesting.TestHook.Statements;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class StatementReaderTests
{
    [Theory]
    [InlineData("SELECT 1", "r")]
    [InlineData("select * from t where a = 'x; DELETE FROM t'", "r")]
    [InlineData("  \r\n\t/* INSERT */ -- UPDATE\nSELECT 1", "r")]
    [InlineData("/* outer /* inner */ still a comment; DELETE */ SELECT 1", "r")]
    [InlineData("(SELECT 1) UNION (SELECT 2)", "r")]
    [InlineData("VALUES (1), (2)", "r")]
    [InlineData("TABLE t", "r")]
    [InlineData("INSERT INTO t VALUES (1)", "w")]
    [InlineData("update t set a = 1", "w")]
    [InlineData("DELETE FROM t", "w")]
    [InlineData("MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 1", "w")]
    [InlineData("CREATE TABLE t (a int)", "o")]
    [InlineData("TRUNCATE t", "o")]
    [InlineData("SET search_path TO x", "o")]
    [InlineData("CALL p(1)", "o")]
    [InlineData("DO $$ BEGIN INSERT INTO t VALUES (1); END $$", "o")]
    [InlineData("BEGIN", "b")]
    [InlineData("START TRANSACTION ISOLATION LEVEL SERIALIZABLE", "b")]
    [InlineData("COMMIT", "o")]
    [InlineData("ROLLBACK TO SAVEPOINT s", "o")]
    [InlineData("COPY t (a, b) FROM STDIN (FORMAT BINARY)", "w")]
    [InlineData("COPY (SELECT * FROM t) TO STDOUT", "r")]
    [InlineData("COPY t TO STDOUT", "r")]
    [InlineData("WITH x AS (SELECT 1) SELECT * FROM x", "r")]
    [InlineData("WITH RECURSIVE x(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM x) SELECT n FROM x FOR UPDATE", "r")]
    [InlineData("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "w")]
    [InlineData("WITH x AS (SELECT 1), y AS (SELECT 2) UPDATE t SET a = 1", "w")]
    [InlineData("WITH gone AS (DELETE FROM t RETURNING *) SELECT count(*) FROM gone", "w")]
    [InlineData("WITH x AS MATERIALIZED (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x", "w")]
    [InlineData("WITH x AS (SELECT (replace(a, 'b', 'c')) FROM t) SELECT * FROM x", "r")]
    [InlineData("EXPLAIN DELETE FROM t", "r")]
    [InlineData("EXPLAIN ANALYZE DELETE FROM t", "w")]
    [InlineData("EXPLAIN (ANALYZE, BUFFERS) SELECT 1", "r")]
    [InlineData("EXPLAIN (ANALYZE) WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "w")]
    [InlineData("SELECT 1;", "r")]
    [InlineData("SELECT 1;\nINSERT INTO t VALUES (';');\nCOMMIT", "rwo")]
    [InlineData(";;; SELECT 1 ;; -- only a comment;", "r")]
    [InlineData("SELECT $$a;b$$; SELECT $tag$ $$;DELETE FROM t;$$ $tag$; SELECT $1", "rrr")]
    [InlineData("SELECT E'it\\'s; DELETE'; SELECT 'C:\\'; SELECT \"odd;name\"", "rrr")]
    [InlineData("SELECT 'unfinished; DELETE", "r")]
    [InlineData("", "")]
    [InlineData("-- nothing", "")]
    public void PostgreSqls_statements_are_told_apart(string text, string kinds) => KindsOf(text, SqlDialect.PostgreSql).ShouldBe(Counts(kinds));

    [Theory]
    [InlineData("REPLACE INTO t VALUES (1)", "w")]
    [InlineData("LOAD DATA LOCAL INFILE 'x' INTO TABLE t", "w")]
    [InlineData("SELECT 'it\\'s; DELETE FROM t'", "r")]
    [InlineData("# DELETE FROM t\nSELECT 1", "r")]
    [InlineData("SELECT 5--3; SELECT 1 -- DELETE\n", "rr")]
    [InlineData("SELECT `a;b` FROM `t``;x`", "r")]
    [InlineData("/*!40101 INSERT */ INTO t VALUES (1)", "w")]
    [InlineData("SHOW TABLES", "o")]
    [InlineData("CREATE PROCEDURE p() BEGIN INSERT INTO t VALUES (1); IF 1 THEN SELECT 1; END IF; SELECT CASE WHEN 1 THEN 2 END; END; SELECT 1", "or")]
    [InlineData("CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW BEGIN UPDATE u SET a = 1; DELETE FROM v; END", "o")]
    public void MySqls_statements_are_told_apart(string text, string kinds) => KindsOf(text, SqlDialect.MySql).ShouldBe(Counts(kinds));

    [Theory]
    [InlineData("SELECT [a;b], \"c;d\", `e;f` FROM t", "r")]
    [InlineData("INSERT OR REPLACE INTO t VALUES (1) RETURNING a", "w")]
    [InlineData("PRAGMA user_version", "o")]
    public void Sqlites_statements_are_told_apart(string text, string kinds) => KindsOf(text, SqlDialect.Sqlite).ShouldBe(Counts(kinds));

    [Fact]
    public void Any_text_has_an_end()
    {
        const string alphabet = "'\"`[]$$;-/*#(){}\\ \nEexBEGIN END CASE SELECT INSERT WITH AS CREATE TRIGGER COPY";
        var random = new Random(1);
        for (var round = 0; round < 20_000; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(60)).Select(_ => alphabet[random.Next(alphabet.Length)])]);
            foreach (var dialect in Enum.GetValues<SqlDialect>())
                StatementReader.Count(text, dialect);
        }
    }

    private static StatementCounts KindsOf(string text, SqlDialect dialect) => StatementReader.Count(text, dialect);

    private static StatementCounts Counts(string kinds) => new(
        kinds.Count(kind => kind == 'r'),
        kinds.Count(kind => kind == 'w'),
        kinds.Count(kind => kind is 'o' or 'b'),
        kinds.Count(kind => kind == 'b'));
}
