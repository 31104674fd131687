namespace ConcurrentTesting.Reports.Text;

/// <summary>What reports list of a run, in the order in which they do.</summary>
internal static class RunLists
{
    public static List<TestRecord> Flaky(RunRecord record) => InOrder(record.FlakyEntries);

    public static List<TestRecord> Muted(RunRecord record) => InOrder(record.Tests.Where(test => test.IsMuted));

    public static List<TestRecord> SlowestTests(RunRecord record, int most) =>
    [
        .. record.Tests.Where(test => test.Outcome is not (TestOutcome.Skipped or TestOutcome.Error))
            .OrderByDescending(test => test.Final.Duration).ThenBy(test => test.Id, StringComparer.Ordinal).Take(most),
    ];

    public static List<ListedClass> SlowestClasses(RunRecord record, int most) =>
    [
        .. record.Tests.GroupBy(test => (test.Assembly.Source, test.ClassName))
            .Select(tests => new ListedClass(
                tests.Key.ClassName, tests.Key.Source, tests.Count(), TimeSpan.FromTicks(tests.Sum(test => test.Final.Duration.Ticks))))
            .OrderByDescending(one => one.Time).ThenBy(one => one.Name, StringComparer.Ordinal).Take(most),
    ];

    private static List<TestRecord> InOrder(IEnumerable<TestRecord> tests) => [.. tests.OrderBy(test => test.Id, StringComparer.Ordinal)];
}

/// <summary>A class with what its tests took together.</summary>
internal sealed record ListedClass(string Name, string Source, int Tests, TimeSpan Time);
