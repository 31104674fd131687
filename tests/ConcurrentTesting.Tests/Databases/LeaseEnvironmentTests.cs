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
}
