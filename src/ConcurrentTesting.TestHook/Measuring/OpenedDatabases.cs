namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>How often connections to each database were opened in this process, whoever opened them. As many databases as fit.</summary>
internal sealed class OpenedDatabases
{
    private const int MostKept = 64;

    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    /// <summary>The engine does not know all of it.</summary>
    public bool IsChanged { get; private set; }

    /// <param name="database">The name; SQLite: the file. Null or empty is none: a database in memory.</param>
    public void Opened(string? database)
    {
        if (string.IsNullOrEmpty(database))
            return;
        lock (_counts)
        {
            IsChanged = true;
            if (_counts.TryGetValue(database, out var count))
                _counts[database] = count + 1;
            else if (_counts.Count < MostKept)
                _counts.Add(database, 1);
        }
    }

    /// <summary>All of it, to be told.</summary>
    public KeyValuePair<string, int>[] Tell()
    {
        lock (_counts)
        {
            IsChanged = false;
            return [.. _counts];
        }
    }
}
