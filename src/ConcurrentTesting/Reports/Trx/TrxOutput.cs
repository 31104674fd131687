using System.Xml.Linq;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>What a result row says beyond its outcome: the words of VSTest's row where there is one, else those of the record.</summary>
internal sealed record TrxOutput(
    string? StdOut, string? StdErr, string? DebugTrace, string? Message, string? StackTrace, IReadOnlyList<string> TextMessages)
{
    private static readonly TrxOutput Nothing = new(null, null, null, null, null, []);

    public bool IsEmpty => (StdOut ?? StdErr ?? DebugTrace ?? Message ?? StackTrace) is null && TextMessages.Count == 0;

    public static TrxOutput Of(RecordedAttempt recorded, TrxRow? row, IReadOnlyList<string> earlier)
    {
        var attempt = recorded.Attempt;
        if (IsNothing(attempt, row, earlier))
            return Nothing;
        var output = row?.Element.Child("Output");

        // An error of a test that passed was not its own, and is told elsewhere.
        var error = attempt.Outcome == TestOutcome.Passed ? null : output?.Child("ErrorInfo");
        return new TrxOutput(
            Text(output, "StdOut", attempt.StandardOutput),
            Text(output, "StdErr", attempt.StandardError),
            Text(output, "DebugTrace", null),
            Text(error, "Message", attempt.Message),
            Text(error, "StackTrace", attempt.StackTrace),
            [.. output?.Child("TextMessages")?.Elements().Select(message => message.Value) ?? [], .. Kind(attempt), .. earlier]);
    }

    // This is what most tests are, where no row is known.
    private static bool IsNothing(TestAttempt attempt, TrxRow? row, IReadOnlyList<string> earlier) => row is null && earlier.Count == 0
        && attempt is { Outcome: TestOutcome.Passed, Message: null, StackTrace: null, StandardOutput: null, StandardError: null };

    // A TRX row can only say that it failed; the kind of the failure says more.
    private static IEnumerable<string> Kind(TestAttempt attempt) =>
        attempt.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped) && FailureKinds.Of(attempt) != FailureKind.Failed
            ? [$"Kind: {FailureKinds.Text(attempt)}"]
            : [];

    /// <summary>The text as it was before VSTest's logger escaped it, where the record still has it; else as the logger wrote it.</summary>
    public static string Restore(string written, string? recorded) =>
        recorded is not null && written.Contains("\\u", StringComparison.Ordinal)
            && Comparable(TrxText.Escape(recorded)) == Comparable(written)
            ? recorded
            : written;

    private static string? Text(XElement? parent, string name, string? recorded)
    {
        var written = parent?.Child(name)?.Value;
        return string.IsNullOrEmpty(written) ? Given(recorded) : Restore(written, recorded);
    }

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static string Comparable(string text) => text.ReplaceLineEndings("\n").Trim();
}
