using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>Which attempt of a result is its outcome. What an attempt tries again it replaces, so the last one decides, unless the test
/// skipped itself then: that takes no failure back. A test that was to run several times has one such attempt for each time, and the worst
/// of these decides: a failure that comes once in a hundred runs is a failure.</summary>
internal static class DecidingAttempt
{
    /// <summary>Null where there is no attempt.</summary>
    public static TestAttempt? Of(IReadOnlyList<TestAttempt> attempts) => attempts switch
    {
        [] => null,
        [{ Round: null } only] => only,
        [.., { Round: null }] => LastOf(attempts),
        _ => OfRounds(attempts).Aggregate((final, attempt) => DecidesOver(attempt, final) ? attempt : final),
    };

    /// <summary>The attempt that decides of each time that the test was to run.</summary>
    public static IEnumerable<TestAttempt> OfRounds(IEnumerable<TestAttempt> attempts) =>
        attempts.GroupBy(attempt => attempt.Round).Select(LastOf);

    /// <summary>Whether an attempt takes the place of what decided before it.</summary>
    public static bool Replaces(TestAttempt attempt, TestAttempt before) =>
        attempt.Outcome != TestOutcome.Skipped || before.Outcome is not (TestOutcome.Failed or TestOutcome.TimedOut);

    private static TestAttempt LastOf(IEnumerable<TestAttempt> attempts) =>
        attempts.Aggregate((final, attempt) => Replaces(attempt, final) ? attempt : final);

    /// <summary>Whether the outcome of one time counts more than that of another: the worse one, of failures the later, else the one that
    /// comes first, whose output is kept.</summary>
    public static bool DecidesOver(TestAttempt attempt, TestAttempt other) =>
        (Weight(attempt.Outcome), Weight(other.Outcome)) switch
        {
            var (one, two) when one != two => one > two,
            _ => IsFailure(attempt) ? attempt.Number > other.Number : attempt.Round < other.Round,
        };

    /// <param name="quarantine">Why a failure is muted; null where it is not.</param>
    public static TestOutcome OutcomeOf(TestAttempt final, string? quarantine) =>
        quarantine is not null && final.Outcome is (TestOutcome.Failed or TestOutcome.TimedOut) ? TestOutcome.Skipped : final.Outcome;

    /// <summary>It ended so that its test has failed if nothing tries it again.</summary>
    public static bool IsFailure(TestAttempt attempt) => attempt.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped);

    private static int Weight(TestOutcome outcome) => outcome switch
    {
        TestOutcome.Error => 3,
        TestOutcome.Failed or TestOutcome.TimedOut => 2,
        TestOutcome.Passed => 1,
        _ => 0,
    };
}

/// <summary>How often a test ran that was to run several times, and how often it failed.</summary>
internal readonly record struct RepeatCount(int Runs, int Failed)
{
    /// <summary>0 to 1.</summary>
    public double Rate => Runs == 0 ? 0 : (double)Failed / Runs;

    /// <summary><c>failed in 3 of 100 runs (3%)</c></summary>
    [JsonIgnore]
    public string Text => Failed == 0
        ? FormattableString.Invariant($"passed in all of {Runs:N0} runs")
        : FormattableString.Invariant($"failed in {Failed:N0} of {Runs:N0} runs ({100 * Rate:0.##}%)");

    /// <summary>Null where the test was to run once, or never ran.</summary>
    public static RepeatCount? Of(IReadOnlyList<TestAttempt> attempts)
    {
        if (attempts is not [.., { Round: not null }])
            return null;
        var rounds = DecidingAttempt.OfRounds(attempts).Where(attempt => !AttemptCauses.IsWithoutEnd(attempt.Cause)).ToList();
        return rounds.Count == 0 ? null : new RepeatCount(rounds.Count, rounds.Count(DecidingAttempt.IsFailure));
    }
}

/// <summary>All tests of a run that were to run several times, together.</summary>
internal readonly record struct RepeatTotal(int Tests, int Runs, int Failed)
{
    /// <summary>Null where there are none.</summary>
    public static RepeatTotal? Of(IEnumerable<TestRecord> tests)
    {
        var counts = tests.Select(test => test.Repeats).OfType<RepeatCount>().ToList();
        return counts.Count == 0
            ? null
            : new RepeatTotal(counts.Count, counts.Sum(count => count.Runs), counts.Sum(count => count.Failed));
    }

    /// <summary>The repeated tests, those that failed most often first.</summary>
    public static IEnumerable<TestRecord> Worst(IEnumerable<TestRecord> tests) => tests.Where(test => test.Repeats is not null)
        .OrderByDescending(test => test.Repeats!.Value.Rate).ThenBy(test => test.Id, StringComparer.Ordinal);
}
