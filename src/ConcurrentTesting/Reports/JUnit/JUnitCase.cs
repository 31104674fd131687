using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.JUnit;

/// <summary>A test by a name that no other test of its class has: some readers keep one case of each class and name, and drop the rest
/// without a word.</summary>
internal sealed record JUnitCase(TestRecord Test, string Name)
{
    public string Source => Test.Assembly.Source;

    /// <summary>The tests of one class, in the order of their names.</summary>
    public static List<JUnitCase> OfClass(IEnumerable<TestRecord> tests, ReportText text)
    {
        var cases = Sorted(tests.Select(test => new JUnitCase(test, text.Whole(test.Name))));
        for (var next = 1; next < cases.Count; next++)
        {
            if (cases[next].Name == cases[next - 1].Name)
                return Sorted(Renamed(tests.Select(test => new JUnitCase(test, text.Whole(test.Name)))));
        }

        return cases;
    }

    private static List<JUnitCase> Sorted(IEnumerable<JUnitCase> cases)
    {
        var sorted = cases.ToList();
        sorted.Sort(static (one, other) => string.CompareOrdinal(one.Name, other.Name));
        return sorted;
    }

    private static List<JUnitCase> Renamed(IEnumerable<JUnitCase> cases)
    {
        var byName = cases.GroupBy(one => one.Name, StringComparer.Ordinal).ToLookup(group => group.Skip(1).Any());

        // Names that are unique already are never changed to make room for others.
        var unique = byName[false].SelectMany(group => group).ToList();
        var taken = unique.Select(one => one.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var group in byName[true])
            unique.AddRange(Renamed([.. group], taken));

        return unique;
    }

    private static IEnumerable<JUnitCase> Renamed(List<JUnitCase> equal, HashSet<string> taken)
    {
        var inSeveralAssemblies = equal.Select(one => one.Source).Distinct(StringComparer.Ordinal).Skip(1).Any();
        foreach (var one in equal.OrderBy(one => one.Source, StringComparer.Ordinal).ThenBy(one => one.Test.Attempts[0].StartedAt))
        {
            var wanted = inSeveralAssemblies ? $"{one.Name} [{one.Source}]" : one.Name;
            var unique = wanted;
            for (var number = 2; !taken.Add(unique); number++)
                unique = string.Create(CultureInfo.InvariantCulture, $"{wanted} #{number}");

            yield return one with { Name = unique };
        }
    }
}
