using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Tests.Execution;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class FailedSetUpsTests
{
    private const string OfNamespace = "   at Shop.Tests.Server.Start() in S.cs:line 3";

    [Theory]
    [InlineData(nameof(TestFramework.XUnit3), "Class fixture type 'Shop.Tests.Server' threw in its constructor", "Shop.Tests.Orders", true)]
    [InlineData(nameof(TestFramework.XUnit3), "Class fixture type 'Shop.Tests.Server' threw in its constructor", "Shop.Tests.Others", false)]
    [InlineData(nameof(TestFramework.XUnit3), "Collection fixture type 'Shop.Tests.Server' threw in its constructor", "Shop.Tests.Orders", true)]
    [InlineData(nameof(TestFramework.XUnit3), "Assembly fixture type 'Shop.Tests.Server' threw in InitializeAsync", "Shop.Tests.Others", true)]
    [InlineData(nameof(TestFramework.XUnit3), "Assert.Equal() Failure", "Shop.Tests.Orders", false)]
    [InlineData(nameof(TestFramework.NUnit), "OneTimeSetUp: SetUp : System.Exception : no server", "Shop.Tests.Orders", true)]
    [InlineData(nameof(TestFramework.NUnit), "OneTimeSetUp: SetUp : System.Exception : no server", "Shop.Tests.Others", true)]
    [InlineData(nameof(TestFramework.NUnit), "OneTimeSetUp: SetUp : System.Exception : no server", "Shop.Elsewhere.Others", false)]
    [InlineData(nameof(TestFramework.NUnit), "TearDown : System.Exception : no server", "Shop.Tests.Orders", false)]
    [InlineData(nameof(TestFramework.XUnit2), "Class fixture type 'Shop.Tests.Server' threw in its constructor", "Shop.Tests.Orders", false)]
    public async Task An_explicit_test_below_a_set_up_that_threw_has_failed_with_it(
        string framework, string message, string explicitClass, bool hasFailed)
    {
        await using var run = new FakeRun();
        var assembly = Catalogs.Assembly() with { Framework = Enum.Parse<TestFramework>(framework) };
        var test = Catalogs.Entry(assembly, "Shop.Tests.Orders", "Adds");
        var onRequest = Catalogs.Entry(assembly, explicitClass, "On_request");

        await run.Pool((_, events, _) =>
        {
            events.ResultArrived(FakeHost.Result(test, TestOutcome.Failed) with { Message = message, StackTrace = OfNamespace });
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([test]));
        run.Context.Recorder.AddExplicit([onRequest]);

        var result = run.ResultOf(onRequest);
        result.Outcome.ShouldBe(hasFailed ? TestOutcome.Failed : TestOutcome.Skipped);
        if (hasFailed)
            result.Final.Message.ShouldBe(message);
    }

    [Fact]
    public async Task The_set_up_of_one_class_says_nothing_of_an_explicit_test_of_another()
    {
        await using var run = new FakeRun();
        var assembly = Catalogs.Assembly() with { Framework = TestFramework.NUnit };
        var test = Catalogs.Entry(assembly, "Shop.Tests.Orders(1)", "Adds");
        var onRequest = Catalogs.Entry(assembly, "Shop.Tests.Others", "On_request");

        await run.Pool((_, events, _) =>
        {
            events.ResultArrived(FakeHost.Result(test, TestOutcome.Failed) with
            {
                Message = "OneTimeSetUp: no server",
                StackTrace = "   at Shop.Tests.Orders.Start()",
            });
            return Task.FromResult(FakeHost.WellEnded);
        }).RunAsync(FakeRun.Plan([test]));
        run.Context.Recorder.AddExplicit([onRequest]);

        run.ResultOf(onRequest).Outcome.ShouldBe(TestOutcome.Skipped);
    }
}
