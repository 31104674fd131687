namespace ConcurrentTesting.Record;

/// <summary>What was tried again for one cause.</summary>
/// <param name="Tried">Tries beyond the first.</param>
/// <param name="Succeeded">Of these, those that ended well.</param>
internal sealed record RetryCount(int Tried, int Succeeded)
{
    public static RetryCount None { get; } = new(0, 0);

    public RetryCount With(bool succeeded) => new(Tried + 1, Succeeded + (succeeded ? 1 : 0));
}

/// <summary>What a run tried again for what was no test's fault, by cause: batches whose host died (<c>requeue</c>, <c>alone</c>,
/// <c>by-name</c>), tests that the infrastructure failed (<c>connection</c>, <c>server-restart</c>, <c>too-many-connections</c>,
/// <c>declared</c>), and what failed before a batch could run (<c>session-start</c>).</summary>
internal static class RetryCounts
{
    /// <summary>A test session did not start.</summary>
    public const string SessionStart = "session-start";

    /// <summary>All that are known.</summary>
    public static ImmutableArray<string> Causes { get; } =
        [BatchReasons.Requeue, BatchReasons.Alone, BatchReasons.ByName, SessionStart, .. InfrastructureFault.Causes];

    public static ImmutableSortedDictionary<string, RetryCount> Of(RunRecord record)
    {
        var counts = new SortedDictionary<string, RetryCount>(record.PreparationRetries, StringComparer.Ordinal);
        foreach (var batch in record.Batches.Where(
            batch => batch.Reason is BatchReasons.Requeue or BatchReasons.Alone or BatchReasons.ByName))
            Count(counts, batch.Reason, batch.Error is null);
        foreach (var test in record.Tests.Where(test => test.Attempts.Length > 1))
        {
            foreach (var (failed, again) in Pairs(test).Where(
                pair => pair.Again.Cause == BatchReasons.Retry && DecidingAttempt.IsFailure(pair.Failed)))
            {
                Count(counts, InfrastructureFault.CauseOf(failed.Message, record.Settings.Database)
                    ?? InfrastructureFault.Declared, again.Outcome == TestOutcome.Passed);
            }
        }

        return counts.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    // Each time of a test that runs several times counts for itself.
    private static IEnumerable<(TestAttempt Failed, TestAttempt Again)> Pairs(TestRecord test) =>
        test.Attempts.GroupBy(attempt => attempt.Round).SelectMany(round => round.Zip(round.Skip(1)));

    private static void Count(SortedDictionary<string, RetryCount> counts, string cause, bool succeeded) =>
        counts[cause] = (counts.GetValueOrDefault(cause) ?? RetryCount.None).With(succeeded);
}
