using System.Diagnostics;
using System.Globalization;

namespace ConcurrentTesting.Benchmarks.Soak;

/// <summary>Makes something die in a fixed turn: test hosts, consoles, sessions, a host that stops without a word, the server.</summary>
internal sealed class FaultInjector(SoakRun run, PostgreSqlServer server, int seed)
{
    public const string Stopped = "testhost stopped for ever";

    private readonly Random _random = new(seed);
    private readonly SortedDictionary<string, int> _injected = new(StringComparer.Ordinal);

    /// <summary>What was done, how often.</summary>
    public IReadOnlyDictionary<string, int> Injected => _injected;

    public async Task InjectAsync(TimeSpan interval)
    {
        (string Name, Func<Task<bool>> Fault)[] faults =
        [
            ("testhost killed", () => SignalAsync("testhost", "KILL")),
            ("sessions terminated", async () => await DoneAsync(server.TerminateSessionsAsync())),
            ("vstest.console killed", () => SignalAsync("vstest.console", "KILL")),
            ("testhost aborted", () => SignalAsync("testhost", "ABRT")),
            ("server restarted", async () => await DoneAsync(server.RestartAsync())),
            (Stopped, () => SignalAsync("testhost", "STOP")),
        ];
        for (var turn = 0; !run.HasExited;)
        {
            run.LookAtMemory();
            await Task.Delay(interval);
            if (run.HasExited || !run.RunsTests || run.Processes("testhost").Count == 0)
                continue;
            // There may be no console: only some suites need one.
            var (name, fault) = faults[turn++ % faults.Length];
            if (await fault())
                _injected[name] = _injected.GetValueOrDefault(name) + 1;
        }
    }

    private static async Task<bool> DoneAsync(Task fault)
    {
        await fault;
        return true;
    }

    private async Task<bool> SignalAsync(string victim, string signal)
    {
        // The last test host of a run may have one test, which every fault would hit: dying twice alone, it has failed.
        var processes = run.Processes(victim);
        if (processes.Count == 0 || run.Processes("testhost").Count < 2)
            return false;
        using var kill = Process.Start("kill", ["-s", signal, processes[_random.Next(processes.Count)].ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        return kill.ExitCode == 0;
    }
}
