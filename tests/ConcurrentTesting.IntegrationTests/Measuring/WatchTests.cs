using System.Diagnostics;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Measuring;

/// <summary>The hook watches the engine from inside the test processes, and the engine them.</summary>
public sealed class WatchTests
{
    // Milliseconds on an idle machine; a busy one takes longer to run anything at all.
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(20);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("XUnit2", "TestHost", "watch")]
    [InlineData("XUnit3", "TestProcess", "watch")]
    [InlineData("XUnit3", "TestProcess", "measure")]
    [InlineData("NUnit", "TestHost", "measure")]
    [InlineData("MSTest", "TestHost", "watch")]
    public async Task Test_processes_end_when_the_engine_is_killed(string framework, string role, string mode)
    {
        using var suite = MeasuredSuite.Start(framework, mode, 1, ("MEASURED_HANG", "1"), ("MEASURED_DRIVER", "sqlite"), ("MEASURED_CONNECTION_STRING", "Data Source=:memory:"));
        var host = await suite.ProcessAsync("TestHost", "alive", CancellationToken);
        var hanging = role == "TestHost" ? host : await HangingTestProcessAsync(suite);

        using var running = Process.GetProcessById(hanging);
        using var itsHost = Process.GetProcessById(host);
        suite.Kill();

        await running.WaitForExitAsync(CancellationToken).WaitAsync(EndBound, CancellationToken);
        await itsHost.WaitForExitAsync(CancellationToken).WaitAsync(EndBound, CancellationToken);
    }

    [Fact]
    public async Task The_death_of_xunit_v3s_process_is_seen()
    {
        using var suite = MeasuredSuite.Start("XUnit3", "watch", 1, ("MEASURED_CRASH", "1"), ("MEASURED_DRIVER", "sqlite"), ("MEASURED_CONNECTION_STRING", "Data Source=:memory:"));

        var crashed = await suite.ProcessAsync("TestProcess", "dead", CancellationToken);

        suite.Said.ShouldContain($"process {crashed} TestProcess alive");
        suite.Said.ShouldNotContain($"process {crashed} TestProcess ended");
    }

    // The first one only tells about the assembly, and may end before or after the second begins.
    private static async Task<int> HangingTestProcessAsync(MeasuredSuite suite)
    {
        var first = await suite.ProcessAsync("TestProcess", null, CancellationToken);
        return await suite.ProcessAsync("TestProcess", "alive", CancellationToken, but: first);
    }
}
