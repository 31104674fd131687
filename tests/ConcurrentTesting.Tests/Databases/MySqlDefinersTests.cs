using ConcurrentTesting.Databases.MySql;
using ConcurrentTesting.Databases.Templates.Scripts;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class MySqlDefinersTests
{
    [Theory]
    [InlineData("CREATE DEFINER=`root`@`localhost` PROCEDURE `p`() SELECT 1", "CREATE  PROCEDURE `p`() SELECT 1", "PROCEDURE", "p", "root@localhost")]
    [InlineData("CREATE OR REPLACE DEFINER = app@'10.0.0.%' FUNCTION f() RETURNS INT RETURN 1", "CREATE OR REPLACE  FUNCTION f() RETURNS INT RETURN 1", "FUNCTION", "f", "app@10.0.0.%")]
    [InlineData("CREATE DEFINER='legacy' SQL SECURITY INVOKER VIEW v AS SELECT 1", "CREATE  SQL SECURITY INVOKER VIEW v AS SELECT 1", "VIEW", "v", "legacy@%")]
    [InlineData(
        "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `b` FOR EACH ROW SET NEW.a = 1 */",
        "/*!50003 CREATE*/ /*!50017 */ /*!50003 TRIGGER `t` BEFORE INSERT ON `b` FOR EACH ROW SET NEW.a = 1 */", "TRIGGER", "t", "root@localhost")]
    [InlineData(
        "/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50013 DEFINER=`a``b`@`%` SQL SECURITY DEFINER */ /*!50001 VIEW `v` AS select 1 AS `1` */",
        "/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50013  SQL SECURITY DEFINER */ /*!50001 VIEW `v` AS select 1 AS `1` */", "VIEW", "v", "a`b@%")]
    [InlineData("CREATE DEFINER=root@localhost EVENT IF NOT EXISTS e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "CREATE  EVENT IF NOT EXISTS e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "EVENT", "e", "root@localhost")]
    [InlineData("ALTER DEFINER=a@b VIEW v AS SELECT 2", "ALTER  VIEW v AS SELECT 2", "VIEW", "v", "a@b")]
    public void A_definer_is_taken_out_and_noted(string sql, string without, string kind, string name, string definer)
    {
        var definers = new MySqlDefiners();

        definers.Take(Read(sql)).Text.ShouldBe(without);

        definers.Of(new MySqlObject(kind, name, "", "", null, "", null, null)).ShouldBe(definer);
    }

    [Theory]
    [InlineData("CREATE DEFINER=CURRENT_USER() VIEW v AS SELECT 1", "CREATE  VIEW v AS SELECT 1")]
    [InlineData("CREATE TABLE t (definer INT)", "CREATE TABLE t (definer INT)")]
    [InlineData("CREATE PROCEDURE p() SELECT 1 FROM t WHERE definer = a", "CREATE PROCEDURE p() SELECT 1 FROM t WHERE definer = a")]
    public void What_names_nobody_else_is_not_noted(string sql, string executed)
    {
        var definers = new MySqlDefiners();

        definers.Take(Read(sql)).Text.ShouldBe(executed);

        definers.Of(new MySqlObject("VIEW", "v", "", "", null, "", null, null)).ShouldBeNull();
    }

    private static SqlStatement Read(string sql) => SqlScriptReader.Read($"DELIMITER $$\n{sql}\n$$", SqlDialect.MySql).ShouldHaveSingleItem();
}
