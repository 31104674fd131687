using System.Collections.Frozen;
using ConcurrentTesting.Catalog;

namespace ConcurrentTesting.Execution;

/// <summary>What a run asks all its test hosts for: a result that has the id of such a test, or names its class, is that test's.</summary>
/// <param name="repeated">The tests that are to run several times; null: none.</param>
internal sealed class AskedTests(IReadOnlyCollection<TestEntry> entries, IReadOnlySet<TestEntry>? repeated = null)
{
    private readonly FrozenSet<Guid> _ids = entries.Select(entry => entry.Id).ToFrozenSet();
    private readonly FrozenSet<(string Source, string ClassName)> _classes =
        entries.Select(entry => (entry.Assembly.Source, entry.ClassName)).ToFrozenSet();

    /// <summary>Which of the times that a test is to run a batch is, from 1; null where the test is to run once.</summary>
    public int? RoundOf(TestEntry entry, int? round) => round ?? (IsRepeated(entry) ? 1 : null);

    /// <summary>It is to run several times, and each time counts: nothing that failed is run again to see whether it passes.</summary>
    public bool IsRepeated(TestEntry entry) => repeated?.Contains(entry) == true;

    public bool Contains(Guid id) => _ids.Contains(id);

    public bool HasClass(TestAssembly assembly, string className) => _classes.Contains((assembly.Source, className));
}
