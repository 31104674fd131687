using ConcurrentTesting.Databases.MySql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class MySqlRightsTests
{
    // As MySQL 8.4 and MariaDB 10.11 say it.
    [Theory]
    [InlineData(@"GRANT ALL PRIVILEGES ON `ct\_%`.* TO `app`@`%`")]
    [InlineData("GRANT SELECT, INSERT, CREATE VIEW, DROP ON `ct_%`.* TO `app`@`%`")]
    [InlineData("GRANT SELECT, CREATE VIEW, DROP ON *.* TO `app`@`%` WITH GRANT OPTION")]
    [InlineData("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED BY PASSWORD '*E6' WITH GRANT OPTION")]
    [InlineData("""GRANT CREATE VIEW ON "ct\_%".* TO "app"@"%" """)]
    public void A_right_on_all_databases_of_ours_is_found(string grant) => MySqlRights.Parse([grant]).Has("CREATE VIEW", "ct_r_run_w0").ShouldBeTrue();

    [Theory]
    [InlineData("GRANT USAGE ON *.* TO `app`@`%`")]
    [InlineData(@"GRANT ALL PRIVILEGES ON `ct\_t\_%`.* TO `app`@`%`")]
    [InlineData(@"GRANT ALL PRIVILEGES ON `ctx\_%`.* TO `app`@`%`")]
    [InlineData(@"GRANT CREATE, SHOW VIEW ON `ct\_%`.* TO `app`@`%`")]
    [InlineData("GRANT CREATE VIEW ON `ct_r_run_w0`.`book` TO `app`@`%`")]
    [InlineData("GRANT CREATE VIEW ON PROCEDURE `ct_r_run_w0`.`p` TO `app`@`%`")]
    [InlineData("GRANT `CREATE VIEW`@`%` TO `app`@`%`")]
    [InlineData("GRANT PROXY ON ``@`` TO `root`@`localhost` WITH GRANT OPTION")]
    public void What_is_no_such_right_is_not_taken_for_it(string grant) => MySqlRights.Parse([grant]).Has("CREATE VIEW", "ct_r_run_w0").ShouldBeFalse();

    [Fact]
    public void A_global_right_that_is_taken_back_for_a_database_is_not_there()
    {
        var rights = MySqlRights.Parse(["GRANT SELECT, SHOW_ROUTINE ON *.* TO `app`@`%`", "REVOKE SELECT ON `mysql`.* FROM `app`@`%`"]);

        rights.Has("SELECT", "orders").ShouldBeTrue();
        rights.Has("SELECT", "mysql", "user").ShouldBeFalse();
        rights.Has("SHOW_ROUTINE").ShouldBeTrue();
    }

    [Fact]
    public void A_right_on_one_table_is_for_that_table_and_one_on_columns_for_none()
    {
        var rights = MySqlRights.Parse(["GRANT SELECT ON `mysql`.`proc` TO `app`@`%`", "GRANT SELECT (`host`, `user`), INSERT ON `mysql`.`db` TO `app`@`%`"]);

        rights.Has("SELECT", "mysql", "proc").ShouldBeTrue();
        rights.Has("SELECT", "mysql", "db").ShouldBeFalse();
        rights.Has("INSERT", "mysql", "db").ShouldBeTrue();
        rights.Has("SELECT", "mysql").ShouldBeFalse();
    }
}
