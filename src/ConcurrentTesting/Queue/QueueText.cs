namespace ConcurrentTesting.Queue;

/// <summary>Text as PostgreSQL can hold it: names of tests may have anything in them.</summary>
internal static class QueueText
{
    private const char Replacement = '\uFFFD';

    public static string Of(string text) =>
        text.Contains('\0', StringComparison.Ordinal) || text.Any(char.IsSurrogate)
            ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', Replacement)
            : text;

    /// <summary>A group of exclusive tests. Groups that differ only in a secret, or in the case of letters, are one.</summary>
    public static string OfGroup(string group, Redactor secrets) => Of(secrets.Redact(group).ToLowerInvariant());
}
