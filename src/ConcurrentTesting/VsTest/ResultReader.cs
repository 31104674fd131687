using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using TestOutcome = ConcurrentTesting.Record.TestOutcome;
using VsOutcome = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestOutcome;

namespace ConcurrentTesting.VsTest;

/// <summary>Reads VSTest's results into attempts.</summary>
internal static class ResultReader
{
    public static string NameOf(TestEntry entry, TestResult result) =>
        TestNames.Short(entry.ClassName, string.IsNullOrEmpty(result.DisplayName) ? result.TestCase.DisplayName : result.DisplayName);

    /// <param name="redactor">Takes the secrets out before anything is cut: half of one would not be found.</param>
    public static TestAttempt Attempt(TestResult result, int worker, int batch, string? database, string? cause, Redactor redactor) => new()
    {
        Outcome = Outcome(result.Outcome),
        Worker = worker,
        Batch = batch,
        Number = 1,
        Database = database,
        StartedAt = result.StartTime,
        Duration = result.Duration,
        Message = Capped(result.ErrorMessage, redactor),
        StackTrace = Capped(result.ErrorStackTrace, redactor),
        StandardOutput = Output(result, TestResultMessage.StandardOutCategory, redactor),
        StandardError = Output(result, TestResultMessage.StandardErrorCategory, redactor),
        Cause = cause,
        Attachments = [.. result.Attachments.SelectMany(set => set.Attachments).Select(file => PathOf(file.Uri, result.TestCase.Source))],
    };

    public static ImmutableArray<KeyValuePair<string, string>> Traits(TestCase test) =>
        [.. test.Traits.Select(trait => KeyValuePair.Create(trait.Name, trait.Value))];

    // None is what adapters say of a test that was asked for and not executed: explicit, inconclusive. A plain run counts it as not executed.
    private static TestOutcome Outcome(VsOutcome outcome) => outcome switch
    {
        VsOutcome.Passed => TestOutcome.Passed,
        VsOutcome.Skipped or VsOutcome.None => TestOutcome.Skipped,
        VsOutcome.NotFound => TestOutcome.Error,
        _ => TestOutcome.Failed,
    };

    // MSTest tells some files relative to where the tests ran.
    private static string PathOf(Uri file, string source) =>
        file is { IsAbsoluteUri: true, IsFile: true } ? file.LocalPath : Path.GetFullPath(file.OriginalString, Path.GetDirectoryName(source) ?? "/");

    private static string? Output(TestResult result, string category, Redactor redactor)
    {
        var texts = result.Messages.Where(message => message.Category == category && !string.IsNullOrEmpty(message.Text)).Select(message => message.Text).ToArray();
        return texts.Length == 0 ? null : Capped(string.Concat(texts), redactor);
    }

    // The TRX has all of it; the record must hold thousands of them in memory.
    private static string? Capped(string? text, Redactor redactor) => text is null ? null : TextCap.Apply(redactor.Redact(text), TextCap.Stream);
}
