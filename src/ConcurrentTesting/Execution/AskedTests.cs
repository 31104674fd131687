using System.Collections.Frozen;

namespace ConcurrentTesting.Execution;

/// <summary>What a run asks all its test hosts for: a result that has the id of such a test, or names its class, is that test's. It grows
/// once, where some begin before all are known.</summary>
internal sealed class AskedTests
{
    private volatile Known _known;

    /// <param name="repeated">The tests that are to run several times; null: none.</param>
    public AskedTests(IReadOnlyCollection<TestEntry> entries, IReadOnlySet<TestEntry>? repeated = null) =>
        _known = new Known(entries, repeated);

    /// <summary>Replaces the tests that are asked for.</summary>
    public void Become(IReadOnlyCollection<TestEntry> entries, IReadOnlySet<TestEntry>? repeated = null) =>
        _known = new Known(entries, repeated);

    /// <summary>Which of the times that a test is to run a batch is, from 1; null where the test is to run once.</summary>
    public int? RoundOf(TestEntry entry, int? round) => round ?? (IsRepeated(entry) ? 1 : null);

    /// <summary>It is to run several times, and each time counts: nothing that failed is run again to see whether it passes.</summary>
    public bool IsRepeated(TestEntry entry) => _known.Repeated.Contains(entry);

    public bool Contains(Guid id) => _known.Ids.Contains(id);

    public bool HasClass(TestAssembly assembly, string className) => _known.Classes.Contains((assembly.Key, className));

    private sealed class Known(IReadOnlyCollection<TestEntry> entries, IReadOnlySet<TestEntry>? repeated)
    {
        public FrozenSet<Guid> Ids { get; } = entries.Select(entry => entry.Id).ToFrozenSet();

        public FrozenSet<(string Assembly, string ClassName)> Classes { get; } =
            entries.Select(entry => (entry.Assembly.Key, entry.ClassName)).ToFrozenSet();

        public IReadOnlySet<TestEntry> Repeated { get; } = repeated ?? ImmutableHashSet<TestEntry>.Empty;
    }
}
