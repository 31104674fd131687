using ConcurrentTesting.Record;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class DecidingAttemptTests
{
    [Theory]
    [InlineData("Failed", "Failed")]
    [InlineData("Failed Passed", "Passed")]
    [InlineData("Failed Skipped", "Failed")]
    [InlineData("Error Skipped", "Skipped")]
    [InlineData("Failed Skipped Passed", "Passed")]
    [InlineData("Failed Passed Skipped", "Skipped")]
    [InlineData("Skipped Failed", "Failed")]
    [InlineData("Skipped Passed", "Passed")]
    public void A_skip_takes_no_failure_back(string outcomes, string decides)
    {
        foreach (var round in new int?[] { null, 2 })
        {
            TestAttempt[] attempts = [.. outcomes.Split(' ').Select((outcome, index) => Attempt(Enum.Parse<TestOutcome>(outcome), index + 1, round))];
            var fold = new RowFold(new AttemptEnded
            {
                At = default,
                Row = 0,
                Occurrence = 0,
                Test = new TestRef(Catalogs.Assembly(), Guid.Empty),
                ClassName = "Orders",
                MethodName = "Ships",
                Name = "Ships",
                Attempt = attempts[0],
            });
            foreach (var attempt in attempts)
                fold.Add(attempt);

            DecidingAttempt.Of(attempts)!.Outcome.ToString().ShouldBe(decides);
            fold.Outcome.ToString().ShouldBe(decides);
            fold.ToRecord().Outcome.ToString().ShouldBe(decides);
        }
    }

    private static TestAttempt Attempt(TestOutcome outcome, int number, int? round) =>
        new() { Outcome = outcome, Worker = 0, Batch = number, Number = number, Round = round };
}
