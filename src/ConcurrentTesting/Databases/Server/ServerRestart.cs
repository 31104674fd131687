namespace ConcurrentTesting.Databases.Server;

/// <summary>How long a server may be away in the middle of a run until the run gives it up.</summary>
internal static class ServerRestart
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>A throwaway server of the run's own, which can only recover from a crash of one of its processes: nobody starts it again.</summary>
    public static readonly TimeSpan LongestOfOurs = TimeSpan.FromSeconds(10);
}
