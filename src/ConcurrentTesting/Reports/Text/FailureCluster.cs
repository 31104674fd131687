namespace ConcurrentTesting.Reports.Text;

/// <summary>Failures of one kind with one message; a single one is a cluster too.</summary>
/// <param name="Tests">In the order of their ids; never empty.</param>
internal sealed record FailureCluster(FailureKind Kind, ImmutableArray<TestRecord> Tests)
{
    // One or two of a kind are told each by itself.
    private const int Fewest = 3;

    public TestRecord First => Tests[0];

    /// <summary>It stands for several tests.</summary>
    public bool IsMany => Tests.Length > 1;

    /// <summary>All failures of a run: first what tests say themselves, and of a kind what most of them say.</summary>
    public static ImmutableArray<FailureCluster> Of(IEnumerable<TestRecord> entries) =>
    [
        .. entries.Where(FailureKinds.IsFailure)
            .GroupBy(test => (Kind: FailureKinds.Of(test), test.Final.Message))
            .SelectMany(group => Split(group.Key.Kind, group.Key.Message, [.. group.OrderBy(test => test.Id, StringComparer.Ordinal)]))
            .OrderBy(cluster => cluster.Kind)
            .ThenByDescending(cluster => cluster.Tests.Length)
            .ThenBy(cluster => cluster.First.Id, StringComparer.Ordinal),
    ];

    private static IEnumerable<FailureCluster> Split(FailureKind kind, string? message, ImmutableArray<TestRecord> tests) =>
        tests.Length < Fewest || string.IsNullOrWhiteSpace(message)
            ? tests.Select(test => new FailureCluster(kind, [test]))
            : [new FailureCluster(kind, tests)];
}
