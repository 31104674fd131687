using System.Runtime.InteropServices;
using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run.Merging;

/// <summary>Whether a part's results are those of all tests that the plan gives it, each as often as it was discovered, and of no
/// others.</summary>
internal static class PartResults
{
    private const int MostNamed = 5;

    /// <param name="plan">What the part has to run.</param>
    /// <param name="units">What it said that it would run.</param>
    /// <param name="tests">What came out.</param>
    /// <returns>What is wrong; null: nothing.</returns>
    public static string? FlawOf(ShardPart plan, IReadOnlyCollection<UnitPlanned> units, ImmutableArray<TestRecord> tests)
    {
        var counts = CountsOf(plan, isExplicit: false);
        foreach (var unit in units)
        {
            foreach (var test in unit.Tests)
                Add(counts, new ShardTest(unit.Assembly.Source, test.ClassName, test.Name, false), -test.Cases);
        }

        return Difference("planned for it", counts) ?? FlawOfResults(plan, units, tests);
    }

    private static string? FlawOfResults(ShardPart plan, IReadOnlyCollection<UnitPlanned> units, ImmutableArray<TestRecord> tests)
    {
        var wrong = Wrong(units, tests).Select(one => one.Test.FullName).ToList();
        if (wrong.Count > 0)
            return $"{Lacking(wrong.Count)} ({Named(wrong)})";

        var known = units.SelectMany(unit => unit.Tests.Select(test => new TestRef(unit.Assembly, test.Case))).ToHashSet();
        var counts = CountsOf(plan, isExplicit: true);
        foreach (var test in tests.Where(test => !known.Contains(RefOf(test))))
            Add(counts, new ShardTest(test.Assembly.Source, test.ClassName, test.Name, true), -1);
        return Difference("explicit in it", counts);
    }

    /// <summary>Says that this many tests lack results, or have more of them than were discovered.</summary>
    public static string Lacking(int tests) => FormattableString.Invariant($"{tests} of its tests ")
        + (tests == 1 ? "lacks results, or has" : "lack results, or have") + " more of them than were discovered";

    /// <summary>The tests that lack results, or have more of them than were discovered.</summary>
    public static IEnumerable<(UnitPlanned Unit, PlannedTest Test)> Wrong(
        IReadOnlyCollection<UnitPlanned> units, ImmutableArray<TestRecord> tests)
    {
        var rows = tests.CountBy(RefOf).ToDictionary();
        return
            from unit in units
            from test in unit.Tests
            where !Fits(test, rows.GetValueOrDefault(new TestRef(unit.Assembly, test.Case)))
            select (unit, test);
    }

    private static TestRef RefOf(TestRecord test) => new(test.Assembly, test.CaseId);

    private static bool Fits(PlannedTest test, int rows) => test.HasKnownRows ? rows == test.Cases : rows >= test.Cases;

    private static Dictionary<ShardTest, int> CountsOf(ShardPart plan, bool isExplicit)
    {
        var counts = new Dictionary<ShardTest, int>();
        foreach (var test in plan.All.Where(test => test.IsExplicit == isExplicit))
            Add(counts, test, 1);
        return counts;
    }

    private static void Add(Dictionary<ShardTest, int> counts, ShardTest test, int number) =>
        CollectionsMarshal.GetValueRefOrAddDefault(counts, test, out _) += number;

    /// <param name="counts">How much more often each test was expected than it was found.</param>
    private static string? Difference(string what, Dictionary<ShardTest, int> counts)
    {
        if (counts.Values.All(count => count == 0))
            return null;
        var missing = counts.SelectMany(count => Enumerable.Repeat(count.Key, Math.Max(0, count.Value))).ToList();

        // Neither side has secrets in its names, and the machines that wrote them may know different secrets.
        var others = counts.SelectMany(count => Enumerable.Repeat(count.Key, Math.Max(0, -count.Value)))
            .Where(test => !missing.Remove(missing.FirstOrDefault(
                planned => test.IsWithoutSecrets(planned) || planned.IsWithoutSecrets(test)))).ToList();
        var differing = missing.Concat(others).Select(test => test.ToString()).Distinct(StringComparer.Ordinal).ToList();
        return differing.Count == 0
            ? null
            : $"{Quantity.Of(differing.Count, "test")} {(differing.Count == 1 ? "is not one of" : "are not")} those {what} "
                + $"({Named(differing)})";
    }

    private static string Named(List<string> names) =>
        string.Join(", ", names.Order(StringComparer.Ordinal).Take(MostNamed)) + (names.Count > MostNamed ? ", …" : "");
}
