using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run.Merging;

/// <summary>The next run's durations: of each test what the part remembers that ran it.</summary>
internal static partial class MergedTimings
{
    /// <param name="parts">What each part planned, and what it remembers.</param>
    /// <param name="isAll">The parts are all tests of their assemblies: what else is remembered of these is of tests that are gone.</param>
    public static TimingsContent Of(ImmutableArray<(ShardPart Part, TimingsContent Timings)> parts, bool isAll)
    {
        var merged = new TimingsContent(
            new(parts.Sum(part => part.Timings.Tests.Count), StringComparer.Ordinal), new(StringComparer.Ordinal));
        var planned = parts.SelectMany(one => one.Part.Classes).Select(type => type.Assembly).ToHashSet(StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var (_, timings) in parts)
        {
            Add(merged, timings.Tests.Keys.Where(key => !isAll || !planned.Contains(AssemblyOf(key))), timings);
            foreach (var (assembly, timing) in timings.Assemblies.Where(known => !planned.Contains(AssemblyOf(known.Key))))
                merged.Assemblies.TryAdd(assembly, timing);
        }

        foreach (var (part, timings) in parts)
        {
            var tests = part.All.Select(test => test.ToString());
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

    // Another suite of the repository may keep its durations in the same file.
    private static ReadOnlySpan<char> AssemblyOf(string key)
    {
        var end = key.IndexOf('/', StringComparison.Ordinal);
        var assembly = end < 0 ? key : key.AsSpan(0, end);
        return assembly.Contains(" #", StringComparison.Ordinal) ? AssemblyNumber().Replace(assembly.ToString(), "") : assembly;
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

    // A value that more runs have shown is the better known one. What an assembly is made of is known where all parts had the same; the
    // tests of the part that began first have run since then too.
    private static AssemblyTiming Together(AssemblyTiming? one, AssemblyTiming other) => one is null ? other : other with
    {
        Host = Better(one.Host, other.Host),
        Waiting = other.Waiting ?? one.Waiting,
        DatabaseUnused = one.DatabaseUnused == true && other.DatabaseUnused == true ? true : null,
        Content = one.Content == other.Content ? other.Content : null,
        ChangedAt = one.Content == other.Content ? Earlier(one.ChangedAt, other.ChangedAt) : null,
        SetUps = Together(one.SetUps, other.SetUps),
    };

    private static ImmutableSortedDictionary<string, MeasuredCost>? Together(
        ImmutableSortedDictionary<string, MeasuredCost>? one, ImmutableSortedDictionary<string, MeasuredCost>? other) =>
        one is null || other is null
            ? one ?? other
            : one.SetItems(other.Where(setUp => Better(one.GetValueOrDefault(setUp.Key), setUp.Value) == setUp.Value));

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one < other ? one : other;

    private static MeasuredCost? Better(MeasuredCost? one, MeasuredCost? other) =>
        one is null || other?.Samples > one.Samples ? other : one;
}
