using System.Collections.Immutable;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.Discovery;

/// <summary>Sorts the test cases of an assembly into entries that share an id, and these into units that stay together.</summary>
internal static class CatalogBuilder
{
    public static ImmutableArray<TestEntry> Entries(TestAssembly assembly, IEnumerable<TestCase> cases) =>
        [.. cases.GroupBy(test => test.Id).Select(group => Entry(assembly, [.. group]))];

    public static ImmutableArray<TestUnit> Units(TestAssembly assembly, ImmutableArray<TestEntry> entries) =>
        assembly.Framework switch
        {
            TestFramework.XUnit2 or TestFramework.XUnit3 => XUnitUnits(assembly, entries),
            TestFramework.NUnit => Group(assembly, entries, new NUnitFixtures(assembly.Path).UnitOf),
            _ => Group(assembly, entries, className => className),
        };

    private static ImmutableArray<TestUnit> XUnitUnits(TestAssembly assembly, ImmutableArray<TestEntry> entries)
    {
        using var collections = new XUnitCollections(assembly.Path);
        return Group(assembly, entries, collections.UnitOf);
    }

    private static ImmutableArray<TestUnit> Group(TestAssembly assembly, ImmutableArray<TestEntry> entries, Func<string, string> unitOf)
    {
        var units = new Dictionary<string, string>();
        return
        [
            .. entries.GroupBy(entry => UnitOf(entry.ClassName)).Select(group => new TestUnit(group.Key, assembly, [.. group])),
        ];

        string UnitOf(string className) => units.TryGetValue(className, out var unit) ? unit : units[className] = unitOf(className);
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
