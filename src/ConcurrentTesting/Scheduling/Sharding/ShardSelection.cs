namespace ConcurrentTesting.Scheduling.Sharding;

/// <summary>Takes one part out of what was discovered.</summary>
internal static class ShardSelection
{
    private const int MostNamed = 5;

    /// <exception cref="ConcurrentTestException">The tests are not those of the plan.</exception>
    public static TestCatalog Select(TestCatalog catalog, ShardPlan plan, Shard shard, Redactor secrets)
    {
        if (Difference(plan, catalog, secrets) is { } difference)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                $"Part {shard}: the tests found here are not those of the plan: {difference}. Build the same commit with the same settings on all machines; names that change from run to run cannot be divided by a plan.");
        }

        var mine = plan.Parts[shard.Part - 1].Classes.Select(type => $"{type.Assembly}/{type.Class}").ToHashSet(StringComparer.Ordinal);
        return catalog with
        {
            Units = [.. catalog.Units.Where(unit => mine.Contains(ShardGroup.ClassKey(unit.Entries[0])))],
            Explicit = [.. catalog.Explicit.Where(entry => mine.Contains(ShardGroup.ClassKey(entry)))],
        };
    }

    /// <summary>What is there and not planned, and planned and not there; null: nothing.</summary>
    public static string? Difference(ShardPlan plan, TestCatalog catalog, Redactor secrets)
    {
        var counts = new Dictionary<ShardTest, int>();
        foreach (var test in ShardPlan.TestsOf(catalog))
            counts[test] = counts.GetValueOrDefault(test) + 1;
        foreach (var test in plan.All)
            counts[test] = counts.GetValueOrDefault(test) - 1;
        return Texts(WithoutSecrets(counts, secrets)) is { Count: > 0 } texts ? string.Join("; ", texts) : null;
    }

    // A plan has no secrets in its names, and the machine that made it may know others than this one.
    private static Dictionary<ShardTest, int> WithoutSecrets(Dictionary<ShardTest, int> counts, Redactor secrets)
    {
        var left = new Dictionary<ShardTest, int>();
        foreach (var (test, count) in counts.Where(count => count.Value != 0))
        {
            var told = test with { Name = secrets.Redact(test.Name) };
            left[told] = left.GetValueOrDefault(told) + count;
        }

        foreach (var planned in left.Keys.Where(test => left[test] < 0).ToList())
        {
            foreach (var found in left.Keys.Where(test => left[test] > 0 && planned.IsWithoutSecrets(test)).ToList())
            {
                var same = Math.Min(-left[planned], left[found]);
                left[planned] += same;
                left[found] -= same;
            }
        }

        return left;
    }

    private static List<string> Texts(Dictionary<ShardTest, int> counts) =>
    [
        .. Named("found here and not in the plan", [.. counts.Where(count => count.Value > 0)]),
        .. Named("in the plan and not found here", [.. counts.Where(count => count.Value < 0)]),
    ];

    private static IEnumerable<string> Named(string what, ImmutableArray<KeyValuePair<ShardTest, int>> counts)
    {
        if (counts.IsEmpty)
            yield break;
        var names = counts.Select(count => count.Key.ToString()).Order(StringComparer.Ordinal).Take(MostNamed);
        var more = counts.Length > MostNamed ? ", …" : "";
        yield return FormattableString.Invariant($"{counts.Sum(count => Math.Abs(count.Value))} {what} ({string.Join(", ", names)}{more})");
    }
}
