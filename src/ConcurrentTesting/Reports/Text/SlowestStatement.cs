namespace ConcurrentTesting.Reports.Text;

/// <summary>A statement that took long in some test.</summary>
/// <param name="Text">Shortened, without comments, with a question mark for each value.</param>
/// <param name="Longest">The longest that it took, in seconds.</param>
/// <param name="Tests">How many tests it took long in.</param>
/// <param name="Slowest">The test in which it took longest.</param>
internal sealed record SlowestStatement(string Text, double Longest, int Tests, TestRecord Slowest)
{
    /// <summary>The statements of a run, the slowest first.</summary>
    public static ImmutableArray<SlowestStatement> Of(RunRecord record) =>
    [
        .. record.Tests
            .Where(test => test.Final.Figures is { Slowest.IsEmpty: false })
            .SelectMany(test => test.Final.Figures!.Slowest.Select(statement => (Test: test, statement.Seconds, statement.Text)))
            .GroupBy(statement => statement.Text, StringComparer.Ordinal)
            .Select(group => Of(
                group.Key,
                [.. group.OrderByDescending(slow => slow.Seconds).ThenBy(slow => slow.Test.Id, StringComparer.Ordinal)]))
            .OrderByDescending(statement => statement.Longest)
            .ThenBy(statement => statement.Text, StringComparer.Ordinal),
    ];

    private static SlowestStatement Of(string text, ImmutableArray<(TestRecord Test, double Seconds, string Text)> times) =>
        new(text, times[0].Seconds, times.Length, times[0].Test);
}
