extern alias hook;

using hook::ConcurrentTesting.TestHook.Statements;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class StatementTextTests
{
    private static string Columns { get; } = string.Join(", ", Enumerable.Range(0, 200).Select(column => $"column_{column}"));

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

    [Theory]
    [InlineData("\\'")]
    [InlineData("C:\\\\'")]
    public void After_a_string_whose_end_is_a_setting_of_the_server_nothing_is_told(string begin)
    {
        foreach (var dialect in new[] { SqlDialect.MySql, SqlDialect.PostgreSql })
        {
            var text = StatementText.Of($"SELECT a FROM t WHERE path = '{begin} AND name = 'geheim' AND b = '", dialect);

            text.ShouldBe("SELECT a FROM t WHERE path = ?…");
        }

        StatementText.Of("SELECT a FROM t WHERE b = E'it\\'s' AND c = 1", SqlDialect.PostgreSql).ShouldBe("SELECT a FROM t WHERE b = ? AND c = ?");
        StatementText.Of("SELECT a FROM t WHERE b = 'C:\\' AND c = 1", SqlDialect.Sqlite).ShouldBe("SELECT a FROM t WHERE b = ? AND c = ?");
        StatementText.Of("SELECT a FROM t WHERE b = 'a\\n' AND c = \"d'e\"", SqlDialect.MySql).ShouldBe("SELECT a FROM t WHERE b = ? AND c = ?");
    }

    [Fact]
    public void A_long_text_keeps_what_it_asks_for()
    {
        var text = StatementText.Of($"SELECT {Columns} FROM orders AS o WHERE o.customer = 7", SqlDialect.PostgreSql);

        text.Length.ShouldBeLessThanOrEqualTo(StatementText.Longest);
        text.ShouldStartWith("SELECT column_0, column_1, ");
        text.ShouldEndWith("… FROM orders AS o WHERE o.customer = ?");
    }

    [Fact]
    public void A_long_text_is_cut_in_the_middle_of_what_it_asks_for()
    {
        var joins = string.Concat(Enumerable.Range(0, 20).Select(number => $" JOIN t{number} ON t{number}.id = o.id{number}"));
        var text = StatementText.Of($"SELECT (SELECT 1 FROM inner_one), {Columns} FROM orders AS o{joins} WHERE o.customer = 7", SqlDialect.PostgreSql);

        text.Length.ShouldBe(StatementText.Longest);
        text.ShouldContain("… FROM orders AS o JOIN t0 ON");
        text.ShouldEndWith(" WHERE o.customer = ?");
    }

    [Fact]
    public void A_long_text_that_asks_for_nothing_is_cut_at_its_end()
    {
        var text = StatementText.Of($"CALL many({Columns})", SqlDialect.PostgreSql);

        text.Length.ShouldBe(StatementText.Longest);
        text.ShouldEndWith("…");
    }

    [Fact]
    public void A_text_of_any_length_can_be_cut()
    {
        foreach (var columns in Enumerable.Range(3_900, 110))
            StatementText.Of($"SELECT {new string('a', columns)} FROM orders", SqlDialect.PostgreSql).Length.ShouldBeLessThanOrEqualTo(StatementText.Longest);
    }

    [Fact]
    public void Queries_that_begin_with_the_same_columns_are_told_apart()
    {
        var byId = StatementCatalog.Of($"SELECT {Columns} FROM apart WHERE id = 1", SqlDialect.PostgreSql);
        var byName = StatementCatalog.Of($"SELECT {Columns} FROM apart WHERE name = 'x'", SqlDialect.PostgreSql);

        byId.Query.ShouldNotBeNull().ShouldNotBeSameAs(byName.Query);
        byId.Query.ShouldBeSameAs(StatementCatalog.Of($"SELECT {Columns} FROM apart WHERE id = 2", SqlDialect.PostgreSql).Query);
    }

    [Fact]
    public void After_any_number_of_queries_a_new_one_is_seen_to_repeat()
    {
        var first = StatementCatalog.Of("SELECT a FROM s_first.orders WHERE b = 1", SqlDialect.PostgreSql).Query;
        for (var number = 0; number < 5_000; number++)
            StatementCatalog.Of($"SELECT a FROM s_{number}.orders", SqlDialect.PostgreSql).Query.ShouldNotBeNull();

        StatementCatalog.Of("SELECT a FROM s_first.orders WHERE b = 1", SqlDialect.PostgreSql).Query.ShouldNotBeNull().Text.ShouldBe(first!.Text);
        StatementCatalog.Of("SELECT a FROM s_last.orders WHERE b = 1", SqlDialect.PostgreSql).Query.ShouldNotBeNull()
            .ShouldBeSameAs(StatementCatalog.Of("SELECT a FROM s_last.orders WHERE b = 2", SqlDialect.PostgreSql).Query);
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
