using ConcurrentTesting.Reports.RunJson;

namespace ConcurrentTesting.Scheduling;

/// <summary>Finds today's tests for those of a run.json. Two assemblies may have one name and tests of one id: they are told apart by their
/// paths, and where the repository was moved since, by their order.</summary>
internal sealed class RecordedTests
{
    private readonly ILookup<(string Assembly, string Framework, Guid? Case), TestEntry> _entries;
    private readonly Dictionary<(string Assembly, string Framework), string[]> _paths;

    public RecordedTests(RunDocument run, IEnumerable<TestEntry> entries)
    {
        _entries = entries.ToLookup(entry => (entry.Assembly.Name, entry.Assembly.TargetFramework, (Guid?)entry.Id));
        _paths = run.Tests.GroupBy(test => (test.Assembly, test.Framework)).ToDictionary(
            tests => tests.Key, tests => tests.Select(test => test.Path ?? "").Distinct().Order(StringComparer.Ordinal).ToArray());
    }

    /// <summary>Null where there is no such test.</summary>
    public TestEntry? Find(TestDocument test)
    {
        var same = _entries[(test.Assembly, test.Framework, test.CaseId)];
        var ordinal = Array.IndexOf(_paths[(test.Assembly, test.Framework)], test.Path ?? "");
        return same.FirstOrDefault(entry => entry.Assembly.Path == test.Path)
            ?? same.FirstOrDefault(entry => entry.Assembly.Ordinal == ordinal);
    }
}
