namespace ConcurrentTesting.Reports.Text;

/// <summary>A statement that tests ran so often that it may be an N+1: one query for each row of another.</summary>
/// <param name="Text">Shortened, without comments, with a question mark for each value.</param>
/// <param name="Most">How often one test ran it at most.</param>
/// <param name="Total">How often the tests ran it in all.</param>
/// <param name="Tests">
/// Those that ran it <see cref="RunBenchmark.SuspectedRepeats"/> times and more, the one that ran it most often first.
/// </param>
internal sealed record RepeatedStatement(string Text, long Most, long Total, ImmutableArray<TestRecord> Tests)
{
    /// <summary>The statements of a run, the most frequent first.</summary>
    public static ImmutableArray<RepeatedStatement> Of(RunRecord record) =>
    [
        .. record.Tests
            .Where(test => test.Final.Figures is { Repeated.IsEmpty: false })
            .SelectMany(test => test.Final.Figures!.Repeated.Select(query => (Test: test, query.Count, query.Text)))
            .Where(query => query.Count >= RunBenchmark.SuspectedRepeats)
            .GroupBy(query => query.Text, StringComparer.Ordinal)
            .Select(group =>
                Of(group.Key, [.. group.OrderByDescending(query => query.Count).ThenBy(query => query.Test.Id, StringComparer.Ordinal)]))
            .OrderByDescending(statement => statement.Total)
            .ThenBy(statement => statement.Text, StringComparer.Ordinal),
    ];

    private static RepeatedStatement Of(string text, ImmutableArray<(TestRecord Test, long Count, string Text)> queries) =>
        new(text, queries[0].Count, queries.Sum(query => query.Count), [.. queries.Select(query => query.Test)]);
}
