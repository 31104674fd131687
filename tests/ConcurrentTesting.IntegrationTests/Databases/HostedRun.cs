using System.Diagnostics;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>A run of the database room in a process of its own, which goes step by step and can be killed at any of them.</summary>
internal sealed class HostedRun : IDisposable
{
    private readonly Process _process;

    private HostedRun(Process process) => _process = process;

    /// <summary>What it said so far.</summary>
    public List<string> Lines { get; } = [];

    public static HostedRun Start(DatabaseEngine engine, string? connectionString, string temporaryDirectory, string template, string runId)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ConcurrentTesting.IntegrationTests.Host.dll");
        var start = new ProcessStartInfo("dotnet", [program, engine.ToString(), connectionString ?? "-", temporaryDirectory, template, runId])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new HostedRun(Process.Start(start)!);
    }

    /// <summary>Lets it run up to a line: <c>begin lease</c>.</summary>
    public async Task ReachAsync(string line, CancellationToken cancellationToken)
    {
        while (true)
        {
            var said = await _process.StandardOutput.ReadLineAsync(cancellationToken)
                ?? throw new InvalidOperationException($"the run ended before '{line}': {await _process.StandardError.ReadToEndAsync(cancellationToken)}");
            Lines.Add(said);
            if (said == line)
                return;
            if (said.StartsWith("begin", StringComparison.Ordinal) || said.StartsWith("end", StringComparison.Ordinal))
                await GoOnAsync();
        }
    }

    public async Task GoOnAsync()
    {
        await _process.StandardInput.WriteLineAsync();
        await _process.StandardInput.FlushAsync();
    }

    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await ReachAsync("end dispose", cancellationToken);
        await GoOnAsync();
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>SIGKILL, to this process alone.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }
}
