using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run.Merging;

/// <summary>Plans by the hash of their file: each part has a copy, and a plan holds all tests of all parts.</summary>
internal sealed class KnownPlans
{
    private readonly Dictionary<string, (ShardPlan Plan, string Hash)> _plans = new(StringComparer.Ordinal);

    /// <param name="hash">Of the file, which it is known to have.</param>
    /// <returns>The plan, and what tells it from all others.</returns>
    /// <exception cref="System.Text.Json.JsonException">It is no plan.</exception>
    public (ShardPlan Plan, string Hash) Read(string file, string hash)
    {
        if (_plans.TryGetValue(hash, out var known))
            return known;
        var plan = ShardPlanFile.Parse(File.ReadAllBytes(file));
        return _plans[hash] = (plan, ShardPlanFile.HashOf(plan));
    }
}
