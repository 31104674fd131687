using ConcurrentTesting.Discovery;
using ConcurrentTesting.Metrics.Measuring;

namespace ConcurrentTesting.Execution;

/// <summary>
/// Notices that the process xunit v3 runs its tests in has died. VSTest does not: the test host beside it waits until the session times out.
/// </summary>
internal sealed class TestProcessWatch(RunContext run, TestAssembly assembly, int batch)
{
    // What a process that ends by itself has left to tell is told within this.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private long? _deadSince;
    private int _seen;

    /// <summary>When the youngest of its processes was first seen: from there on it loads the tests and sets up; null before.</summary>
    public long? Begun { get; private set; }

    /// <summary>Looks for processes that have begun since it last looked.</summary>
    public void Look()
    {
        var processes = run.Hook.ProcessIds(batch).Length;
        if (processes <= _seen)
            return;
        _seen = processes;
        Begun = run.Time.GetTimestamp();
    }

    /// <summary>What is wrong once a test process has died; null before, and where the host tells it itself.</summary>
    public string? Fault
    {
        get
        {
            if (assembly.Framework != TestFramework.XUnit3 || FindDead() is not { } dead)
                return null;

            _deadSince ??= run.Time.GetTimestamp();
            return run.Time.GetElapsedTime(_deadSince.Value) > Grace ? $"the test process {dead.Id} of {assembly.Source} died without a word." : null;
        }
    }

    private HookedProcess? FindDead() => run.Hook.ProcessIds(batch).FirstOrDefault(process => process is { Role: TestHook.Wire.HookedProcessRole.TestProcess, IsAlive: false, EndedByItself: false });
}
