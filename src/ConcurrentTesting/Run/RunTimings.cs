using ConcurrentTesting.Execution;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Run;

/// <summary>What earlier runs remember, read before anything else because the number of workers may come from it.</summary>
/// <param name="Settings">Those of the run, with its number of workers.</param>
/// <param name="Damage">What is wrong with the file; null: nothing.</param>
/// <param name="WhyWorkers">Why there are so many workers, in words for people; null where they were asked for, or are the cores.</param>
internal sealed record RunTimings(ConcurrentTestSettings Settings, TimingStore Store, string? Damage, string? WhyWorkers)
{
    public static async Task<RunTimings> LoadAsync(ConcurrentTestSettings settings)
    {
        string? damage = null;
        var store = await TimingStore.LoadAsync(settings.TimingsFile, message => damage = message, CancellationToken.None);
        if (settings.HasWorkers)
            return new RunTimings(settings, store, damage, null);
        var (workers, why) = WorkersThatPay.Of(store, settings.Workers, FreeMemory.Bytes());
        return new RunTimings(settings with { Workers = workers }, store, damage, why);
    }
}
