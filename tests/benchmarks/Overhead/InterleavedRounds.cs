namespace ConcurrentTesting.Benchmarks.Overhead;

/// <summary>The same work with and without what is measured, in turn.</summary>
/// <param name="Without">The median without it.</param>
/// <param name="Difference">The median of what it added, round by round.</param>
/// <param name="Error">The standard error of the differences' mean.</param>
internal sealed record InterleavedRounds(double Without, double Difference, double Error)
{
    /// <param name="measure">Does the work once, with it or without, and gives what it cost.</param>
    public static async Task<InterleavedRounds> RunAsync(int rounds, Func<bool, Task<double>> measure)
    {
        var without = new List<double>();
        var differences = new List<double>();
        for (var round = 0; round <= rounds; round++)
        {
            var withFirst = round % 2 == 0;
            var first = await measure(withFirst);
            var second = await measure(!withFirst);

            // The first round warms the file cache.
            if (round == 0)
                continue;
            var (on, off) = withFirst ? (first, second) : (second, first);
            without.Add(off);
            differences.Add(on - off);
        }

        var mean = differences.Average();
        var error = Math.Sqrt(differences.Sum(difference => (difference - mean) * (difference - mean))) / differences.Count;
        return new InterleavedRounds(Median(without), Median(differences), error);
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
