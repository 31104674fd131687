namespace ConcurrentTesting.Record;

/// <summary>Why a batch exists, as run.json names it.</summary>
internal static class BatchReasons
{
    /// <summary>A worker begins with it.</summary>
    public const string Plan = "plan";

    /// <summary>It began before all tests were discovered, because the timings say that it comes first.</summary>
    public const string Early = "early";

    /// <summary>Whoever is free takes it.</summary>
    public const string Tail = "tail";

    /// <summary>Its host died before its tests had run.</summary>
    public const string Requeue = "requeue";

    /// <summary>A test of it ran when its host died, and runs once more with no other but those that need each other.</summary>
    public const string Alone = "alone";

    /// <summary>Its tests gave no result by their ids and are asked for by name.</summary>
    public const string ByName = "by-name";

    /// <summary>Its test failed and runs again (<c>--test-reruns</c>).</summary>
    public const string Rerun = "rerun";

    /// <summary>Its tests are to run several times (<c>--test-stress</c>, <c>--test-new-runs</c>).</summary>
    public const string Repeat = "repeat";

    /// <summary>The infrastructure failed its tests.</summary>
    public const string Retry = "retry";

    /// <summary>It runs its tests for the first time.</summary>
    public static bool IsFirst(string reason) => reason is Plan or Early or Tail;
}
