using System.Collections.Frozen;
using ConcurrentTesting.Catalog;

namespace ConcurrentTesting.Execution;

/// <summary>What a run asks all its test hosts for: a result that has the id of such a test, or names its class, is that test's.</summary>
internal sealed class AskedTests(IReadOnlyCollection<TestEntry> entries)
{
    private readonly FrozenSet<Guid> _ids = entries.Select(entry => entry.Id).ToFrozenSet();
    private readonly FrozenSet<(string Source, string ClassName)> _classes =
        entries.Select(entry => (entry.Assembly.Source, entry.ClassName)).ToFrozenSet();

    public bool Contains(Guid id) => _ids.Contains(id);

    public bool HasClass(TestAssembly assembly, string className) => _classes.Contains((assembly.Source, className));
}
