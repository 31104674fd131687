namespace ConcurrentTesting.Record;

/// <summary>Bounds what the texts of all results take in memory: the same text is held once, and beyond a limit output is left to the test
/// hosts' own TRX files while messages and stack traces are shortened. Not thread-safe.</summary>
/// <param name="limit">Characters, of 2 bytes, that are held whole.</param>
internal sealed class TextBudget(long limit = TextBudget.DefaultLimit)
{
    public const long DefaultLimit = 32L << 20;

    private const int ShortText = 2 * 1024;

    private readonly HashSet<string> _texts = [];
    private long _held;

    private bool IsSpent => _held >= limit;

    public TestAttempt Keep(TestAttempt attempt) => attempt with
    {
        Message = Hold(Shortened(attempt.Message)),
        StackTrace = Hold(Shortened(attempt.StackTrace)),
        StandardOutput = Hold(Left(attempt.StandardOutput, attempt)),
        StandardError = Hold(Left(attempt.StandardError, attempt)),
    };

    private string? Shortened(string? text) => text is null || !IsSpent || _texts.Contains(text) ? text : TextCap.Apply(text, ShortText);

    private string? Left(string? text, TestAttempt attempt) =>
        text is null || !IsSpent || text.Length <= ShortText || _texts.Contains(text)
            ? text
            : FormattableString.Invariant(
                $"[{text.Length} characters are left out here, because the tests wrote more than the run holds in memory; worker-{attempt.Worker}/batch-{attempt.Batch:0000}.trx has them]");

    private string? Hold(string? text)
    {
        if (text is null)
            return null;
        if (_texts.TryGetValue(text, out var held))
            return held;
        _texts.Add(text);
        _held += text.Length;
        return text;
    }
}
