using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

public class LargeResultTests
{
    /// <summary>Its 10,000,000 quotation marks take longer than the time-out from the test host to the run; the test itself takes none.</summary>
    [Fact]
    public async Task A_message_of_many_megabytes_is_a_failure_and_no_time_out()
    {
        using var troubled = new TroubledSuite();

        var outcome = await troubled.RunAsync("--workers 1 --test-timeout 2s --test-filter FullyQualifiedName~Troubled.Large", TestContext.Current.CancellationToken, "LARGE=message");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.ShouldHaveSingleItem().ShouldSatisfyAllConditions(test => test.Outcome.ShouldBe("Failed"), test => test.Attempts.ShouldBe(1));
        outcome.Incidents.ShouldNotContain("session-died");
    }
}
