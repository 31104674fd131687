namespace ConcurrentTesting.Reports.Text;

/// <summary>What kinds of failures there are, in the order in which people are told of them: what tests say themselves comes
/// first.</summary>
internal enum FailureKind
{
    Failed,
    TimedOut,

    /// <summary>The test process died while the test was the only one in it.</summary>
    Crashed,

    /// <summary>The test was asked for, a host had it, and it gave no result.</summary>
    NoResult,

    /// <summary>It was running when the time of its worker or the run ended.</summary>
    Unfinished,

    /// <summary>No worker ever had it.</summary>
    NotRun,
}

/// <summary>The kinds of failures in words, and what kind a test's failure is.</summary>
internal static class FailureKinds
{
    public static bool IsFailure(TestRecord test) => test.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped);

    public static FailureKind Of(TestRecord test) => Of(test.Final);

    public static FailureKind Of(TestAttempt attempt) => attempt switch
    {
        { Outcome: TestOutcome.TimedOut } => FailureKind.TimedOut,
        { Outcome: TestOutcome.Error, Cause: AttemptCauses.Unfinished } => FailureKind.Unfinished,
        { Outcome: TestOutcome.Error, Worker: < 0 } => FailureKind.NotRun,
        { Outcome: TestOutcome.Error } => FailureKind.NoResult,
        { Cause: AttemptCauses.Crashed } => FailureKind.Crashed,
        _ => FailureKind.Failed,
    };

    public static string Text(FailureKind kind) => kind switch
    {
        FailureKind.TimedOut => "timed out",
        FailureKind.Crashed => "crashed",
        FailureKind.NoResult => "no result",
        FailureKind.Unfinished => "unfinished",
        FailureKind.NotRun => "not run",
        _ => "failed",
    };

    /// <summary>How an attempt ended, in words: <c>passed</c>, <c>timed out</c>, <c>not run</c>.</summary>
    public static string Text(TestAttempt attempt) => attempt switch
    {
        { Outcome: TestOutcome.Passed } => "passed",
        { Outcome: TestOutcome.Skipped, Cause: AttemptCauses.NotRun } => "not run",
        { Outcome: TestOutcome.Skipped, Cause: AttemptCauses.Unfinished } => "unfinished",
        { Outcome: TestOutcome.Skipped } => "skipped",
        _ => Text(Of(attempt)),
    };

    /// <summary>Nobody knows how long a test ran that did not come to its end.</summary>
    public static bool HasDuration(TestAttempt attempt) =>
        attempt.Duration > TimeSpan.Zero
        || attempt is not ({ Outcome: TestOutcome.Error } or { Cause: AttemptCauses.Unfinished or AttemptCauses.Crashed });

    /// <summary>Where an attempt ran and how long, as far as there is something to tell: <c>worker 3, 1.23s</c>.</summary>
    public static string Where(TestRecord test, TestAttempt attempt) => attempt switch
    {
        { Worker: < 0 } => test.IsOutside ? "" : "not run",
        _ when test.IsOutside || !HasDuration(attempt) => $"worker {attempt.Worker}",
        _ => $"worker {attempt.Worker}, {DurationText.Measured(attempt.Duration)}",
    };
}
