namespace ConcurrentTesting.Reports.Html;

/// <summary>What the lanes of workers are called: by their numbers, and in a merged run by their machines too.</summary>
internal sealed class WorkerLabels(RunRecord record)
{
    private const int LongestMachine = 16;

    /// <summary>The letters of the longest that there may be.</summary>
    public int Longest { get; } = record.Parts.Select(part => Short(part.Machine).Length).DefaultIfEmpty(-2).Max() + "worker 99, ".Length;

    public string Of(int worker) => MachineOf(worker) is { } machine
        ? FormattableString.Invariant($"worker {worker}, {Short(machine)}")
        : FormattableString.Invariant($"worker {worker}");

    /// <summary>Null where one machine ran everything.</summary>
    private string? MachineOf(int worker) =>
        record.Parts.FirstOrDefault(part => worker >= part.FirstWorker && worker < part.FirstWorker + part.Workers)?.Machine;

    // The ends of their names tell a pool's machines apart.
    private static string Short(string machine) => machine.Length <= LongestMachine ? machine : $"…{machine[^(LongestMachine - 1)..]}";
}
