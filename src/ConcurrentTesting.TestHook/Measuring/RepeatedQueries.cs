using ConcurrentTesting.TestHook.Statements;

namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>How often a test ran each query, of as many different ones as fit.</summary>
internal sealed class RepeatedQueries
{
    /// <summary>Fewer are not worth telling.</summary>
    public const int WorthTelling = 5;

    private const int MostKept = 256;
    private const int MostTold = 5;

    private readonly object _gate = new();

    // Most tests run one query or none, so the first one needs no dictionary.
    private RepeatableQuery? _first;
    private int _firstCount;
    private Dictionary<RepeatableQuery, int>? _others;

    public void Add(RepeatableQuery query)
    {
        lock (_gate)
        {
            _first ??= query;
            if (ReferenceEquals(_first, query))
                _firstCount++;
            else
                AddOther(_others ??= [], query);
        }
    }

    /// <summary>Those that ran most often, the most frequent first.</summary>
    public KeyValuePair<RepeatableQuery, int>[] Most()
    {
        lock (_gate)
        {
            return IsAnyWorthTelling()
                ? [.. All().Where(query => query.Value >= WorthTelling).OrderByDescending(query => query.Value).Take(MostTold)]
                : [];
        }
    }

    private static void AddOther(Dictionary<RepeatableQuery, int> counts, RepeatableQuery query)
    {
        if (counts.TryGetValue(query, out var count))
        {
            counts[query] = count + 1;
            return;
        }

        // Queries that hardly repeat make room.
        if (counts.Count >= MostKept)
        {
            foreach (var rare in counts.Where(known => known.Value < WorthTelling).ToList())
                counts.Remove(rare.Key);
        }

        if (counts.Count < MostKept)
            counts.Add(query, 1);
    }

    private IEnumerable<KeyValuePair<RepeatableQuery, int>> All() =>
        _first is null ? [] : (_others ?? []).Prepend(new KeyValuePair<RepeatableQuery, int>(_first, _firstCount));

    // Most tests repeat nothing, so nothing is made for them.
    private bool IsAnyWorthTelling()
    {
        if (_firstCount >= WorthTelling)
            return true;
        if (_others is null)
            return false;
        foreach (var count in _others.Values)
        {
            if (count >= WorthTelling)
                return true;
        }

        return false;
    }
}
