using System.Security.Cryptography;
using ConcurrentTesting.Reporting;
using ConcurrentTesting.Results;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Execution;

/// <summary>What every part of a run's execution shares.</summary>
internal sealed record RunContext
{
    public required ConcurrentTestSettings Settings { get; init; }
    public required string RunId { get; init; }
    public required int Seed { get; init; }
    public required ILogger Log { get; init; }
    public required IRunObserver Observer { get; init; }
    public required RunRecorder Recorder { get; init; }
    public required TimeProvider Time { get; init; }
    public required RunStop Stop { get; init; }

    public static RunContext Create(ConcurrentTestSettings settings, RunConsole console, TimeProvider time, RunStop stop, Quarantine quarantine) => new()
    {
        Settings = settings,
        RunId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5)),
        Seed = settings.Seed ?? (int)(time.GetUtcNow().ToUnixTimeSeconds() & int.MaxValue),
        Log = console.Log,
        Observer = console,
        Recorder = new RunRecorder(time, console, quarantine),
        Time = time,
        Stop = stop,
    };
}
