using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.JUnit;

/// <summary>A name for each test that no other test of its class has: some readers keep one case of each class and name, and drop the rest
/// without a word.</summary>
internal sealed class JUnitNames
{
    private readonly Dictionary<TestRecord, string> _names = new(ReferenceEqualityComparer.Instance);
    private readonly ReportText _text;

    public JUnitNames(IEnumerable<TestRecord> tests, ReportText text)
    {
        _text = text;
        foreach (var byClass in tests.GroupBy(test => test.ClassName, StringComparer.Ordinal))
            NameClass([.. byClass]);
    }

    public string this[TestRecord test] => _names[test];

    private void NameClass(List<TestRecord> tests)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var byName = tests.GroupBy(test => _text.Whole(test.Name), StringComparer.Ordinal).ToList();

        // Names that are unique already are never changed to make room for others.
        foreach (var single in byName.Where(group => !group.Skip(1).Any()))
        {
            taken.Add(single.Key);
            _names.Add(single.Single(), single.Key);
        }

        foreach (var group in byName.Where(group => group.Skip(1).Any()))
            NameDuplicates(group.Key, [.. group], taken);
    }

    private void NameDuplicates(string name, List<TestRecord> tests, HashSet<string> taken)
    {
        var inSeveralAssemblies = tests.Select(test => test.Assembly.Source).Distinct(StringComparer.Ordinal).Skip(1).Any();
        foreach (var test in tests.OrderBy(test => test.Assembly.Source, StringComparer.Ordinal).ThenBy(test => test.Attempts[0].StartedAt))
        {
            var wanted = inSeveralAssemblies ? $"{name} [{test.Assembly.Source}]" : name;
            var unique = wanted;
            for (var number = 2; !taken.Add(unique); number++)
                unique = string.Create(CultureInfo.InvariantCulture, $"{wanted} #{number}");

            _names.Add(test, unique);
        }
    }
}
