using ConcurrentTesting.Databases.MySql;
using ConcurrentTesting.Databases.Server;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class MySqlTextTests
{
    // As MariaDB 10.11 prints them.
    [Theory]
    [InlineData("`n` int DEFAULT nextval(`src`.`s`)", "`n` int DEFAULT nextval(`new`.`s`)")]
    [InlineData("select `src`.`one`(2) AS `src` from `t`", "select `new`.`one`(2) AS `src` from `t`")]
    [InlineData("select `src`.`id` AS `id` from `t` `src`", "select `src`.`id` AS `id` from `t` `src`")]
    [InlineData("select 'it''s `src`.`one`(' AS `a`,'\\'`src`.`one`('", "select 'it''s `src`.`one`(' AS `a`,'\\'`src`.`one`('")]
    [InlineData("select `src`.`t`.`id` AS `id` from `t`", "select `new`.`t`.`id` AS `id` from `t`")]
    [InlineData("select `x`.`i` AS `i`,`src`.`id` AS `id` from ((`other`.`o` `x` join `src`.`t` `src`) left join `src`.`u`)", "select `x`.`i` AS `i`,`src`.`id` AS `id` from ((`other`.`o` `x` join `new`.`t` `src`) left join `new`.`u`)")]
    [InlineData("select `src`.`a` from (`src`.`t` `src` join `other`.`src`) where exists(select 1 from `other`.`src` where `other`.`src`.`a` = 1)", "select `src`.`a` from (`new`.`t` `src` join `other`.`src`) where exists(select 1 from `other`.`src` where `other`.`src`.`a` = 1)")]
    [InlineData("REFERENCES `other`.`src` (`id`)", "REFERENCES `other`.`src` (`id`)")]
    public void The_databases_own_name_is_replaced_where_it_stands_for_the_database(string sql, string expected) =>
        MySqlText.Canonical(sql, "src", "new").ShouldBe(expected);

    [Fact]
    public void A_name_of_ours_is_the_databases_own_wherever_the_server_writes_it()
    {
        var name = OwnDatabaseName.OfTemplate("0123456789abcdef0123456789abcdef", "main").ToString();
        MySqlText.Canonical($"select `{name}`.`t`.`id`,'`{name}`.`t`' from `{name}`.`t` straight_join `{name}`.`u`", name, "new").ShouldBe($"select `new`.`t`.`id`,'`{name}`.`t`' from `new`.`t` straight_join `new`.`u`");
    }

    [Fact]
    public void In_what_people_wrote_only_a_name_of_ours_is_replaced()
    {
        MySqlText.Written("SELECT shop.id FROM shop.orders", "shop", "new").ShouldBe("SELECT shop.id FROM shop.orders");
        var name = OwnDatabaseName.OfTemplate("0123456789abcdef0123456789abcdef", "main").ToString();
        MySqlText.Written($"SELECT 1 FROM {name}.orders", name, "new").ShouldBe("SELECT 1 FROM new.orders");
    }

    [Theory]
    [InlineData("SELECT * FROM shop.orders", true)]
    [InlineData("SELECT * FROM `SHOP` . orders", true)]
    [InlineData("INSERT INTO shop.`log` VALUES (1)", true)]
    [InlineData("SELECT * FROM workshop.orders", false)]
    [InlineData("SELECT shop FROM orders", false)]
    public void A_text_names_a_database_or_does_not(string sql, bool names) => MySqlText.Names(sql, "shop").ShouldBe(names);

    [Theory]
    [InlineData("CREATE DEFINER=`root`@`localhost` PROCEDURE `p`() SELECT ' DEFINER=`x`@`y`'", "CREATE PROCEDURE `p`() SELECT ' DEFINER=`x`@`y`'")]
    [InlineData("CREATE ALGORITHM=UNDEFINED DEFINER=`o``dd`@`%` SQL SECURITY DEFINER VIEW `v` AS select 1", "CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `v` AS select 1")]
    [InlineData("CREATE DEFINER=\"root\"@\"localhost\" PROCEDURE \"p\"() SELECT 1", "CREATE PROCEDURE \"p\"() SELECT 1")]
    [InlineData("CREATE DEFINER=`a_role` EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 1", "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 1")]
    [InlineData("CREATE PROCEDURE `p`() SET @a = (SELECT ' DEFINER=`x`@`y`')", "CREATE PROCEDURE `p`() SET @a = (SELECT ' DEFINER=`x`@`y`')")]
    public void A_definer_is_left_out(string sql, string expected) => MySqlText.WithoutDefiner(sql).ShouldBe(expected);

    [Fact]
    public void An_event_is_disabled_in_its_head_alone() =>
        MySqlText.Disabled("CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' ON COMPLETION NOT PRESERVE ENABLE COMMENT 'ENABLE' DO SELECT 'ON COMPLETION PRESERVE ENABLE'")
            .ShouldBe("CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' ON COMPLETION NOT PRESERVE DISABLE COMMENT 'ENABLE' DO SELECT 'ON COMPLETION PRESERVE ENABLE'");

    [Theory]
    [InlineData("CREATE DEFINER=`root`@`%` EVENT `e` ON SCHEDULE AT '2037-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE DO SELECT 1", true)]
    [InlineData("CREATE DEFINER=`root`@`%` EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE ENABLE DO SELECT ' ON SCHEDULE AT '", false)]
    public void An_event_that_happens_once_is_told_apart(string sql, bool once) => MySqlText.IsOnce(sql).ShouldBe(once);

    [Fact]
    public void The_counter_is_left_out_of_the_tables_options_alone() =>
        MySqlText.WithoutAutoIncrement("CREATE TABLE `t` (\n  `a` int COMMENT ' AUTO_INCREMENT=5'\n) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4")
            .ShouldBe("CREATE TABLE `t` (\n  `a` int COMMENT ' AUTO_INCREMENT=5'\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4");

    [Theory]
    [InlineData("root@localhost", "`root`@`localhost`")]
    [InlineData("o`dd@name@%", "`o``dd@name`@`%`")]
    [InlineData("a_role", "`a_role`")]
    public void A_definer_is_quoted(string definer, string quoted) => MySqlText.QuotedDefiner(definer).ShouldBe(quoted);
}
