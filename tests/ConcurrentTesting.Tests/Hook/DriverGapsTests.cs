extern alias hook;

using System.Diagnostics;
using ConcurrentTesting.Record;
using hook::ConcurrentTesting.TestHook.Drivers;
using hook::ConcurrentTesting.TestHook.Measuring;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class DriverGapsTests
{
    [Theory]
    [InlineData("Npgsql", "9.0.3.0", true)]
    [InlineData("Npgsql", "6.0.11", true)]
    [InlineData("Npgsql", null, true)]
    [InlineData("Npgsql", "10.0.3.0", false)]
    [InlineData("MySqlConnector", "2.5.0", false)]
    public void A_driver_that_does_not_tell_of_opening_leaves_no_figure_of_it(string driver, string? version, bool isHidden)
    {
        var catalog = new DriverCatalog(_ => { });
        ActivityDrivers.Listen(catalog, () => new Tally(), new OpenedDatabases(), (_, _) => { });

        using var source = new ActivitySource(driver, version);

        catalog.Gaps.HasFlag(DriverGaps.Connections).ShouldBe(isHidden);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(0L, true)]
    public void Databases_of_connections_that_are_not_known_are_not_none(long? connections, bool isKnown)
    {
        var test = new TestFigures { Operations = 3, Connections = connections };

        new BatchFigures([], new OutsideFigures(TestFigures.NotMeasured, test), []).Opened.HasValue.ShouldBe(isKnown);
    }

    [Fact]
    public void Connections_that_are_not_known_of_one_test_are_not_known_of_all()
    {
        var before = new TestFigures { Operations = 0, Connections = 0 };
        var after = new TestFigures { Operations = 3 };

        TestFigures.Sum([before, after]).Connections.ShouldBeNull();
        TestFigures.Sum([before, after, TestFigures.NotMeasured]).Operations.ShouldBe(3);
        TestFigures.Sum([before, TestFigures.NotMeasured]).Connections.ShouldBe(0);
    }
}
