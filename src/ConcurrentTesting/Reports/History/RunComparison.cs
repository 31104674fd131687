using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.History;

/// <summary>A run beside another one, whose run.json <c>--test-compare</c> names.</summary>
/// <param name="Figures">Name, before, now.</param>
/// <param name="Tests">
/// Test, what changed, before, now: outcomes first, then those that come or go, then the largest differences in time and in queries.
/// </param>
internal sealed record RunComparison(
    string Other, ImmutableArray<(string Name, string Before, string Now)> Figures,
    ImmutableArray<(string Test, string What, string Before, string Now)> Tests)
{
    private const int MostOfAKind = 50;

    // Nobody notices a smaller difference.
    private const double LeastSeconds = 0.1;
    private const long LeastQueries = 10;

    public static RunComparison Of(RunRecord now, ComparedRun before)
    {
        var pairs = now.Tests.GroupBy(test => test.Id, StringComparer.Ordinal).Select(group => group.First())
            .Join(before.Tests.GroupBy(test => test.Id, StringComparer.Ordinal).Select(group => group.First()), test =>
                test.Id, test => test.Id, (test, past) => (Now: test, Before: past))
            .ToList();
        var known = before.Tests.Select(test => test.Id).ToHashSet(StringComparer.Ordinal);
        var present = now.Tests.Select(test => test.Id).ToHashSet(StringComparer.Ordinal);
        return new RunComparison(
            before.Run,
            [
                ("Wall time", Time(before.WallSeconds), Time(now.Wall.TotalSeconds)),
                ("Tests' own time", Time(before.TestSeconds), Time(now.TestTime.TotalSeconds)),
                ("Workers", Text(before.Workers), Text(now.Settings.Workers)),
                ("Passed", Text(before.Passed), Text(now.Passed)),
                ("Failed", Text(before.Failed), Text(now.Failed)),
                ("Skipped", Text(before.Skipped), Text(now.Skipped)),
                ("Queries", Text(before.Queries), Text(RunFigures.Of(now).Measured.Queries)),
            ],
            [
                .. Cut(pairs.Where(pair => pair.Before.Outcome != pair.Now.Outcome.ToString())
                    .Select(pair => (pair.Now.FullName, "outcome", Words(pair.Before.Outcome), Words(pair.Now.Outcome.ToString())))),
                .. Cut(now.Tests.Where(test => !known.Contains(test.Id))
                    .Select(test => (test.FullName, "new", "–", Time(test.Final.Duration.TotalSeconds)))),
                .. Cut(before.Tests.Where(test => !present.Contains(test.Id))
                    .Select(test => (test.FullName, "gone", Time(test.Seconds), "–"))),
                .. Cut(pairs.Select(pair => (pair.Now, pair.Before, Difference: pair.Now.Final.Duration.TotalSeconds - pair.Before.Seconds))
                    .Where(pair => Math.Abs(pair.Difference) >= LeastSeconds).OrderByDescending(pair => Math.Abs(pair.Difference))
                    .Select(pair => (pair.Now.FullName, "time", Time(pair.Before.Seconds), Time(pair.Now.Final.Duration.TotalSeconds)))),
                .. Cut(pairs.Select(pair => (pair.Now, pair.Before, Difference: pair.Now.Final.Figures?.Queries - pair.Before.Queries))
                    .Where(pair => pair.Difference is >= LeastQueries or <= -LeastQueries)
                    .OrderByDescending(pair => Math.Abs(pair.Difference!.Value))
                    .Select(pair => (pair.Now.FullName, "queries", Text(pair.Before.Queries), Text(pair.Now.Final.Figures!.Queries)))),
            ]);
    }

    // The first of each kind are shown, and the others are counted.
    private static IEnumerable<(string Test, string What, string Before, string Now)> Cut(
        IEnumerable<(string Test, string What, string Before, string Now)> changes)
    {
        var all = changes.ToList();
        foreach (var change in all.Take(MostOfAKind))
            yield return change;
        if (all.Count > MostOfAKind)
            yield return (FormattableString.Invariant($"… and {all.Count - MostOfAKind} more"), all[0].What, "", "");
    }

    // run.json writes outcomes as Passed or TimedOut.
    private static string Words(string outcome) =>
        string.Concat(outcome.Select((letter, at) => at > 0 && char.IsUpper(letter) ? $" {letter}" : $"{letter}")).ToLowerInvariant();

    private static string Time(double seconds) => DurationText.Measured(TimeSpan.FromSeconds(seconds));

    private static string Text(long? count) => count?.ToString("N0", CultureInfo.InvariantCulture) ?? "–";
}
