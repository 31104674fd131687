using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>Sorts the test cases of an assembly into entries that share an id.</summary>
internal static class CaseEntries
{
    /// <param name="lossy">What <see cref="MSTestRows.Lossy"/> finds among all cases of the assembly, of which some may have been left
    /// out.</param>
    public static ImmutableArray<TestEntry> Of(TestAssembly assembly, IEnumerable<TestCase> cases, ILookup<string, TestCase> lossy)
    {
        if (lossy.Count == 0)
            return [.. cases.GroupBy(test => test.Id).Select(group => Entry(assembly, [.. group]))];
        return [.. cases.GroupBy(MSTestRows.MethodOf).SelectMany(
            method => method.Count() == lossy[method.Key].Count()
                ? [Whole(assembly, [.. method])]
                : method.GroupBy(test => test.Id).Select(group => Entry(assembly, [.. group])))];
    }

    // Its rows have no case of their own that could be sent.
    private static TestEntry Whole(TestAssembly assembly, ImmutableArray<TestCase> rows)
    {
        var entry = Entry(assembly, rows);
        return entry with
        {
            Payload = new CasesPayload([MSTestRows.Whole(rows[0])]),
            DisplayName = entry.MethodName,
            RowNames = [.. rows.Select(row => row.DisplayName)],
        };
    }

    private static TestEntry Entry(TestAssembly assembly, ImmutableArray<TestCase> cases)
    {
        var first = cases[0];
        return new TestEntry
        {
            Assembly = assembly,
            Id = first.Id,
            CaseCount = cases.Length,
            Payload = new CasesPayload(cases),
            ClassName = TestCaseNames.ClassOf(first, assembly.Framework),
            MethodName = TestCaseNames.MethodOf(first, assembly.Framework),
            IsMethodKnown = TestCaseNames.IsMethodKnown(first, assembly.Framework),
            DisplayName = first.DisplayName,
            FullyQualifiedName = first.FullyQualifiedName,
            SourceFile = first.CodeFilePath,
            Line = first.LineNumber > 0 ? first.LineNumber : null,
            Marks = [.. first.Traits.Where(trait => trait.Name.Equals(TestEntry.ExclusiveTrait, StringComparison.OrdinalIgnoreCase))
                .Select(trait => trait.Value)],
            HasKnownRows = cases.All(test => RowKnowledge.HasOneRow(test, assembly.Framework)),
            IsExplicit = cases.All(TestCaseNames.IsExplicit),
        };
    }
}
