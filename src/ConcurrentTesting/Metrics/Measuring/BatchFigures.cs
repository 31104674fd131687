using System.Collections.Immutable;
using ConcurrentTesting.Discovery;

namespace ConcurrentTesting.Metrics.Measuring;

/// <summary>What was measured in one batch.</summary>
/// <param name="Tests">In the order they ran.</param>
/// <param name="Outside">What fixtures did, and what happened outside any test.</param>
/// <param name="NotMeasured">Why figures are missing, each in one line; empty where all is well.</param>
internal sealed record BatchFigures(ImmutableArray<MeasuredTest> Tests, OutsideFigures Outside, ImmutableArray<string> NotMeasured)
{
    private ILookup<Guid, MeasuredTest>? _byCase;

    /// <summary>Everything in one: tests, fixtures and what belongs to no test.</summary>
    public TestFigures Total => Tests.Select(test => test.Figures).Append(Outside.Fixtures).Append(Outside.NoTest).Aggregate((sum, next) => sum.Plus(next));

    /// <summary>The figures of one result row; null where it was not measured: a skipped test, a test that did not begin.</summary>
    /// <param name="name">Method and row, without namespace and class, as the results name it.</param>
    /// <param name="occurrence">Counts rows of that name within the entry in this batch, from 0, in the order of the results.</param>
    public TestFigures? Find(TestEntry entry, string name, int occurrence)
    {
        _byCase ??= Tests.ToLookup(test => test.CaseId);
        var rows = _byCase[entry.Id].ToList();
        var named = rows.FindAll(row => TestNames.Short(entry.ClassName, row.DisplayName) == name);
        if (occurrence < named.Count)
            return named[occurrence].Figures;

        // A framework may name a row differently in its context and in its result; a single row needs no name.
        return rows.Count == 1 && occurrence == 0 ? rows[0].Figures : null;
    }
}
