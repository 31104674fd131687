namespace ConcurrentTesting.Scheduling;

/// <summary>For which assemblies test hosts are started before there is a plan: those of the longest classes, which the plan gives to the
/// workers one after another.</summary>
internal static class AheadChoice
{
    // One start is taken to cost this where nobody has measured it.
    private const double GuessSeconds = 1.0;

    /// <param name="classes">What each class takes that is going to run, as far as it is known.</param>
    /// <param name="start">What the start of a worker took in earlier runs, in seconds; null: never measured.</param>
    /// <param name="most">The most test hosts that are started.</param>
    /// <returns>An assembly a worker, from the first on; no more than have something left to do once the ones before have begun.</returns>
    public static ImmutableArray<TestAssembly> Of(
        IEnumerable<(TestAssembly Assembly, double Seconds)> classes, double? start, int most)
    {
        var longest = classes.OrderByDescending(known => known.Seconds).ToList();
        var left = longest.Sum(known => known.Seconds);
        var chosen = ImmutableArray.CreateBuilder<TestAssembly>();
        foreach (var (assembly, seconds) in longest.Take(most))
        {
            if (chosen.Count > 0 && left <= (start ?? GuessSeconds))
                break;
            chosen.Add(assembly);
            left -= seconds;
        }

        return chosen.ToImmutable();
    }
}
