using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>Which part of all tests a run is.</summary>
/// <param name="Part">From 1.</param>
/// <param name="Of">How many parts there are.</param>
/// <param name="Plan">
/// The hash of the plan that all parts share; null where the parts are by hash and the run has not come to discover its tests.
/// </param>
/// <param name="Discovery">The hash of all tests that were discovered, whichever part they are in; null like the plan.</param>
internal sealed record ShardRecord(int Part, int Of, string? Plan, string? Discovery)
{
    /// <summary>What the CI host calls the whole pipeline; null where it was not known.</summary>
    public string? Pipeline { get; init; }

    /// <summary>What the CI host counts for each try of a job; only its order means something. Null where it was not known.</summary>
    public long? Attempt { get; init; }

    /// <summary>What the CI host calls the job, the same in each of its tries; null where it was not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Job { get; init; }

    /// <summary>The operating system and its architecture; null where the record does not tell it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Platform { get; init; }

    /// <summary>The commit that the CI host runs; null where it names none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Commit { get; init; }
}
