namespace ConcurrentTesting.Record;

/// <summary>The tests that lists begin with: those with most of something, and of equals the first by their ids. It takes one look at each
/// test, where sorting would compare all with one another.</summary>
internal static class FirstTests
{
    public static List<TestRecord> Slowest(IEnumerable<TestRecord> tests, int most) => Of(tests, test => test.Final.Duration.Ticks, most);

    public static List<TestRecord> Of(IEnumerable<TestRecord> tests, Func<TestRecord, long> amount, int most)
    {
        var first = new List<(long Amount, TestRecord Test)>(most + 1);
        foreach (var test in tests)
        {
            var one = (amount(test), test);
            if (first.Count == most && !IsBefore(one, first[^1]))
                continue;
            if (first.Count == most)
                first.RemoveAt(most - 1);
            var at = first.Count;
            while (at > 0 && IsBefore(one, first[at - 1]))
                at--;
            first.Insert(at, one);
        }

        return first.ConvertAll(one => one.Test);
    }

    private static bool IsBefore((long Amount, TestRecord Test) one, (long Amount, TestRecord Test) other) => one.Amount != other.Amount
        ? one.Amount > other.Amount
        : string.CompareOrdinal(one.Test.Id, other.Test.Id) < 0;
}
