using ConcurrentTesting.Record;
using ConcurrentTesting.Tests.Console;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

/// <summary>Which of several things that happened in a run decides its exit code.</summary>
public sealed class VerdictTests
{
    /// <param name="tests">What became of each test: a flaky one has failed first and then passed.</param>
    /// <param name="outside">Failures beside the tests, each <c>failed</c> or <c>flaky</c>.</param>
    [Theory]
    [InlineData("passed", "", "", ConcurrentTestExitCode.Success, "All tests passed.")]
    [InlineData("passed failed", "", "", ConcurrentTestExitCode.TestsFailed, "1 of 2 tests failed.")]
    [InlineData("passed timed-out", "", "", ConcurrentTestExitCode.TestsFailed, "1 of 2 tests failed.")]
    [InlineData("passed error", "", "", ConcurrentTestExitCode.Incomplete, "1 of 2 tests gave no result.")]
    [InlineData("failed error", "", "", ConcurrentTestExitCode.Incomplete, "1 of 2 tests gave no result and 1 failed.")]
    [InlineData("error", "failed", "", ConcurrentTestExitCode.Incomplete, "1 of 1 test gave no result.")]
    [InlineData("failed", "failed", "", ConcurrentTestExitCode.TestsFailed, "1 of 1 test failed. Outside of tests there was 1 more failure.")]
    [InlineData("passed", "failed", "", ConcurrentTestExitCode.TestsFailed, "No test failed, but this did: clean-up 0.")]
    [InlineData("passed", "failed failed flaky", "", ConcurrentTestExitCode.TestsFailed, "No test failed, but 2 other failures happened: clean-up 0 and 1 more.")]
    [InlineData("", "failed", "empty", ConcurrentTestExitCode.TestsFailed, "No test failed, but this did: clean-up 0.")]
    [InlineData("", "", "empty", ConcurrentTestExitCode.Success, "There were no tests.")]
    [InlineData("", "", "", ConcurrentTestExitCode.Incomplete, "No tests were found; --test-allow-empty makes that a success.")]
    [InlineData("passed flaky", "flaky", "", ConcurrentTestExitCode.Success, "All tests passed.")]
    [InlineData("passed flaky", "flaky", "flaky", ConcurrentTestExitCode.TestsFailed, "2 of 2 tests were flaky (--test-flaky fail).")]
    [InlineData("passed", "flaky", "flaky", ConcurrentTestExitCode.TestsFailed, "1 of 1 test was flaky (--test-flaky fail).")]
    [InlineData("flaky failed", "", "flaky", ConcurrentTestExitCode.TestsFailed, "1 of 2 tests failed.")]
    public void What_is_worse_decides(string tests, string outside, string settings, ConcurrentTestExitCode exitCode, string reason) =>
        Of(RunEnd.TestsDecide, tests, outside, settings).ShouldBe((exitCode, reason));

    [Theory]
    [InlineData("failed")]
    [InlineData("error")]
    [InlineData("")]
    public void A_run_that_was_ended_early_says_so_whatever_its_tests_did(string tests) =>
        Of(new RunEnd(ConcurrentTestExitCode.Cancelled, "cancelled"), tests, "failed", "").ShouldBe((ConcurrentTestExitCode.Cancelled, "cancelled"));

    private static (ConcurrentTestExitCode, string) Of(RunEnd end, string tests, string outside, string settings) => Verdict.Of(
        end,
        [.. Words(tests).Select((test, number) => SampleRun.Result(SampleRun.Entry($"Test{number}"), [.. OutcomesOf(test).Select((outcome, attempt) => SampleRun.Attempt(outcome, number: attempt + 1))]))],
        [.. Words(outside).Select((failure, number) => new OutsideFailure
        {
            Kind = OutsideKinds.CleanUp,
            Name = $"clean-up {number}",
            Assembly = SampleRun.Assembly,
            Workers = [0],
            At = SampleRun.Start,
            Message = "It failed.",
            IsFlaky = failure == "flaky",
        })],
        new ConcurrentTestSettings { AllowEmpty = settings == "empty", Flaky = settings == "flaky" ? FlakyPolicy.Fail : FlakyPolicy.Pass });

    private static TestOutcome[] OutcomesOf(string test) => test switch
    {
        "passed" => [TestOutcome.Passed],
        "failed" => [TestOutcome.Failed],
        "timed-out" => [TestOutcome.TimedOut],
        "error" => [TestOutcome.Error],
        _ => [TestOutcome.Failed, TestOutcome.Passed],
    };

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
