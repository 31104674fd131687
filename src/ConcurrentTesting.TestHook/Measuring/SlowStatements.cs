namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>The statements of a test that took longest, each once with its longest time.</summary>
internal sealed class SlowStatements
{
    private const int MostTold = 5;

    private readonly object _gate = new();
    private readonly List<KeyValuePair<string, long>> _slowest = [];

    /// <summary>Faster ones are not worth telling: most tests have none, and pay a comparison a statement.</summary>
    public static TimeSpan WorthTelling { get; } = TimeSpan.FromMilliseconds(10);

    /// <param name="text">Without values, see <see cref="Statements.StatementText"/>.</param>
    public void Add(string text, TimeSpan elapsed)
    {
        lock (_gate)
        {
            var known = _slowest.FindIndex(statement => statement.Key == text);
            if (known >= 0 && _slowest[known].Value >= elapsed.Ticks)
                return;
            if (known >= 0)
                _slowest.RemoveAt(known);
            var place = _slowest.FindIndex(statement => statement.Value < elapsed.Ticks);
            _slowest.Insert(place < 0 ? _slowest.Count : place, new KeyValuePair<string, long>(text, elapsed.Ticks));
            if (_slowest.Count > MostTold)
                _slowest.RemoveAt(MostTold);
        }
    }

    /// <summary>Their texts and <see cref="TimeSpan.Ticks"/>, the slowest first.</summary>
    public KeyValuePair<string, long>[] Slowest()
    {
        lock (_gate)
            return [.. _slowest];
    }
}
