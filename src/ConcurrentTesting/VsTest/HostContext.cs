namespace ConcurrentTesting.VsTest;

/// <summary>What the hosts of a run share.</summary>
internal sealed record HostContext(
    ConcurrentTestSettings Settings, VsTestLocation Location, RunSettingsDocument RunSettings, TimeProvider Time, ILogger Log,
    IHookedHosts Hook)
{
    /// <summary>Which hosts may start.</summary>
    public StartTurns Starts { get; } = StartTurns.OfThisMachine();
}

/// <summary>Hears of the processes that hosts start, because the hook speaks from them.</summary>
internal interface IHookedHosts
{
    /// <summary>The environment of a worker's console, with what loads the hook in it.</summary>
    ImmutableDictionary<string, string> ForConsole(ImmutableDictionary<string, string> environment, int worker);

    /// <summary>Remembers what a process of the run's own says, beyond its end too, until <see cref="Release"/>.</summary>
    void Remember(int processId, Task<ProcessExit> exited);

    /// <summary>A test host that has run others, or has been started ahead, runs this batch from now on.</summary>
    void Continue(int processId, int batch);

    /// <summary>Forgets a remembered process, once it has ended.</summary>
    void Release(int processId);
}
