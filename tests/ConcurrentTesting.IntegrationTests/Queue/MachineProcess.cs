using System.Diagnostics;
using ConcurrentTesting.IntegrationTests.Samples;

namespace ConcurrentTesting.IntegrationTests.Queue;

/// <summary>A process that plays a machine, and can be killed and frozen.</summary>
internal sealed class MachineProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly DirectoryInfo _folder;
    private readonly List<string> _lines = [];
    private readonly List<(Predicate<string> Is, TaskCompletionSource<string> Seen)> _awaited = [];

    private MachineProcess(Process process, DirectoryInfo folder)
    {
        _process = process;
        _folder = folder;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What it said.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    /// <summary>The tests that it began.</summary>
    public IReadOnlyList<string> Begun => [.. Lines.Where(line => line.StartsWith("test ", StringComparison.Ordinal))];

    /// <param name="played">What the run is: classes, tests a class, workers, seconds of a lease, milliseconds of a test, the test that never ends.</param>
    public static MachineProcess Start(string connectionString, string run, string name, params object[] played)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ConcurrentTesting.IntegrationTests.Host.dll");
        string[] arguments = [program, "machine", connectionString, run, name, .. played.Select(one => FormattableString.Invariant($"{one}"))];
        // What a killed machine leaves goes with the folder.
        var folder = Directory.CreateTempSubdirectory("machine-");
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TMPDIR"] = folder.FullName;
        return new MachineProcess(new Process { StartInfo = start }, folder);
    }

    /// <summary>Until it says such a line.</summary>
    public async Task<string> SaysAsync(Predicate<string> line)
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lines)
        {
            if (_lines.Find(line) is { } said)
                return said;
            _awaited.Add((line, seen));
        }

        await Task.WhenAny(seen.Task, _process.WaitForExitAsync()).WaitAsync(Patience);
        return seen.Task.IsCompleted ? await seen.Task : throw new InvalidOperationException($"The machine ended before it said so: {string.Join('\n', Lines)}");
    }

    public Task BeginsTestAsync() => SaysAsync(line => line.StartsWith("test ", StringComparison.Ordinal));

    public Task SignalAsync(string signal) => SampleRun.SignalAsync(_process.Id, signal, CancellationToken.None);

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
        {
            _lines.Add(line);
            foreach (var (_, seen) in _awaited.Where(awaited => awaited.Is(line)))
                seen.TrySetResult(line);
        }
    }
}
