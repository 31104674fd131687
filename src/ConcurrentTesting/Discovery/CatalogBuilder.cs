using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.VsTest;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.Discovery;

/// <summary>Sorts the test cases of an assembly into entries that share an id, and these into one unit a class.</summary>
internal static class CatalogBuilder
{
    public static ImmutableArray<TestEntry> Entries(TestAssembly assembly, IEnumerable<TestCase> cases) =>
        [.. cases.GroupBy(test => test.Id).Select(group => Entry(assembly, [.. group]))];

    /// <summary>One unit a class, with what the class shares with others.</summary>
    public static ImmutableArray<TestUnit> Units(TestAssembly assembly, ImmutableArray<TestEntry> entries)
    {
        using var sharing = SharingReader.Open(assembly);
        return [.. entries.GroupBy(entry => entry.ClassName).Select(group => Unit(assembly, [.. group], sharing.Of(group.Key)))];
    }

    // A test's own marks are those of its class: an adapter hands on what attributes of the user's own say.
    private static TestUnit Unit(TestAssembly assembly, ImmutableArray<TestEntry> entries, ClassSharing sharing)
    {
        var marks = entries.SelectMany(entry => entry.Marks).Where(TogetherMark.Is).Select(TogetherMark.ToTie);
        return new TestUnit(entries[0].ClassName, assembly, entries) { SetUps = sharing.SetUps, Ties = [.. sharing.Ties.Concat(marks).Distinct()] };
    }

    private static TestEntry Entry(TestAssembly assembly, ImmutableArray<TestCase> cases) => new()
    {
        Assembly = assembly,
        Cases = cases,
        ClassName = TestCaseNames.ClassOf(cases[0], assembly.Framework),
        MethodName = TestCaseNames.MethodOf(cases[0], assembly.Framework),
        HasKnownRows = cases.All(test => RowKnowledge.HasOneRow(test, assembly.Framework)),
        IsExplicit = cases.All(TestCaseNames.IsExplicit),
    };
}
