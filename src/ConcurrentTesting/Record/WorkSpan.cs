namespace ConcurrentTesting.Record;

/// <summary>What a worker does beside its tests.</summary>
internal static class WorkKinds
{
    /// <summary>It waits for its databases.</summary>
    public const string Clones = "clones";

    /// <summary>Its databases are exchanged for fresh ones, and its test process ended where they are bound to it.</summary>
    public const string Resets = "resets";

    /// <summary>It waits for a test host.</summary>
    public const string HostStarts = "host start";
}

/// <summary>When a worker did something beside its tests.</summary>
/// <param name="Kind">One of <see cref="WorkKinds"/>.</param>
internal sealed record WorkSpan(int Worker, string Kind, DateTimeOffset StartedAt, TimeSpan Duration);
