using System.Diagnostics;

namespace ConcurrentTesting.Benchmarks.Machines;

/// <summary>This program once more, as a machine.</summary>
internal sealed class StartedMachine : IDisposable
{
    private readonly Process _process;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="isWarm">It has played another run before, so that what only a new process costs is over.</param>
    /// <param name="played">Classes, tests a class, workers, seconds of a lease, milliseconds of a test, the test that never ends or <c>quiet</c>.</param>
    public StartedMachine(string connectionString, string run, string name, bool isWarm, params object[] played)
    {
        string[] arguments = [typeof(StartedMachine).Assembly.Location, isWarm ? "warm" : "machine", connectionString, run, name, .. played.Select(one => FormattableString.Invariant($"{one}"))];
        _process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is "begin")
                _begun.TrySetResult();
            else if (line.Data is { } said)
                Last = said;
        };
        _process.BeginOutputReadLine();
    }

    public int Id => _process.Id;

    public string Last { get; private set; } = "";

    public bool HasEnded => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>Until its first test begins.</summary>
    public Task BeginsAsync() => Task.WhenAny(_begun.Task, _process.WaitForExitAsync());

    public Task EndsAsync() => _process.WaitForExitAsync();

    public void Kill() => _process.Kill();

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
