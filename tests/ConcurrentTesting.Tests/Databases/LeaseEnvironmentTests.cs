using ConcurrentTesting.Databases.Leases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class LeaseEnvironmentTests
{
    [Fact]
    public void Without_databases_the_patterns_that_need_none_count()
    {
        var settings = new ConcurrentTestSettings
        {
            Environment = [EnvironmentPattern.Default, new("SHOP_PORT", "51{worker}0"), new("SHOP_MODE", "test"), new("SHOP_DB", "x{Database}{Worker}"), new("AUDIT", "{ConnectionString:audit}")],
        };

        var variables = LeaseEnvironment.Of(settings, "run", 3, []);

        variables["SHOP_PORT"].ShouldBe("5130");
        variables["SHOP_MODE"].ShouldBe("test");
        variables.Keys.ShouldNotContain(name => name == "SHOP_DB" || name == "AUDIT" || name == "ConnectionStrings__Default");
    }

    [Theory]
    [InlineData(DatabaseEngine.PostgreSql)]
    [InlineData(DatabaseEngine.MySql)]
    [InlineData(DatabaseEngine.Sqlite)]
    public void While_one_template_is_built_the_variables_of_the_others_lead_nowhere(DatabaseEngine engine)
    {
        var settings = new ConcurrentTestSettings
        {
            Database = engine,
            Environment = [new("MAIN", "{ConnectionString}"), new("AUDIT", "{ConnectionString:audit}"), new("MIXED", "{Host}/{Database:audit}"), new("PORT", "51{Worker}0")],
        };

        var variables = LeaseEnvironment.OfTemplate(settings, "run", "main", new("Of=main", "/shop/main", "localhost", "1234", "tests", "secret"));

        variables["MAIN"].ShouldBe("Of=main");
        variables["AUDIT"].ShouldContain("of-another-template.invalid");
        variables["MIXED"].ShouldNotContain("localhost");
        variables["PORT"].ShouldBe("5100");
    }

    [Fact]
    public void A_client_without_an_address_goes_to_the_template()
    {
        var connection = new ConnectionValues("Host=db", "ct_t_1", "db", "5433", "tests", "secret");
        var settings = new ConcurrentTestSettings { Database = DatabaseEngine.PostgreSql, Environment = [new("PGUSER", "given")] };

        var variables = LeaseEnvironment.OfTemplate(settings, "run", "main", connection);

        (variables["PGHOST"], variables["PGPORT"], variables["PGDATABASE"], variables["PGUSER"], variables["PGPASSWORD"])
            .ShouldBe(("db", "5433", "ct_t_1", "given", "secret"));
        LeaseEnvironment.OfTemplate(settings with { Database = DatabaseEngine.MySql }, "run", "main", connection with { Host = "localhost" })["MYSQL_HOST"]
            .ShouldBe("127.0.0.1");
    }
}
