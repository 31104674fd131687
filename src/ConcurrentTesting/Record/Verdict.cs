namespace ConcurrentTesting.Record;

/// <summary>The exit code and its reason in one line: the first that applies.</summary>
internal static class Verdict
{
    public static (ConcurrentTestExitCode ExitCode, string Reason) Of(
        RunEnd end, ImmutableArray<TestRecord> tests, ImmutableArray<OutsideFailure> outside, ConcurrentTestSettings settings)
    {
        if (end.ExitCode is { } early)
            return (early, end.Reason);
        if (settings.List)
            return (ConcurrentTestExitCode.Success, "Tests were listed, none was run.");
        if (tests.IsEmpty && outside.IsEmpty)
            return OfNoTests(settings);

        var errors = tests.Count(test => test.Outcome == TestOutcome.Error);
        var failed = tests.Count(test => test.Outcome is TestOutcome.Failed or TestOutcome.TimedOut);
        return errors > 0
            ? (ConcurrentTestExitCode.Incomplete,
                $"{errors} of {Quantity.Of(tests.Length, "test")} gave no result{(failed > 0 ? $" and {failed} failed" : "")}.")
            : failed > 0 ? (ConcurrentTestExitCode.TestsFailed,
                $"{failed} of {Quantity.Of(tests.Length, "test")} failed{InRuns(tests)}.{Beside(outside)}")
            : OfOutside(tests, outside, settings);
    }

    private static (ConcurrentTestExitCode, string) OfOutside(
        ImmutableArray<TestRecord> tests, ImmutableArray<OutsideFailure> outside, ConcurrentTestSettings settings)
    {
        var failures = outside.Where(failure => !failure.IsFlaky).ToList();
        return failures switch
        {
            [] => OfFlaky(tests, outside, settings),
            [var only] => (ConcurrentTestExitCode.TestsFailed, $"No test failed, but this did: {only.Name}."),
            [var first, ..] =>
                (ConcurrentTestExitCode.TestsFailed,
                    $"No test failed, but {failures.Count} other failures happened: {first.Name} and {failures.Count - 1} more."),
        };
    }

    private static string InRuns(ImmutableArray<TestRecord> tests) => RepeatTotal.Of(tests) is { } total
        ? total.Failed == 0 ? FormattableString.Invariant($", {total.Runs:N0} runs of {Quantity.Of(total.Tests, "repeated test")}")
        : FormattableString.Invariant($", in {total.Failed:N0} of {total.Runs:N0} runs of {Quantity.Of(total.Tests, "repeated test")}")
        : "";

    private static string Beside(ImmutableArray<OutsideFailure> outside) =>
        outside.Count(failure => !failure.IsFlaky) is > 0 and var count
            ? $" Outside of tests there {(count == 1 ? "was" : "were")} {Quantity.Of(count, "more failure")}."
            : "";

    private static (ConcurrentTestExitCode, string) OfFlaky(
        ImmutableArray<TestRecord> tests, ImmutableArray<OutsideFailure> outside, ConcurrentTestSettings settings)
    {
        var flaky = settings.Flaky == FlakyPolicy.Fail
            ? tests.Count(test => test.IsFlakyNow) + outside.Count(failure => failure.IsFlaky)
            : 0;
        return flaky > 0
            ? (ConcurrentTestExitCode.TestsFailed,
                $"{flaky} of {Quantity.Of(tests.Length, "test")} {(flaky == 1 ? "was" : "were")} flaky (--test-flaky fail).")
            : (ConcurrentTestExitCode.Success, $"All tests passed{InRuns(tests)}.");
    }

    private static (ConcurrentTestExitCode, string) OfNoTests(ConcurrentTestSettings settings)
    {
        if (settings.AllowEmpty)
            return (ConcurrentTestExitCode.Success, "There were no tests.");
        var selected = settings.Filter is { } filter ? $" that match the filter '{filter}'" : "";
        return (ConcurrentTestExitCode.Incomplete, $"No tests were found{selected}; --test-allow-empty makes that a success.");
    }
}
