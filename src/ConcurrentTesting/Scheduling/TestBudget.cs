namespace ConcurrentTesting.Scheduling;

/// <summary>Chooses the tests that fit into a time, the most valuable first: what failed last, what is new, what has not run since its
/// assembly changed, then what has not run for longest. The rest is left out, as by a filter.</summary>
internal sealed class TestBudget
{
    private readonly TimingStore _timings;
    private readonly Func<TestAssembly, string?> _contentOf;
    private readonly IReadOnlyDictionary<TestEntry, double> _predictions;
    private readonly IReadOnlySet<TestEntry> _new;
    private readonly SetUpPrices _prices;
    private readonly Dictionary<TestAssembly, string?> _contents = [];

    private TestBudget(TestCatalog catalog, TimingStore timings, Func<TestAssembly, string?> contentOf)
    {
        (_timings, _contentOf) = (timings, contentOf);
        ImmutableArray<TestEntry> entries = [.. catalog.Units.SelectMany(unit => unit.Entries)];
        _predictions = Predictor.Predict(entries, timings, out _);
        _new = timings.NewAmong(entries);
        _prices = new SetUpPrices(timings);
    }

    /// <param name="seconds">What the tests may take, test hosts included.</param>
    /// <param name="hostSeconds">What a worker's first test host takes.</param>
    /// <param name="contentOf">What an assembly is made of now; see <see cref="AssemblyContent"/>.</param>
    public static TestCatalog Choose(
        TestCatalog catalog, TimingStore timings, int workers, double seconds, double hostSeconds, Func<TestAssembly, string?> contentOf) =>
        new TestBudget(catalog, timings, contentOf).Choose(
            catalog, [.. Enumerable.Range(0, workers).Select(_ => new Load(hostSeconds))], seconds);

    private TestCatalog Choose(TestCatalog catalog, ImmutableArray<Load> loads, double seconds)
    {
        var chosen = new HashSet<TestEntry>();
        var items = catalog.Units.SelectMany(Items).OrderBy(item => item.Rank).ThenBy(item => item.LastRun).ThenBy(item => item.Seconds);
        foreach (var item in items)
        {
            var load = loads.MinBy(load => load.Seconds)!;
            var setUps = item.Unit.SetUps.Where(setUp => !load.SetUps.Contains(setUp.Name)).ToList();
            var cost = item.Seconds + setUps.Sum(setUp => _prices.Of(item.Unit.Assembly, setUp));

            // The most valuable item runs even where nothing fits.
            if (chosen.Count > 0 && load.Seconds + cost > seconds)
                continue;
            load.Seconds += cost;
            load.SetUps.UnionWith(setUps.Select(setUp => setUp.Name));
            chosen.UnionWith(item.Entries);
        }

        return catalog with
        {
            Units = [.. catalog.Units.Select(unit => unit with { Entries = [.. unit.Entries.Where(chosen.Contains)] })
                .Where(unit => !unit.Entries.IsEmpty)],
        };
    }

    // Tests that may need each other are taken together.
    private IEnumerable<Item> Items(TestUnit unit) => unit.Ties.IsEmpty && (unit.OneProcess is null || unit.IsParallelInside)
        ? unit.Entries.Select(entry => ItemOf(unit, [entry]))
        : [ItemOf(unit, unit.Entries)];

    private Item ItemOf(TestUnit unit, ImmutableArray<TestEntry> entries)
    {
        var rank = entries.Any(_timings.HasFailedLast) ? Rank.Failed
            : entries.Any(_new.Contains) ? Rank.New
            : entries.Any(IsChanged) ? Rank.Changed
            : Rank.Old;
        var lastRun = rank == Rank.Old
            ? entries.Min(entry => _timings.Find(entry)?.LastRun ?? DateTimeOffset.MinValue)
            : DateTimeOffset.MinValue;
        return new Item(unit, entries, rank, lastRun, entries.Sum(entry => _predictions[entry]));
    }

    private bool IsChanged(TestEntry entry)
    {
        if (!_contents.TryGetValue(entry.Assembly, out var content))
            _contents[entry.Assembly] = content = _contentOf(entry.Assembly);
        return _timings.IsChangedSince(entry, content);
    }

    private enum Rank
    {
        Failed,
        New,
        Changed,
        Old,
    }

    private sealed record Item(TestUnit Unit, ImmutableArray<TestEntry> Entries, Rank Rank, DateTimeOffset LastRun, double Seconds);

    private sealed class Load(double begin)
    {
        public double Seconds { get; set; } = begin;

        public HashSet<string> SetUps { get; } = new(StringComparer.Ordinal);
    }
}
