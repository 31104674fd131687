using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

/// <summary>Makes a recorded attempt from a host's result.</summary>
internal static class HostAttempt
{
    public static string NameOf(TestEntry entry, HostResult result) => TestNames.Short(entry.ClassName, result.DisplayName);

    /// <param name="redactor">Takes the secrets out before anything is cut, because half of a secret would not be found.</param>
    public static TestAttempt Of(HostResult result, int worker, int batch, string? database, string? cause, Redactor redactor) => new()
    {
        Outcome = result.Outcome,
        Worker = worker,
        Batch = batch,
        Number = 1,
        Database = database,
        StartedAt = result.StartedAt,
        Duration = result.Duration,
        Message = Capped(result.Message, redactor),
        StackTrace = Capped(result.StackTrace, redactor),
        StandardOutput = Capped(result.StandardOutput, redactor),
        StandardError = Capped(result.StandardError, redactor),
        Cause = cause,
        Attachments = result.Attachments,
    };

    // The TRX has all of it; the record must hold thousands of them in memory.
    private static string? Capped(string? text, Redactor redactor) =>
        text is null ? null : TextCap.Apply(redactor.Redact(text), TextCap.Stream);
}
