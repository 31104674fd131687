using System.IO.Hashing;

namespace ConcurrentTesting.Scheduling.Sharding;

/// <summary>Divides the tests among machines: by hash, which each machine does for itself, or by recorded durations, which one does for
/// all.</summary>
internal static class ShardPlanner
{
    /// <summary>The same tests give the same parts on every machine, whatever durations it remembers.</summary>
    public static ShardPlan ByHash(TestCatalog catalog, ConcurrentTestSettings settings, int parts)
    {
        var groups = ShardGroup.Of(catalog, settings).ToLookup(
            group => (int)(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(group.Key)) % (ulong)parts));
        return Plan(
            catalog, [.. Enumerable.Range(0, parts).Select(index => groups[index].ToImmutableArray())],
            part => Classes(part, seconds: null), part => null);
    }

    /// <summary>Longest first onto the machine that has least, on as few machines as the target takes.</summary>
    /// <param name="id">Tells the plan from another of the same tests.</param>
    public static ShardPlan ByTimings(TestCatalog catalog, ConcurrentTestSettings settings, TimingStore timings, string id)
    {
        ImmutableArray<TestEntry> entries = [.. catalog.Units.SelectMany(unit => unit.Entries)];
        var predictions = Predictor.Predict(entries, timings, out var known);
        var groups = ShardGroup.Of(catalog, settings).Select(group => new Weighed(group, group.Entries.Sum(entry => predictions[entry])))
            .OrderByDescending(group => group.Seconds).ThenBy(group => group.Group.Key, StringComparer.Ordinal).ToImmutableArray();
        var parts = settings.ShardCount is { } count ? Divide(groups, count) : AsFewAsFit(groups, settings, Wall);
        return Plan(catalog, parts, part => Classes(part, entry => predictions[entry]), part => Math.Round(Wall(part), 3))
            with
        {
            Id = id,
            Known = entries.IsEmpty ? null : Math.Round((double)known / entries.Length, 3),
            TargetSeconds = settings.ShardTarget.TotalSeconds,
            Workers = settings.Workers,
        };

        double Wall(ImmutableArray<ShardGroup> part) =>
            LowerBound.Of([.. part.SelectMany(group => group.Units).Select(Weigh)], settings.Workers);

        (bool IsTied, IReadOnlyCollection<double> Tests) Weigh(TestUnit unit) =>
            (!unit.Ties.IsEmpty, [.. unit.Entries.Select(entry => predictions[entry])]);
    }

    private static ImmutableArray<ImmutableArray<ShardGroup>> AsFewAsFit(
        ImmutableArray<Weighed> groups, ConcurrentTestSettings settings, Func<ImmutableArray<ShardGroup>, double> wall)
    {
        // More machines cannot run a group faster than one machine can.
        var target = groups.Select(group => wall([group.Group])).Append(settings.ShardTarget.TotalSeconds).Max();
        var most = Math.Clamp(groups.Length, 1, Shard.Most);
        var least = (int)Math.Ceiling(groups.Sum(group => group.Seconds) / settings.Workers / target);
        for (var count = Math.Clamp(least, 1, most); count < most; count++)
        {
            var parts = Divide(groups, count);
            if (parts.All(part => wall(part) <= target))
                return parts;
        }

        return Divide(groups, most);
    }

    private static ImmutableArray<ImmutableArray<ShardGroup>> Divide(ImmutableArray<Weighed> groups, int count)
    {
        var parts = Enumerable.Range(0, count).Select(_ => ImmutableArray.CreateBuilder<ShardGroup>()).ToArray();
        var least = new PriorityQueue<int, (double Seconds, int Index)>(Enumerable.Range(0, count).Select(index => (index, (0.0, index))));
        foreach (var group in groups)
        {
            least.TryDequeue(out var index, out var load);
            parts[index].Add(group.Group);
            least.Enqueue(index, (load.Seconds + group.Seconds, index));
        }

        return [.. parts.Select(part => part.ToImmutable())];
    }

    private static ImmutableArray<ShardClass> Classes(ImmutableArray<ShardGroup> part, Func<TestEntry, double>? seconds) =>
        [.. part.SelectMany(group => group.Classes(seconds))
            .OrderByDescending(type => type.Seconds).ThenBy(type => type.Assembly, StringComparer.Ordinal).ThenBy(
                type => type.Class, StringComparer.Ordinal)];

    private static ShardPlan Plan(
        TestCatalog catalog,
        ImmutableArray<ImmutableArray<ShardGroup>> parts,
        Func<ImmutableArray<ShardGroup>, ImmutableArray<ShardClass>> classes,
        Func<ImmutableArray<ShardGroup>, double?> wall) => new()
        {
            Discovery = ShardPlan.HashOf(ShardPlan.TestsOf(catalog)),
            Tests = catalog.CaseCount,
            Parts = [.. parts.Select((part, index) => Part(index + 1, wall(part), classes(part)))],
        };

    private static ShardPart Part(int number, double? seconds, ImmutableArray<ShardClass> classes) =>
        new(number, seconds, classes.Sum(type => type.Tests.Length), classes);

    private sealed record Weighed(ShardGroup Group, double Seconds);
}
