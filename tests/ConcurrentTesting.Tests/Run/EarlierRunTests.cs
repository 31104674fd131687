using ConcurrentTesting.Run;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run;

public sealed class EarlierRunTests
{
    [Fact]
    public void The_plan_is_for_the_workers_that_the_run_has()
    {
        var settings = new ConcurrentTestSettings { WorkingDirectory = "/shop", RootDirectory = "/shop", TemporaryDirectory = "/shop/temp", ResultsDirectory = "/shop/results" };
        var earlier = EarlierRun.Read(settings).For(settings with { Workers = 7 });

        earlier.Plan(Catalogs.Of(3, 3), TimingStore.Empty, seed: 1, _ => true).Seeds.Length.ShouldBe(7);
    }
}
