using System.Diagnostics;

namespace ConcurrentTesting.Benchmarks.Databases;

/// <summary>Durations of one thing, in milliseconds.</summary>
internal sealed class Samples
{
    private readonly List<double> _milliseconds = [];

    public double Median => At(0.5);

    /// <summary>What the middle half lies between.</summary>
    public (double Low, double High) Spread => (At(0.25), At(0.75));

    public async Task<T> TimeAsync<T>(Func<Task<T>> action)
    {
        var started = Stopwatch.GetTimestamp();
        var result = await action();
        _milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        return result;
    }

    public Task TimeAsync(Func<Task> action) => TimeAsync(async () =>
    {
        await action();
        return true;
    });

    private double At(double share)
    {
        var sorted = _milliseconds.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[(int)Math.Round((sorted.Length - 1) * share)];
    }
}
