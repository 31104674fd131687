namespace ConcurrentTesting.Discovery;

/// <summary>Sorts the entries of an assembly into one unit a class.</summary>
internal static class CatalogBuilder
{
    /// <summary>One unit a class, with what the class shares with others.</summary>
    public static ImmutableArray<TestUnit> Units(TestAssembly assembly, ImmutableArray<TestEntry> entries)
    {
        using var sharing = SharingReader.Open(assembly);
        return [.. entries.GroupBy(entry => entry.ClassName).Select(group => Unit(assembly, [.. group], sharing.Of(group.Key)))];
    }

    // A test's own marks count for its class: adapters hand on what a user's own attributes say.
    private static TestUnit Unit(TestAssembly assembly, ImmutableArray<TestEntry> entries, ClassSharing sharing)
    {
        var marks = entries.SelectMany(entry => entry.Marks).Where(TogetherMark.Is).Select(TogetherMark.ToTie);
        return new TestUnit(
            entries[0].ClassName, assembly,
            [.. entries.Select(entry => entry with { Need = sharing.Need, Marks = [.. entry.Marks, .. sharing.Locks] })])
        {
            SetUps = sharing.SetUps,
            Ties = [.. sharing.Ties.Concat(marks).Distinct()],
            OneProcess = sharing.OneProcess,
            IsParallelInside = sharing.IsParallelInside,
        };
    }
}
