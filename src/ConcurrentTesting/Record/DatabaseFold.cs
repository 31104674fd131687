namespace ConcurrentTesting.Record;

/// <summary>What the events of a run's databases come to, one after another. Not thread-safe.</summary>
internal sealed class DatabaseFold
{
    private readonly List<string> _names = [];
    private readonly List<string> _of = [];
    private readonly List<TimeSpan> _clones = [];
    private readonly List<TimeSpan> _drops = [];
    private readonly List<KeptRecord> _kept = [];
    private readonly List<DatabaseStatistics> _statistics = [];
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private DatabaseRecord? _last;

    public ImmutableArray<KeptRecord> Kept => [.. _kept];

    /// <summary>Null until the databases are told of for the first time.</summary>
    public DatabaseRecord? ToRecord() => _last is null ? null : With(_last);

    /// <summary>The same with what is known here in place of what it says.</summary>
    public DatabaseRecord With(DatabaseRecord databases) => databases with
    {
        Clones = [.. _names],
        CloneOf = [.. _of],
        CloneTimes = [.. _clones],
        DropTimes = [.. _drops],
        Kept = Kept,
        Statistics = [.. _statistics],
        Counts = _counts.ToImmutableSortedDictionary(StringComparer.Ordinal),
    };

    public void Replace(DatabaseRecord databases)
    {
        _last = databases;
        Replace(_names, databases.Clones);
        Replace(_of, [.. databases.Clones.Select((_, index) => databases.CloneOf.ElementAtOrDefault(index) ?? "")]);
        Replace(_clones, databases.CloneTimes);
        Replace(_drops, databases.DropTimes);
        Replace(_kept, databases.Kept);
        Replace(_statistics, databases.Statistics);
        _counts.Clear();
        foreach (var (name, count) in databases.Counts)
            _counts.Add(name, count);
    }

    public void Add(CloneMade made)
    {
        _names.Add(made.Database);
        _of.Add(made.Of);
        _clones.Add(TimeSpan.FromSeconds(made.Seconds));
    }

    public void Add(CloneDropped dropped) => _drops.Add(TimeSpan.FromSeconds(dropped.Seconds));

    public void Add(CloneKept kept) => _kept.Add(kept.Kept);

    public void Add(CloneRead read) => _statistics.Add(read.Statistics);

    public void Add(DatabasesCounted counted) => _counts[counted.Name] = _counts.GetValueOrDefault(counted.Name) + counted.Count;

    private static void Replace<T>(List<T> known, ImmutableArray<T> all)
    {
        known.Clear();
        known.AddRange(all);
    }
}
