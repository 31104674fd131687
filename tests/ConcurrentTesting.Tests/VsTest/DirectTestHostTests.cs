using ConcurrentTesting.Tests.Databases;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

/// <summary>When a test host is replaced, and when its assembly is left to a vstest.console.</summary>
public sealed class DirectTestHostTests
{
    [Theory]
    [InlineData(1023, 800, false)]
    [InlineData(1024, 1023, true)]
    [InlineData(400, 200, true)]
    [InlineData(399, 200, false)]
    [InlineData(255, 50, false)]
    [InlineData(256, 50, true)]
    public void A_host_is_replaced_at_a_gigabyte_and_at_twice_its_first_memory_where_that_is_not_little(long memory, long first, bool isTooMuch) =>
        DirectTestHost.IsTooMuch(memory << 20, first << 20).ShouldBe(isTooMuch);

    [Fact]
    public void That_an_assembly_is_left_to_the_console_is_said_once()
    {
        var log = new LogLines();
        var settings = new ConcurrentTestSettings { RootDirectory = "/repo", ResultsDirectory = "/repo/results" };
        var direct = new DirectAssemblies(settings, new VsTestLocation("/dotnet", "10.0.100", "/vstest.console.dll"), RunSettingsDocument.Load(settings, NullLogger.Instance), log);

        direct.GiveUp(Catalogs.Assembly(), "the test host speaks version 99 of the protocol.");
        direct.GiveUp(Catalogs.Assembly(), "the test host ended before it had answered.");

        direct.IsDirect(Catalogs.Assembly()).ShouldBeFalse();
        log.Text.ShouldBe("Warning: Shop.Tests (net10.0) runs on vstest.console from now on: the test host speaks version 99 of the protocol.");
    }
}
