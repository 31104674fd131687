using ConcurrentTesting.Catalog;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Record;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Execution;

public sealed class DiscoveryErrorsTests
{
    private static readonly TestAssembly Assembly = Catalogs.Assembly();

    [Fact]
    public async Task An_error_beside_tests_that_were_found_is_a_failure_of_its_own()
    {
        await using var run = new FakeRun();

        DiscoveryErrors.Record(run.Context, Assembly, [
            new SessionMessage(HostMessageLevel.Information, "NUnit Adapter 6.3.1.0: Test discovery starting"),
            new SessionMessage(HostMessageLevel.Warning, "No test is available in /repo/Other.dll"),
            new SessionMessage(HostMessageLevel.Error, "[xUnit.net 00:00:00.12] Exception discovering tests from Shop.Tests: System.BadImageFormatException"),
        ]);

        var failure = run.Context.Recorder.Outside.ShouldHaveSingleItem();
        (failure.Kind, failure.Name, failure.Assembly).ShouldBe((OutsideKinds.Error, "Error of Shop.Tests (net10.0)", Assembly));
        failure.Message.ShouldBe("Exception discovering tests from Shop.Tests: System.BadImageFormatException");
        failure.IsFlaky.ShouldBeFalse();
    }

    [Fact]
    public async Task What_is_told_in_discovery_and_while_tests_run_is_one_failure()
    {
        await using var run = new FakeRun();
        var test = Catalogs.Entry(Assembly, "Shop.Orders", "First");

        DiscoveryErrors.Record(run.Context, Assembly, [new SessionMessage(HostMessageLevel.Error, "UTA007: wrong signature")]);
        await run.Pool((asked, events, _) =>
        {
            events.Message(HostMessageLevel.Error, "UTA007: wrong signature");
            return FakeHost.GiveAll(asked, events, _ => TestOutcome.Passed);
        }).RunAsync(FakeRun.Plan([test]));

        run.Context.Recorder.Outside.ShouldHaveSingleItem().Workers.ShouldBe([0]);
    }
}
