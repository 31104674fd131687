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
        ConnectionNeed.Tell(97, 8, ["Host=db;Database=main;Maximum Pool Size=20", "Host=db;Database=audit;MaxPoolSize=10"], _log);

        _log.Text.ShouldBe(
            "Warning: 8 workers with pools of 30 connections may open 240, and the server takes 97 of them (max_connections): where that fails, raise max_connections, "
            + "use fewer --workers, or --test-environment 'ConnectionStrings__Default={ConnectionString};Maximum Pool Size=6'");
    }

    [Fact]
    public void The_drivers_default_is_no_warning()
    {
        ConnectionNeed.Tell(97, 8, ["Database=main"], _log);

        _log.Text.ShouldStartWith("Information: 8 workers with pools of 100 connections may open 800");
    }

    [Theory]
    [InlineData("Database=main;Maximum Pool Size=12")]
    [InlineData("Database=main;Pooling=False")]
    [InlineData("postgres://u@host/main")]
    [InlineData("5432")]
    public void What_fits_or_is_no_pool_is_not_spoken_of(string value)
    {
        ConnectionNeed.Tell(97, 8, [value, value], _log);

        _log.Text.ShouldBeEmpty();
    }
}
