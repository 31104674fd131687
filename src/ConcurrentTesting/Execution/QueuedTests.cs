using System.Collections.Frozen;
using System.Security.Cryptography;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Execution;

/// <summary>The tests of a run that several machines share, in an order and with numbers that are the same on each.</summary>
internal sealed class QueuedTests
{
    private readonly FrozenDictionary<TestEntry, int> _numbers;
    private readonly FrozenDictionary<TestRef, int> _references;
    private readonly FrozenDictionary<TestAssembly, int> _assemblies;
    private readonly FrozenDictionary<(TestAssembly, string), int> _peers;

    public QueuedTests(TestCatalog catalog)
    {
        Entries = [.. catalog.Units.SelectMany(unit => unit.Entries)
            .OrderBy(entry => entry.Assembly.Source, StringComparer.Ordinal).ThenBy(entry => entry.Assembly.Ordinal)
            .ThenBy(entry => entry.ClassName, StringComparer.Ordinal).ThenBy(entry => entry.DisplayName, StringComparer.Ordinal)
            .ThenBy(entry => entry.Id)];
        Assemblies = [.. Entries.Select(entry => entry.Assembly).Concat(catalog.Explicit.Select(entry => entry.Assembly)).Distinct()];
        _numbers = Entries.Select((entry, number) => KeyValuePair.Create(entry, number)).ToFrozenDictionary();
        _references = Entries.Select((entry, number) => KeyValuePair.Create(new TestRef(entry.Assembly, entry.Id), number))
            .DistinctBy(pair => pair.Key).ToFrozenDictionary();
        _assemblies = Assemblies.Select((assembly, number) => KeyValuePair.Create(assembly, number)).ToFrozenDictionary();
        _peers = Entries.Select((entry, number) => KeyValuePair.Create(PeersOf(entry), number)).DistinctBy(pair => pair.Key)
            .ToFrozenDictionary();
        Discovery = HashOf(Entries.Concat(catalog.Explicit));
    }

    public ImmutableArray<TestEntry> Entries { get; }

    public ImmutableArray<TestAssembly> Assemblies { get; }

    /// <summary>The hash of all tests, explicit ones too.</summary>
    public string Discovery { get; }

    public int NumberOf(TestEntry entry) => _numbers[entry];

    /// <summary>The first of the tests that come back with one another; see <see cref="ClassBatches.GroupOf"/>.</summary>
    public int FirstOfPeers(TestEntry entry) => _peers[PeersOf(entry)];

    public int NumberOf(TestAssembly assembly) => _assemblies[assembly];

    public int? NumberOf(TestRef test) => _references.TryGetValue(test, out var number) ? number : null;

    private static (TestAssembly, string) PeersOf(TestEntry entry) => (entry.Assembly, ClassBatches.GroupOf(entry));

    private static string HashOf(IEnumerable<TestEntry> entries)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var line in entries.Select(LineOf).Order(StringComparer.Ordinal))
            hash.AppendData(Encoding.UTF8.GetBytes(line));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string LineOf(TestEntry entry) => FormattableString.Invariant(
        $"{entry.Assembly.Source}\n{entry.Assembly.Ordinal}\n{entry.ClassName}\n{entry.DisplayName}\n{entry.Id}\n{entry.CaseCount}\n{entry.HasKnownRows}\0");
}
