namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>How often connections to each database were opened in this process, and what did so first. As many databases as fit.</summary>
internal sealed class OpenedDatabases
{
    private const int MostKept = 64;

    private readonly Dictionary<string, Opened> _opened = new(StringComparer.Ordinal);

    /// <summary>The engine does not know all of it.</summary>
    public bool IsChanged { get; private set; }

    /// <param name="database">The name; SQLite: the file. Null or empty is none: a database in memory.</param>
    /// <param name="by">Whose work it was.</param>
    public void Add(string? database, Tally by)
    {
        if (string.IsNullOrEmpty(database))
            return;
        lock (_opened)
        {
            IsChanged = true;
            if (_opened.TryGetValue(database, out var opened))
                opened.Connections++;
            else if (_opened.Count < MostKept)
                _opened.Add(database, new Opened(database, by));
        }
    }

    /// <summary>All of it, to be told.</summary>
    public (string Database, int Connections, string FirstTest)[] Tell()
    {
        lock (_opened)
        {
            IsChanged = false;
            return [.. _opened.Values.Select(opened => (opened.Database, opened.Connections, opened.FirstTest))];
        }
    }

    private sealed class Opened(string database, Tally by)
    {
        public string Database => database;

        public int Connections { get; set; } = 1;

        // A row may get its name later.
        public string FirstTest => by is TestScope scope ? scope.Test.Name : "";
    }
}
