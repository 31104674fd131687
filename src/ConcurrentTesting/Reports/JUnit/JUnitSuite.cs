using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.JUnit;

/// <summary>The tests of a class of an assembly, in the order of their names.</summary>
internal sealed record JUnitSuite(string Source, string ClassName, List<JUnitCase> Cases)
{
    /// <summary>All suites of a run, in their order.</summary>
    public static List<JUnitSuite> Of(IEnumerable<TestRecord> tests, ReportText text)
    {
        var suites = new List<JUnitSuite>();
        foreach (var byClass in tests.GroupBy(test => test.ClassName, StringComparer.Ordinal))
        {
            var cases = JUnitCase.OfClass(byClass, text);
            var source = cases[0].Source;
            if (cases.TrueForAll(one => one.Source == source))
                suites.Add(new JUnitSuite(source, byClass.Key, cases));
            else
                suites.AddRange(cases.GroupBy(one => one.Source).Select(same => new JUnitSuite(same.Key, byClass.Key, [.. same])));
        }

        suites.Sort((one, other) => string.CompareOrdinal(one.Source, other.Source) is var order and not 0
            ? order
            : string.CompareOrdinal(one.ClassName, other.ClassName));
        return suites;
    }
}
