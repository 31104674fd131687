using System.Collections.Concurrent;

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
        if (_index.RowsOf(entry) is not { } rows)
            return OfUnknownCase(entry, name, occurrence, occurrenceInClass);
        return rows.Named[name].ElementAtOrDefault(occurrence)?.Figures ?? OfUnnamedRow(entry, rows.Wholes, name, occurrence);
    }

    // The process did not know VSTest's ids, so names decide. NUnit's adapter can be told to give all rows their method's name, whatever
    // their fixture's arguments are.
    private TestFigures? OfUnknownCase(TestEntry entry, string name, int occurrence, int occurrenceInClass)
    {
        var sameName = _index.ByFullName[entry.FullyQualifiedName];
        var row = sameName.Any()
            ? sameName.ElementAtOrDefault(occurrence)
            : _index.ByName[(entry.ClassName, name)].ElementAtOrDefault(occurrenceInClass);
        return row?.Figures;
    }

    private static TestFigures? OfUnnamedRow(TestEntry entry, ImmutableArray<MeasuredTest> wholes, string name, int occurrence)
    {
        // Cases of the same name share their id, and each is a test of its own.
        if (occurrence < wholes.Length && name == TestNames.Short(entry.ClassName, wholes[occurrence].DisplayName))
            return wholes[occurrence].Figures;
        return wholes.FirstOrDefault()?.Figures;
    }

    // Each lookup is made when it is first asked for, because the framework decides what the process knew of its tests.
    private sealed class Index(ImmutableArray<MeasuredTest> tests)
    {
        private readonly Lazy<ILookup<Guid, MeasuredTest>> _byCase = new(() => tests.ToLookup(test => test.CaseId));

        // A case may have tens of thousands of rows, and each row is looked up.
        private readonly ConcurrentDictionary<(Guid, string), CaseRows?> _rows = new();

        private readonly Lazy<ILookup<string, MeasuredTest>> _byFullName =
            new(() => tests.Where(test => test.FullyQualifiedName.Length > 0).ToLookup(test => test.FullyQualifiedName));

        private readonly Lazy<ILookup<(string, string), MeasuredTest>> _byName =
            new(() => tests.Where(test => test.ClassName.Length > 0).ToLookup(
                test => (test.ClassName, TestNames.Short(test.ClassName, test.DisplayName))));

        /// <summary>Null where the process did not know the case.</summary>
        public CaseRows? RowsOf(TestEntry entry) => _rows.GetOrAdd((entry.Id, entry.ClassName), ReadRows);

        public ILookup<string, MeasuredTest> ByFullName => _byFullName.Value;

        public ILookup<(string, string), MeasuredTest> ByName => _byName.Value;

        private CaseRows? ReadRows((Guid Case, string ClassName) of)
        {
            var rows = _byCase.Value[of.Case].ToList();
            if (rows.Count == 0)
                return null;
            var named = rows.Where(row => !row.IsWholeCase).ToLookup(row => TestNames.Short(of.ClassName, row.DisplayName));
            return new CaseRows(named, [.. rows.Where(row => row.IsWholeCase)]);
        }
    }

    /// <summary>What was measured of one case.</summary>
    /// <param name="Named">Rows by their names.</param>
    /// <param name="Wholes">What stands for all rows that have no name.</param>
    private sealed record CaseRows(ILookup<string, MeasuredTest> Named, ImmutableArray<MeasuredTest> Wholes);
}
