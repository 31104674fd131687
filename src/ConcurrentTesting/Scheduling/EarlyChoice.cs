namespace ConcurrentTesting.Scheduling;

/// <summary>What may begin before all tests are known, and whether it was right to.</summary>
internal static class EarlyChoice
{
    /// <summary>The longest of the candidates, as far as nothing of what is still to be discovered is longer.</summary>
    /// <param name="open">What each class takes of the assemblies that are still to be discovered, by its key.</param>
    /// <param name="begun">What has begun.</param>
    /// <param name="most">How many may begin in all.</param>
    public static ImmutableArray<PlannedUnit> Of(
        IReadOnlyCollection<PlannedUnit> candidates, IEnumerable<KeyValuePair<string, double>> open, IReadOnlyCollection<TestUnit> begun,
        int most)
    {
        var known = candidates.Select(unit => unit.Unit.Key).Concat(begun.Select(unit => unit.Key)).ToHashSet(StringComparer.Ordinal);
        var longest = open.Where(type => !known.Contains(type.Key)).Select(type => type.Value).DefaultIfEmpty().Max();
        return [.. candidates.Where(unit => unit.Seconds >= longest).OrderByDescending(unit => unit.Seconds).Take(most - begun.Count)];
    }

    /// <summary>Whether a class may begin while the rest of its assembly is not known, in which may be what it is tied to.</summary>
    public static bool StandsAlone(TestUnit unit) => unit.Ties.All(tie => unit.Entries.All(entry => entry.ClassName == tie.Name));

    /// <summary>A test that has begun before it was discovered, and is not discovered as what it began; null: all is as expected. What is
    /// discovered beside them is for the plan.</summary>
    public static TestEntry? FindUnexpected(IReadOnlyCollection<TestEntry> begun, TestCatalog discovered)
    {
        if (begun.Count == 0)
            return null;
        var found = discovered.Units.SelectMany(unit => unit.Entries).ToHashSet();
        return begun.FirstOrDefault(entry => !found.TryGetValue(entry, out var same) || !IsSame(entry, same));
    }

    private static bool IsSame(TestEntry expected, TestEntry found) =>
        expected.CaseCount == found.CaseCount && expected.HasKnownRows == found.HasKnownRows && expected.IsExplicit == found.IsExplicit
        && expected.ClassName == found.ClassName && expected.MethodName == found.MethodName
        && expected.FullyQualifiedName == found.FullyQualifiedName && expected.Marks.SequenceEqual(found.Marks);
}
