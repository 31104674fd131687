using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run.Merging;

/// <summary>The next run's durations: of each test what the part remembers that ran it.</summary>
internal static partial class MergedTimings
{
    /// <param name="parts">What each part planned, and what it remembers.</param>
    /// <param name="isAll">The parts are all tests that there are: what else is remembered is of tests that are gone.</param>
    public static TimingsContent Of(ImmutableArray<(ShardPart Part, TimingsContent Timings)> parts, bool isAll)
    {
        var merged = new TimingsContent(
            new(parts.Sum(part => part.Timings.Tests.Count), StringComparer.Ordinal), new(StringComparer.Ordinal));
        foreach (var (_, timings) in isAll ? [] : parts)
            Add(merged, timings.Tests.Keys, timings);
        foreach (var (part, timings) in parts)
        {
            var tests = part.All.Select(test => test.ToString()).ToList();
            Add(merged, tests, timings);
            Add(merged, OfNamesakes(timings.Tests.Keys, tests), timings);
            var assemblies = part.Classes.Select(type => type.Assembly).Distinct(StringComparer.Ordinal).ToList();
            foreach (var assembly in assemblies.Concat(OfNamesakes(timings.Assemblies.Keys, assemblies)))
            {
                if (timings.Assemblies.TryGetValue(assembly, out var timing))
                    merged.Assemblies[assembly] = Together(merged.Assemblies.GetValueOrDefault(assembly), timing);
            }
        }

        return merged with { Worker = parts.Select(part => part.Timings.Worker).Aggregate((MeasuredCost?)null, Better) };
    }

    // A part does not tell several assemblies of one name apart; what it remembers of them has their numbers.
    private static List<string> OfNamesakes(IEnumerable<string> keys, IEnumerable<string> names)
    {
        var numbered = keys.Where(key => key.Contains(" #", StringComparison.Ordinal) && AssemblyNumber().IsMatch(key)).ToList();
        if (numbered.Count == 0)
            return [];
        var known = names.ToHashSet(StringComparer.Ordinal);
        return numbered.FindAll(key => known.Contains(AssemblyNumber().Replace(key, "")));
    }

    [GeneratedRegex(@"(?<=\A[^/]*\)) #\d+(?=/|\z)")]
    private static partial Regex AssemblyNumber();

    private static void Add(TimingsContent merged, IEnumerable<string> keys, TimingsContent timings)
    {
        foreach (var key in keys)
        {
            if (timings.Tests.TryGetValue(key, out var timing))
                merged.Tests[key] = timing;
        }
    }

    // A value that more runs have shown is the better known one.
    private static AssemblyTiming Together(AssemblyTiming? one, AssemblyTiming other) => one is null ? other : new AssemblyTiming
    {
        Host = Better(one.Host, other.Host),
        Waiting = other.Waiting ?? one.Waiting,
        DatabaseUnused = one.DatabaseUnused == true && other.DatabaseUnused == true ? true : null,
        SetUps = one.SetUps is null || other.SetUps is null
            ? one.SetUps ?? other.SetUps
            : one.SetUps.SetItems(other.SetUps.Where(
                setUp => Better(one.SetUps.GetValueOrDefault(setUp.Key), setUp.Value) == setUp.Value)),
    };

    private static MeasuredCost? Better(MeasuredCost? one, MeasuredCost? other) =>
        one is null || other?.Samples > one.Samples ? other : one;
}
