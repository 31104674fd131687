namespace ConcurrentTesting.Scheduling.Sharding;

/// <summary>What goes to one machine as a whole: a class, or several that have to stay together. It is made from discovery alone, so that
/// every machine makes the same.</summary>
/// <param name="Key">The assembly and the first of its classes, whatever order they were discovered in.</param>
internal sealed record ShardGroup(string Key, ImmutableArray<TestUnit> Units, ImmutableArray<TestEntry> Explicit)
{
    public IEnumerable<TestEntry> Entries => Units.SelectMany(unit => unit.Entries);

    /// <summary>The groups of a catalog of classes.</summary>
    public static ImmutableArray<ShardGroup> Of(TestCatalog catalog, ConcurrentTestSettings settings)
    {
        // Timings may differ from machine to machine and would tie other classes, so none are used.
        var units = UnitGrouping.Apply(catalog, settings, TimingStore.Empty).Units;
        var groups = units.GroupBy(unit => unit.Assembly.Source, StringComparer.Ordinal).SelectMany(OfSource).ToImmutableArray();
        var explicitOnes = catalog.Explicit.ToLookup(entry => ClassKey(entry));
        var known = groups.SelectMany(group => group.Entries).Select(ClassKey).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. groups.Select(
                group => group with { Explicit = [.. group.Entries.Select(ClassKey).Distinct(StringComparer.Ordinal)
                    .SelectMany(key => explicitOnes[key])] }),
            .. explicitOnes.Where(entries => !known.Contains(entries.Key)).Select(entries => new ShardGroup(entries.Key, [], [.. entries])),
        ];
    }

    /// <summary>The classes of a group with their tests, as a plan names them.</summary>
    public IEnumerable<ShardClass> Classes(Func<TestEntry, double>? seconds) => Entries.Select(entry => (Entry: entry, IsExplicit: false))
        .Concat(Explicit.Select(entry => (Entry: entry, IsExplicit: true)))
        .GroupBy(item => ClassKey(item.Entry), StringComparer.Ordinal)
        .Select(type => new ShardClass(
            type.First().Entry.Assembly.Source,
            type.First().Entry.ClassName,
            seconds is null ? null : Math.Round(type.Where(item => !item.IsExplicit).Sum(item => seconds(item.Entry)), 3),
            Names(type.Where(item => !item.IsExplicit).Select(item => item.Entry)),
            Names(type.Where(item => item.IsExplicit).Select(item => item.Entry))));

    public static string ClassKey(TestEntry entry) => $"{entry.Assembly.Source}/{entry.ClassName}";

    private static ImmutableArray<string> Names(IEnumerable<TestEntry> entries) =>
        [.. entries.SelectMany(entry => Enumerable.Repeat(TestNames.Short(entry.ClassName, entry.DisplayName), entry.CaseCount))
            .Order(StringComparer.Ordinal)];

    // A plan cannot tell two assemblies of one name apart, so they stay together.
    private static IEnumerable<ShardGroup> OfSource(IEnumerable<TestUnit> units) =>
        units.Select(unit => unit.Assembly).Distinct().Count() > 1
        ? [OfUnits([.. units])]
        : units.Select(unit => OfUnits([unit]));

    private static ShardGroup OfUnits(ImmutableArray<TestUnit> units) =>
        new(units.SelectMany(unit => unit.Entries).Select(ClassKey).Min(StringComparer.Ordinal)!, units, []);
}
