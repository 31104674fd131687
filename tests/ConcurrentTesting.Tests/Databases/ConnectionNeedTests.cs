using ConcurrentTesting.Databases.Leases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class ConnectionNeedTests
{
    private readonly LogLines _log = new();

    [Fact]
    public void Pools_that_may_open_more_than_the_server_takes_are_named_with_what_fits()
    {
        ConnectionNeed.Tell(
            97, 8,
            [Default("Host=db;Database=main;Maximum Pool Size=20"), (new EnvironmentPattern("AUDIT_DB", "{ConnectionString:audit}"), "Host=db;Database=audit;MaxPoolSize=10")],
            _log);

        _log.Text.ShouldBe(
            "Warning: 8 workers with pools of 30 connections may open 240, and the server takes 97 of them (max_connections): where that fails, raise max_connections, "
            + "use fewer --workers, or --test-environment 'ConnectionStrings__Default={ConnectionString};Maximum Pool Size=6' 'AUDIT_DB={ConnectionString:audit};Maximum Pool Size=6'");
    }

    [Fact]
    public void What_to_give_instead_has_all_variables_of_the_run_without_their_secrets()
    {
        ConnectionNeed.Tell(
            100, 10,
            [
                (new EnvironmentPattern("SHOP_DB", "{ConnectionString}"), "Host=db;Database=main"),
                (new EnvironmentPattern("AUDIT_DB", "Host={Host};Database={Database:audit};Password=geheim"), "Host=db;Database=audit;Password=geheim"),
                (new EnvironmentPattern("API_KEY", "geheim"), "geheim"),
                (new EnvironmentPattern("SHOP_PORT", "{Port}"), "5432"),
            ],
            _log);

        _log.Text.ShouldEndWith("or --test-environment 'SHOP_DB={ConnectionString};Maximum Pool Size=5' 'AUDIT_DB=***;Maximum Pool Size=5' 'API_KEY=***' 'SHOP_PORT={Port}'");
    }

    [Fact]
    public void The_drivers_default_is_no_warning()
    {
        ConnectionNeed.Tell(97, 8, [Default("Database=main")], _log);

        _log.Text.ShouldStartWith("Information: 8 workers with pools of 100 connections may open 800");
    }

    [Theory]
    [InlineData("Database=main;Maximum Pool Size=12")]
    [InlineData("Database=main;Pooling=False")]
    [InlineData("postgres://u@host/main")]
    [InlineData("5432")]
    public void What_fits_or_is_no_pool_is_not_spoken_of(string value)
    {
        ConnectionNeed.Tell(97, 8, [Default(value), Default(value)], _log);

        _log.Text.ShouldBeEmpty();
    }

    private static (EnvironmentPattern Pattern, string Value) Default(string value) => (EnvironmentPattern.Default, value);
}
