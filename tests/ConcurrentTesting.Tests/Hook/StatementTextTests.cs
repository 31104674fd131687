extern alias hook;

using hook::ConcurrentTesting.TestHook.Statements;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class StatementTextTests
{
    [Theory]
    [InlineData("SELECT name FROM person WHERE id = 4711", "SELECT name FROM person WHERE id = ?")]
    [InlineData("SELECT  name\n\tFROM person -- of Bob\nWHERE name='Bob' /* geheim */ ;", "SELECT name FROM person WHERE name=?")]
    [InlineData("SELECT \"p\".\"Name\" FROM \"Person\" AS \"p\" WHERE \"p\".\"Id\" = @p0", "SELECT \"p\".\"Name\" FROM \"Person\" AS \"p\" WHERE \"p\".\"Id\" = @p0")]
    [InlineData("SELECT 1 FROM t WHERE a IN (1, 2,3 , 4)", "SELECT ? FROM t WHERE a IN (?)")]
    [InlineData("SELECT $$geheim$$, $x$geheim$x$, E'geh\\'eim', N'geheim', X'FF'", "SELECT ?")]
    [InlineData("SELECT a FROM t WHERE b = 'geheim", "SELECT a FROM t WHERE b = ?")]
    [InlineData("SELECT a FROM t WHERE b = E'geheim", "SELECT a FROM t WHERE b = ?")]
    [InlineData("SELECT * FROM t LIMIT 1.5e3", "SELECT * FROM t LIMIT ?")]
    [InlineData("", "")]
    public void Values_and_comments_are_gone(string text, string normal) => StatementText.Of(text, SqlDialect.PostgreSql).ShouldBe(normal);

    [Fact]
    public void A_text_in_double_quotes_is_a_value_where_the_dialect_may_take_it_for_one()
    {
        const string text = "SELECT \"t\".\"a\" FROM \"t\" WHERE \"t\".\"b\" = \"geheim\"";

        StatementText.Of(text, SqlDialect.PostgreSql).ShouldBe(text);
        StatementText.Of(text, SqlDialect.Sqlite).ShouldBe("SELECT \"t\".\"a\" FROM \"t\" WHERE \"t\".\"b\" = ?");
        StatementText.Of("SELECT `a` FROM `t` WHERE b = \"geheim\"", SqlDialect.MySql).ShouldBe("SELECT `a` FROM `t` WHERE b = ?");
    }

    [Fact]
    public void A_long_text_is_cut()
    {
        var text = StatementText.Of("SELECT " + string.Join(", ", Enumerable.Range(0, 200).Select(column => $"column_{column}")) + " FROM t", SqlDialect.PostgreSql);

        text.Length.ShouldBe(StatementText.Longest);
        text.ShouldEndWith("…");
    }

    [Fact]
    public void Texts_that_differ_in_their_values_are_one_query_and_what_writes_is_none()
    {
        var one = StatementCatalog.Of("SELECT a FROM only_here WHERE b = 1", SqlDialect.PostgreSql);
        var two = StatementCatalog.Of("SELECT a FROM only_here WHERE b = 2", SqlDialect.PostgreSql);

        one.Query.ShouldNotBeNull().ShouldBeSameAs(two.Query);
        StatementCatalog.Of("INSERT INTO only_here VALUES (1)", SqlDialect.PostgreSql).Query.ShouldBeNull();
        StatementCatalog.Of("SELECT 1; DELETE FROM only_here", SqlDialect.PostgreSql).Query.ShouldBeNull();
    }
}
