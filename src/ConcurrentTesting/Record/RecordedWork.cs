using System.Runtime.InteropServices;

namespace ConcurrentTesting.Record;

/// <summary>What a planned unit came to take.</summary>
internal sealed record UnitWork(UnitPlanned Unit, ImmutableArray<(PlannedTest Test, double Seconds)> Tests)
{
    public double Seconds { get; } = Tests.Sum(test => test.Seconds);
}

/// <summary>What the planned tests of a run came to take, all attempts together.</summary>
internal static class RecordedWork
{
    public static ImmutableArray<UnitWork> Of(IReadOnlyCollection<UnitPlanned> units, ImmutableArray<TestRecord> tests)
    {
        var seconds = new Dictionary<TestRef, double>(tests.Length);
        foreach (var test in tests)
        {
            ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(seconds, new TestRef(test.Assembly, test.CaseId), out _);
            foreach (var attempt in test.Attempts)
                sum += attempt.Duration.TotalSeconds;
        }

        return [.. units.Select(
            unit => new UnitWork(
                unit, [.. unit.Tests.Select(test => (test, seconds.GetValueOrDefault(new TestRef(unit.Assembly, test.Case))))]))];
    }

    public static LowerBound LowerBoundOf(IReadOnlyCollection<UnitPlanned> units, ImmutableArray<TestRecord> tests)
    {
        var rounds = ByRound(tests);
        return LowerBound.Of(
        [.. (rounds.Length == 0 ? [tests] : rounds).SelectMany(round => Of(units, round)).Select(
            work => (work.Unit.Tie is not null, (IReadOnlyCollection<double>)[.. work.Tests.Select(test => test.Seconds)]))]);
    }

    // A test that runs several times may do so on several workers at once.
    private static ImmutableArray<ImmutableArray<TestRecord>> ByRound(ImmutableArray<TestRecord> tests) =>
        tests.All(test => test.Repeats is null)
            ? []
            : [.. tests.SelectMany(test => test.Attempts.GroupBy(attempt => attempt.Round ?? 1)
                .Select(round => (round.Key, Test: test with { Attempts = [.. round] })))
                .GroupBy(round => round.Key, round => round.Test).Select(round => round.ToImmutableArray())];
}
