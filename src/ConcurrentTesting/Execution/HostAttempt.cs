using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

/// <summary>Makes a recorded attempt from a host's result.</summary>
internal static class HostAttempt
{
    public static string NameOf(TestEntry entry, HostResult result) => TestNames.Short(entry.ClassName, result.DisplayName);

    /// <param name="redactor">Takes the secrets out before anything is cut, because half of a secret would not be found.</param>
    /// <param name="round">Which of the times that its test is to run it belongs to, from 1; null: the only one.</param>
    public static TestAttempt Of(
        HostResult result, int worker, int batch, string? database, string? cause, Redactor redactor, int? round = null) => new()
        {
            Round = round,
            Outcome = result.Outcome,
            Worker = worker,
            Batch = batch,
            Number = 1,
            Database = database,
            StartedAt = result.StartedAt,
            Duration = result.Duration,
            Message = Capped(result.Message, redactor),
            StackTrace = Capped(result.StackTrace, redactor),
            StandardOutput = IsTold(result, round) ? Capped(result.StandardOutput, redactor) : null,
            StandardError = IsTold(result, round) ? Capped(result.StandardError, redactor) : null,
            Cause = cause,
            Attachments = result.Attachments,
        };

    // Reports show the output of a repeated test's first time and of its failures.
    private static bool IsTold(HostResult result, int? round) =>
        round is not > 1 || result.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped);

    // The TRX file has the whole text; the record has to hold thousands of them in memory.
    private static string? Capped(string? text, Redactor redactor) =>
        text is null ? null : TextCap.Apply(redactor.Redact(text), TextCap.Stream);
}
