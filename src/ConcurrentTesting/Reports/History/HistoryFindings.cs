using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.History;

/// <summary>What a run tells when it is held against the earlier ones.</summary>
/// <param name="Text"><c>new failure</c>, <c>failing for 3 runs</c>, <c>slower than its p95 (0.20s, now 0.90s)</c>.</param>
internal sealed record HistoryFinding(TestRecord Test, string Text);

/// <summary>Finds what has changed: failures, tests that have become slow, tests with more queries.</summary>
internal static class HistoryFindings
{
    // Fewer durations make no distribution.
    private const int LeastDurations = 10;

    // Nobody notices a smaller difference.
    private const double LeastSeconds = 0.1;
    private const double LeastFactor = 1.25;
    private const long LeastQueries = 30;

    // One or two are told each by itself, as failures are.
    private const int FewestTogether = 3;

    /// <summary>Finds the changes of all tests: failures first, then what passes again, then what became slower or chattier.</summary>
    public static ImmutableArray<HistoryFinding> Of(RunRecord run) =>
    [
        .. Find(run, test => OfFailure(run, test)),
        .. Find(run, test => IsFixed(run, test) ? "passes again" : null),
        .. Find(run, test => Slower(run, test)),
        .. Find(run, test => Chattier(run, test)),
    ];

    /// <summary>The same in their order; what one cause may have done to several tests is one.</summary>
    public static ImmutableArray<ImmutableArray<HistoryFinding>> Together(ImmutableArray<HistoryFinding> findings) =>
    [
        .. findings.GroupBy(finding => (finding.Text, Message: FailureKinds.IsFailure(finding.Test) ? finding.Test.Final.Message : null))
            .SelectMany(same => same.Count() < FewestTogether ? same.Select(one => ImmutableArray.Create(one)) : [[.. same]]),
    ];

    /// <summary><c>new failure</c> or <c>failing for 3 runs</c>; null where the test did not fail or nothing is known of it.</summary>
    public static string? OfFailure(RunRecord run, TestRecord test)
    {
        if (!FailureKinds.IsFailure(test) || test.Outcome == TestOutcome.Error || Past(run, test) is not { IsEmpty: false } past)
            return null;
        var before = past.Reverse().TakeWhile(result => result.IsFailure).Count();
        return before == 0 ? "new failure" : string.Create(CultureInfo.InvariantCulture, $"failing for {before + 1} runs");
    }

    private static bool IsFixed(RunRecord run, TestRecord test) =>
        test.Outcome == TestOutcome.Passed && Past(run, test) is [.., { IsFailure: true }];

    private static string? Slower(RunRecord run, TestRecord test)
    {
        var durations = Past(run, test).Where(result => result.Outcome == TestOutcome.Passed).Select(result => result.Seconds).Order()
            .ToList();
        if (test.Outcome != TestOutcome.Passed || durations.Count < LeastDurations)
            return null;
        var percentile = durations[(int)Math.Ceiling(durations.Count * 0.95) - 1];
        var now = test.Final.Duration.TotalSeconds;
        return now > percentile * LeastFactor && now - percentile > LeastSeconds
            ? $"slower than its p95 ({DurationText.Measured(TimeSpan.FromSeconds(percentile))}, now {DurationText.Measured(test.Final.Duration)})"
            : null;
    }

    private static string? Chattier(RunRecord run, TestRecord test)
    {
        var before = Past(run, test).Select(result => result.Queries).LastOrDefault(queries => queries is not null);
        return test.Final.Figures?.Queries - before is >= LeastQueries and var more
            ? string.Create(CultureInfo.InvariantCulture, $"+{more} queries ({before:N0}, now {before + more:N0})")
            : null;
    }

    private static IEnumerable<HistoryFinding> Find(RunRecord run, Func<TestRecord, string?> find) => run.Tests
        .Where(test => run.History.ContainsKey(test.Id))
        .Select(test => (Test: test, Text: find(test)))
        .Where(found => found.Text is not null)
        .OrderBy(found => found.Test.Id, StringComparer.Ordinal)
        .Select(found => new HistoryFinding(found.Test, found.Text!));

    // What never ran, or gave no result, has neither failed nor passed.
    private static ImmutableArray<PastResult> Past(RunRecord run, TestRecord test) =>
        [.. run.History.GetValueOrDefault(test.Id, []).Where(result => result.Outcome != TestOutcome.Error)];
}
