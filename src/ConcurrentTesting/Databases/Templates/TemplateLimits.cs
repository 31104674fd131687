namespace ConcurrentTesting.Databases.Templates;

/// <summary>How many templates stay cached between runs, wherever they are, and which of them are evicted.</summary>
internal static class TemplateLimits
{
    /// <summary>This many templates stay cached at most.</summary>
    public const int MaxEntries = 10;

    /// <summary>The bytes that the cached templates may take together.</summary>
    public const long MaxBytes = 2L << 30;

    /// <summary>Evicts from the end until the rest is within the limits. What cannot be evicted, because a run uses it, still
    /// counts.</summary>
    /// <param name="templates">The most recently used first.</param>
    /// <param name="tryEvictAsync">Whether it is gone.</param>
    public static async Task EvictAsync<T>(
        IEnumerable<T> templates, Func<T, long> bytesOf, Func<T, Task<bool>> tryEvictAsync, int maxEntries, long maxBytes)
    {
        var left = 0;
        var bytes = 0L;
        foreach (var template in templates)
        {
            left++;
            bytes += bytesOf(template);
            if ((left <= maxEntries && bytes <= maxBytes) || !await tryEvictAsync(template))
                continue;
            left--;
            bytes -= bytesOf(template);
        }
    }
}
