namespace ConcurrentTesting.Reports.Text;

/// <summary>What reports list of a run, in the order in which they do.</summary>
internal static class RunLists
{
    public static List<TestRecord> Flaky(RunRecord record) => InOrder(record.FlakyEntries);

    public static List<TestRecord> Muted(RunRecord record) => InOrder(record.Muted);

    public static List<TestRecord> SlowestTests(RunRecord record, int most) =>
        FirstTests.Slowest(record.Tests.Where(test => test.Outcome is not (TestOutcome.Skipped or TestOutcome.Error)), most);

    public static List<ListedClass> SlowestClasses(RunRecord record, int most)
    {
        var classes = new Dictionary<(string Source, string ClassName), ListedClass>();
        var last = new ListedClass("", "");
        foreach (var test in record.Tests)
        {
            // The tests of a class mostly follow one another.
            if (!last.Has(test) && !classes.TryGetValue((test.Assembly.Source, test.ClassName), out last!))
                classes.Add((test.Assembly.Source, test.ClassName), last = new ListedClass(test.ClassName, test.Assembly.Source));
            last.Add(test);
        }

        return [.. classes.Values.OrderByDescending(one => one.Time).ThenBy(one => one.Name, StringComparer.Ordinal).Take(most)];
    }

    private static List<TestRecord> InOrder(IEnumerable<TestRecord> tests) => [.. tests.OrderBy(test => test.Id, StringComparer.Ordinal)];
}

/// <summary>A class with what its tests took together.</summary>
internal sealed class ListedClass(string name, string source)
{
    public string Name => name;
    public string Source => source;
    public int Tests { get; private set; }
    public TimeSpan Time { get; private set; }

    public bool Has(TestRecord test) => test.ClassName == name && test.Assembly.Source == source;

    public void Add(TestRecord test)
    {
        Tests++;
        Time += test.Final.Duration;
    }
}
