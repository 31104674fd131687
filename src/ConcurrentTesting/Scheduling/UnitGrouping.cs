using ConcurrentTesting.Discovery;

namespace ConcurrentTesting.Scheduling;

/// <summary>Makes the units of a run from a catalog's classes. Where workers have databases of their own that the tests use, a class stands
/// alone unless an order or the user ties it to others; elsewhere a shared set-up may create the one database that all use, and its classes
/// stay together.</summary>
internal static class UnitGrouping
{
    /// <exception cref="ConcurrentTestException"><c>--test-together</c> names something that is not there.</exception>
    public static TestCatalog Apply(TestCatalog catalog, ConcurrentTestSettings settings, TimingStore timings)
    {
        foreach (var name in settings.Together.Where(name => !catalog.Names.Contains(name)))
            throw Unknown(name, catalog);
        return catalog with
        {
            Units = [.. catalog.Units.GroupBy(unit => unit.Assembly)
                .SelectMany(assembly => Group([.. assembly], WhyCollections(assembly.Key, settings, timings), settings.Together))],
        };
    }

    /// <summary>Why set-ups keep their classes together; null: they do not.</summary>
    private static string? WhyCollections(TestAssembly assembly, ConcurrentTestSettings settings, TimingStore timings) =>
        settings.Granularity switch
        {
            TestGranularity.Class or TestGranularity.Test => null,
            TestGranularity.Collection => "--test-granularity collection",
            _ when settings.Database == DatabaseEngine.None => "workers have no databases of their own; --test-granularity class splits them",
            _ when timings.IsDatabaseUnused(assembly) =>
                "the tests did not use their workers' databases last time; --test-granularity class splits them",
            _ => null,
        };

    private static IEnumerable<TestUnit> Group(ImmutableArray<TestUnit> classes, string? whyCollections, ImmutableArray<string> together)
    {
        var tied = classes.Select(unit => unit with { Ties = [.. Ties(unit, whyCollections, together).DistinctBy(tie => tie.Name)] })
            .ToImmutableArray();
        var leaders = Leaders(tied);
        return tied.Select((unit, index) => (Unit: unit, Leader: leaders[index])).GroupBy(item => item.Leader, item => item.Unit).Select(
            group => Merge([.. group]));
    }

    private static IEnumerable<Tie> Ties(TestUnit unit, string? whyCollections, ImmutableArray<string> together)
    {
        var bonds = whyCollections is null
            ? []
            : unit.SetUps.Where(setUp => setUp.IsBond).Select(setUp => new Tie(setUp.Name, whyCollections));
        return bonds.Concat(unit.Ties).Concat(together.Select(name => TogetherNames.TieOf(unit, name)).OfType<Tie>());
    }

    // Units that share a tie, directly or through others, have the same leader: the first of them.
    private static int[] Leaders(ImmutableArray<TestUnit> units)
    {
        var leaders = Enumerable.Range(0, units.Length).ToArray();
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var index = 0; index < units.Length; index++)
        {
            foreach (var tie in units[index].Ties)
            {
                if (!first.TryAdd(tie.Name, index))
                    Unite(index, first[tie.Name]);
            }
        }

        return [.. leaders.Select((_, index) => Leader(index))];

        int Leader(int index)
        {
            while (leaders[index] != index)
                index = leaders[index] = leaders[leaders[index]];
            return index;
        }

        void Unite(int one, int other)
        {
            var (earlier, later) = (Math.Min(Leader(one), Leader(other)), Math.Max(Leader(one), Leader(other)));
            leaders[later] = earlier;
        }
    }

    // The merged unit is named after the tie that most classes share; no other unit has that name.
    private static TestUnit Merge(ImmutableArray<TestUnit> classes)
    {
        var ties = classes.SelectMany(unit => unit.Ties).GroupBy(tie => tie.Name).OrderByDescending(tie => tie.Count())
            .Select(tie => tie.First()).ToImmutableArray();
        return ties.IsEmpty
            ? classes[0]
            : new TestUnit(ties[0].Name, classes[0].Assembly, [.. classes.SelectMany(unit => unit.Entries)])
            {
                SetUps = [.. classes.SelectMany(unit => unit.SetUps).Distinct()],
                Ties = ties,
            };
    }

    private static ConcurrentTestException Unknown(string name, TestCatalog catalog) => new(
        ConcurrentTestExitCode.BadSettings,
        $"--test-together {name}: no collection, class or namespace of the tests has this name{(catalog.Names.IsEmpty ? "" : $"; did you mean {NearestName.Of(name, catalog.Names.Order(StringComparer.Ordinal))}?")}");
}
