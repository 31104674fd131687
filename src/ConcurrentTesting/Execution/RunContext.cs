using ConcurrentTesting.Console;
using ConcurrentTesting.Hook;

namespace ConcurrentTesting.Execution;

/// <summary>What every part of a run's execution shares.</summary>
internal sealed record RunContext
{
    public required ConcurrentTestSettings Settings { get; init; }
    public required string RunId { get; init; }
    public required int Seed { get; init; }
    public required ILogger Log { get; init; }
    public required Redactor Secrets { get; init; }
    public required RunRecorder Recorder { get; init; }
    public required TimeProvider Time { get; init; }
    public required RunStop Stop { get; init; }

    /// <summary>The engine's end of the hooks in the test processes.</summary>
    public required TestHookServer Hook { get; init; }

    public static RunContext Create(
        ConcurrentTestSettings settings, RunConsole console, IRunObserver observer, TimeProvider time, RunStop stop, Quarantine quarantine,
        JournalWriter file, string runId, TestHookServer hook) => new()
        {
            Settings = settings,
            RunId = runId,
            Seed = settings.Seed ?? (int)(time.GetUtcNow().ToUnixTimeSeconds() & int.MaxValue),
            Log = console.Log,
            Secrets = console.Redactor,
            Recorder = new RunRecorder(time, observer, quarantine, file),
            Time = time,
            Stop = stop,
            Hook = hook,
        };
}
