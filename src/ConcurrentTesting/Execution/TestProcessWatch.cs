using System.ComponentModel;
using System.Diagnostics;
using ConcurrentTesting.TestHook.Wire;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

/// <summary>Notices that the process xunit v3 runs its tests in has died, or has ended before its tests had. VSTest does not: the test host
/// beside it waits until the session times out.</summary>
internal sealed class TestProcessWatch(RunContext run, TestAssembly assembly, int batch)
{
    // The time within which a process that ends by itself has said everything.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    // After a process ended well, its last results may still be on their way through a slow test host.
    private static readonly TimeSpan GraceOfGoodEnd = TimeSpan.FromSeconds(5);

    // This is some ticks of the clock by which systems count computing time.
    private static readonly TimeSpan LeastSeen = TimeSpan.FromMilliseconds(100);

    private long? _deadSince;
    private int _seen;
    private (long At, TimeSpan Cpu)? _first;
    private (long At, TimeSpan Cpu)? _last;

    /// <summary>When the youngest of its processes was first seen: from there on it loads the tests and sets up; null before.</summary>
    public long? Begun { get; private set; }

    /// <summary>Looks for processes that have begun since it last looked, and at what they compute once a test has begun.</summary>
    public void Look(bool hasBegun)
    {
        if (hasBegun)
            Compute();
        var processes = run.Hook.ProcessIds(batch).Length;
        if (processes <= _seen)
            return;
        _seen = processes;
        Begun = run.Time.GetTimestamp();
    }

    /// <summary>What they computed in the time in which that was seen; null where it was too short to tell anything.</summary>
    public ComputedTime? Computed =>
        _first is { } first && _last is { } last && run.Time.GetElapsedTime(first.At, last.At) is var seen && seen >= LeastSeen
            ? new ComputedTime(seen, last.Cpu - first.Cpu)
            : null;

    private void Compute()
    {
        var processes = run.Hook.ProcessIds(batch).Where(process => process.IsAlive).ToList();
        if (processes.Count == 0)
            return;
        var cpu = TimeSpan.FromTicks(processes.Sum(process => CpuOf(process.Id).Ticks));
        var now = (run.Time.GetTimestamp(), cpu);
        _first ??= now;
        if (cpu >= (_last ?? now).Item2)
            _last = now;
    }

    private static TimeSpan CpuOf(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return process.TotalProcessorTime;
        }
        catch (Exception exception)
            when (exception is ArgumentException or InvalidOperationException or Win32Exception or NotSupportedException)
        {
            // The process has ended.
            return TimeSpan.Zero;
        }
    }

    /// <summary>What is wrong once a test process has died; null before, and where the host tells it itself.</summary>
    /// <param name="silence">How long the host has said nothing.</param>
    /// <param name="hasBegun">The host has reported a test, so the process that ended is not the one that listed the tests.</param>
    public string? Fault(TimeSpan silence, bool hasBegun)
    {
        if (assembly.Framework != TestFramework.XUnit3 || FindDead(hasBegun) is not { } dead)
            return null;

        _deadSince ??= run.Time.GetTimestamp();
        var dying = run.Time.GetElapsedTime(_deadSince.Value);
        if (dead.EndedByItself)
        {
            return dying > GraceOfGoodEnd
                && silence > GraceOfGoodEnd ? $"the test process {dead.Id} of {assembly.Source} ended before its tests had." : null;
        }

        return dying > Grace ? $"the test process {dead.Id} of {assembly.Source} died without a message." : null;
    }

    /// <summary>Whether somebody has stopped one of them from outside, so that it can say nothing.</summary>
    public bool AreStopped => run.Hook.ProcessIds(batch).Any(process => process.IsAlive && ProcessTree.IsStopped(process.Id));

    /// <summary>Whether the process that died ended itself.</summary>
    public OwnEnd? OwnEnd => FindDead(hasBegun: true) is { } dead ? Execution.OwnEnd.Of([dead], "") : null;

    private HookedProcess? FindDead(bool hasBegun)
    {
        var processes = run.Hook.ProcessIds(batch).Where(process => process.Role == HookedProcessRole.TestProcess).ToList();
        return processes.Find(process => process is { IsAlive: false, EndedByItself: false })
            ?? (hasBegun && processes.TrueForAll(process => !process.IsAlive)
                ? processes.MaxBy(process => process.Unhandled is not null || process.Exit is { Status: not 0 })
                : null);
    }
}
