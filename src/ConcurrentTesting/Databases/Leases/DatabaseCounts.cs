using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace ConcurrentTesting.Databases.Leases;

/// <summary>What happened to the databases of a run, counted from many threads.</summary>
internal sealed class DatabaseCounts
{
    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly ConcurrentQueue<TimeSpan> _cloneTimes = new();
    private readonly ConcurrentQueue<TimeSpan> _dropTimes = new();

    public ImmutableSortedDictionary<string, long> Counts => _counts.ToImmutableSortedDictionary(StringComparer.Ordinal);

    public ImmutableArray<TimeSpan> CloneTimes => [.. _cloneTimes];

    public ImmutableArray<TimeSpan> DropTimes => [.. _dropTimes];

    public void Add(string name, long count) => _counts.AddOrUpdate(name, count, (_, sum) => sum + count);

    public void Cloned(TimeSpan time) => _cloneTimes.Enqueue(time);

    public void Dropped(TimeSpan time) => _dropTimes.Enqueue(time);
}
