using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>One part of a run that was merged from several machines.</summary>
/// <param name="Part">From 1.</param>
/// <param name="Machine">The name of the machine that ran it.</param>
/// <param name="Run">The id of its run.</param>
/// <param name="FirstWorker">The number that its worker 0 has in the merged run.</param>
/// <param name="Workers">How many workers it had.</param>
/// <param name="Tests">How many results it gave.</param>
/// <param name="Seconds">Its wall time.</param>
/// <param name="ExitCode">How it ended.</param>
internal sealed record PartRecord(
    int Part, string Machine, string Run, int FirstWorker, int Workers, int Tests, double Seconds, int ExitCode)
{
    /// <summary>The first and the last of its workers, as the merged run numbers them.</summary>
    [JsonIgnore]
    public string WorkerNumbers => Workers > 1
        ? FormattableString.Invariant($"{FirstWorker}–{FirstWorker + Workers - 1}")
        : FormattableString.Invariant($"{FirstWorker}");
}
