using System.Diagnostics;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

/// <summary>Waits for what another thread or process does, with a bound.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    /// <param name="state">What is said where it does not come to hold.</param>
    public static async Task HoldsAsync(Func<bool> condition, Func<string>? state = null)
    {
        for (var waited = Stopwatch.StartNew(); !condition();)
        {
            if (waited.Elapsed > Bound)
                throw new TimeoutException($"What was waited for did not happen in {Bound.TotalSeconds:0} s. {state?.Invoke()}");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
