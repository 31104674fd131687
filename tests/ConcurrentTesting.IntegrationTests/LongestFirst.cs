using ConcurrentTesting.IntegrationTests;
using ConcurrentTesting.IntegrationTests.Measuring;
using ConcurrentTesting.IntegrationTests.Samples;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace ConcurrentTesting.IntegrationTests;

/// <summary>What takes more than a minute comes first, so that no core is idle while the last of it runs.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        nameof(ServerTroubleTests), nameof(TroubleTests), nameof(KnownCountsTests), "PostgreSQL", "MySQL", nameof(OutsideTests), nameof(TestHostTests), nameof(AheadOfTimeTests),
        nameof(CoverageTests), nameof(SerialEquivalenceTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => PlaceOf(collection.TestCollectionDisplayName))];

    // "Test collection for Samples.TroubleTests (id: …)", or the name that its classes say.
    private static int PlaceOf(string collection) =>
        Array.FindIndex(Longest, name => collection == name || collection.Contains($".{name} ", StringComparison.Ordinal)) is >= 0 and var place ? place : Longest.Length;
}
