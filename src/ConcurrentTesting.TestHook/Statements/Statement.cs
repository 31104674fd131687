namespace ConcurrentTesting.TestHook.Statements;

/// <summary>What is known of a command's text.</summary>
/// <param name="Counts">Its statements by kind.</param>
/// <param name="Query">Names it where it only reads, the same for texts that differ in their values alone; null for all else.</param>
internal sealed record Statement(Measuring.StatementCounts Counts, RepeatableQuery? Query);

/// <summary>A query that may run many times in a test. One object for all of its texts in a process.</summary>
internal sealed class RepeatableQuery(string text)
{
    /// <summary>See <see cref="StatementText"/>.</summary>
    public string Text => text;
}
