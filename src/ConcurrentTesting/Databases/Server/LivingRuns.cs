namespace ConcurrentTesting.Databases.Server;

/// <summary>Sees to it that a run that lives holds its lock before anybody asks for it.</summary>
internal static class LivingRuns
{
    /// <summary>A run that lost its lock in a restart of the server asks for it again several times a second.</summary>
    private static readonly TimeSpan LongestReturn = TimeSpan.FromSeconds(10);

    /// <summary>Waits where the server was started just now: all locks are gone, and the runs that live are about to take theirs
    /// again.</summary>
    public static async Task AwaitAsync(IServerDialect dialect, TimeProvider time, CancellationToken cancellationToken)
    {
        var left = LongestReturn - await dialect.ReadUptimeAsync(cancellationToken);
        if (left > TimeSpan.Zero)
            await Task.Delay(left, time, cancellationToken);
    }
}
