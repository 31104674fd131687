using ConcurrentTesting.TestHook.Statements;

namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>How often a test ran each query, of as many different ones as fit.</summary>
internal sealed class RepeatedQueries
{
    /// <summary>Fewer are not worth telling.</summary>
    public const int WorthTelling = 5;

    private const int MostKept = 256;
    private const int MostTold = 5;

    private readonly Dictionary<RepeatableQuery, int> _counts = [];

    public void Add(RepeatableQuery query)
    {
        lock (_counts)
        {
            if (_counts.TryGetValue(query, out var count))
                _counts[query] = count + 1;
            else if (_counts.Count < MostKept)
                _counts.Add(query, 1);
        }
    }

    /// <summary>Those that ran most often, the most frequent first.</summary>
    public KeyValuePair<RepeatableQuery, int>[] Most()
    {
        lock (_counts)
        {
            return IsAnyWorthTelling() ? [.. _counts.Where(query => query.Value >= WorthTelling).OrderByDescending(query => query.Value).Take(MostTold)] : [];
        }
    }

    // Most tests repeat nothing.
    private bool IsAnyWorthTelling()
    {
        foreach (var count in _counts.Values)
        {
            if (count >= WorthTelling)
                return true;
        }

        return false;
    }
}
