using System.Diagnostics;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>Waits for what has no event.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <exception cref="TimeoutException">It did not come to be.</exception>
    public static Task BeAsync(Func<bool> condition, string what, CancellationToken cancellationToken) =>
        BeAsync(() => Task.FromResult(condition()), what, cancellationToken);

    /// <inheritdoc cref="BeAsync(Func{bool}, string, CancellationToken)"/>
    public static async Task BeAsync(Func<Task<bool>> condition, string what, CancellationToken cancellationToken)
    {
        for (var watch = Stopwatch.StartNew(); !await condition();)
        {
            if (watch.Elapsed > Patience)
                throw new TimeoutException($"Not within {Patience.TotalSeconds:0} s: {what}");
            await Task.Delay(10, cancellationToken);
        }
    }
}
