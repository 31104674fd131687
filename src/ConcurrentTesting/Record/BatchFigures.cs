using System.Collections.Immutable;
using ConcurrentTesting.Catalog;

namespace ConcurrentTesting.Record;

/// <summary>What was measured in one batch.</summary>
/// <param name="Tests">In the order they ran.</param>
/// <param name="Outside">What fixtures did, and what happened outside any test.</param>
/// <param name="NotMeasured">Why figures are missing, each in one line; empty where all is well.</param>
internal sealed record BatchFigures(ImmutableArray<MeasuredTest> Tests, OutsideFigures Outside, ImmutableArray<string> NotMeasured)
{
    private readonly Index _index = new(Tests);

    /// <summary>Everything in one: tests, fixtures and what belongs to no test.</summary>
    public TestFigures Total { get; } = TestFigures.Sum(Tests.Select(test => test.Figures).Append(Outside.Fixtures).Append(Outside.NoTest));

    /// <summary>The databases that were connected to; null where a driver does not tell of opening.</summary>
    public ImmutableArray<OpenedDatabase>? Opened => Total.HidesConnections ? null : Outside.Opened;

    /// <summary>The figures of one result row; null where it was not measured: a skipped test, a test that did not begin.</summary>
    /// <param name="name">Method and row, without namespace and class, as the results name it.</param>
    /// <param name="occurrence">Counts rows of that name within the entry in this batch, from 0, in the order of the results.</param>
    /// <param name="occurrenceInClass">
    /// The same within the class: methods of one name and several signatures may give their rows the same names.
    /// </param>
    public TestFigures? Find(TestEntry entry, string name, int occurrence, int occurrenceInClass)
    {
        var rows = _index.ByCase[entry.Id];
        if (!rows.Any())
            return OfUnknownCase(entry, name, occurrence, occurrenceInClass);
        var named = rows.Where(row => !row.IsWholeCase && TestNames.Short(entry.ClassName, row.DisplayName) == name);
        return named.ElementAtOrDefault(occurrence)?.Figures ?? OfUnnamedRow(entry, [.. rows], name, occurrence);
    }

    // The process did not know VSTest's ids. NUnit's adapter can be told to give all rows the name of their method, in fixtures with any
    // arguments.
    private TestFigures? OfUnknownCase(TestEntry entry, string name, int occurrence, int occurrenceInClass)
    {
        var sameName = _index.ByFullName[entry.FullyQualifiedName];
        var row = sameName.Any()
            ? sameName.ElementAtOrDefault(occurrence)
            : _index.ByName[(entry.ClassName, name)].ElementAtOrDefault(occurrenceInClass);
        return row?.Figures;
    }

    private static TestFigures? OfUnnamedRow(TestEntry entry, List<MeasuredTest> rows, string name, int occurrence)
    {
        // Cases of one name share their id, and each stands for itself.
        var wholes = rows.FindAll(row => row.IsWholeCase);
        if (occurrence < wholes.Count && name == TestNames.Short(entry.ClassName, wholes[occurrence].DisplayName))
            return wholes[occurrence].Figures;
        return wholes.FirstOrDefault()?.Figures;
    }

    // What the process knew of its tests depends on the framework.
    private sealed class Index(ImmutableArray<MeasuredTest> tests)
    {
        private readonly Lazy<ILookup<Guid, MeasuredTest>> _byCase = new(() => tests.ToLookup(test => test.CaseId));

        private readonly Lazy<ILookup<string, MeasuredTest>> _byFullName =
            new(() => tests.Where(test => test.FullyQualifiedName.Length > 0).ToLookup(test => test.FullyQualifiedName));

        private readonly Lazy<ILookup<(string, string), MeasuredTest>> _byName =
            new(() => tests.Where(test => test.ClassName.Length > 0).ToLookup(
                test => (test.ClassName, TestNames.Short(test.ClassName, test.DisplayName))));

        public ILookup<Guid, MeasuredTest> ByCase => _byCase.Value;

        public ILookup<string, MeasuredTest> ByFullName => _byFullName.Value;

        public ILookup<(string, string), MeasuredTest> ByName => _byName.Value;
    }
}
