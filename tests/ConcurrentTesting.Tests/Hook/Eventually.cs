using System.Diagnostics;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

/// <summary>Waits for what another thread or process does, with a bound.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    public static async Task HoldsAsync(Func<bool> condition)
    {
        for (var waited = Stopwatch.StartNew(); !condition();)
        {
            if (waited.Elapsed > Bound)
                throw new TimeoutException($"What was waited for did not happen in {Bound.TotalSeconds:0} s.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
