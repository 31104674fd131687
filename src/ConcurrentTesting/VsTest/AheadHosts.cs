namespace ConcurrentTesting.VsTest;

/// <summary>The test hosts that are started before their workers ask for them, one a worker at most. Who takes one has to end it.</summary>
internal sealed class AheadHosts(HostContext run, DirectAssemblies assemblies) : IAsyncDisposable
{
    // The run itself needs a core until it has a plan, so one turn less is given.
    private readonly StartTurns _turns = new(Math.Max(1, Environment.ProcessorCount - 1));
    private readonly Lock _gate = new();
    private readonly Dictionary<int, AheadHost> _hosts = [];
    private readonly HashSet<int> _begun = [];
    private readonly List<Task> _ends = [];
    private bool _isOver;

    /// <summary>Whether a test host can be started ahead for an assembly: xunit v3's own programs are told their tests at their start, and
    /// where a host runs them as children these never hear of a batch that begins later.</summary>
    public bool CanStart(TestAssembly assembly) =>
        assemblies.IsDirect(assembly) && assemblies.ProgramOf(assembly) is null && DirectAssemblies.StaysWarm(assembly);

    /// <summary>Whether a worker has had a test host, or can have none any more.</summary>
    public bool HasBegun(int worker)
    {
        lock (_gate)
            return _isOver || _begun.Contains(worker);
    }

    /// <summary>Starts a worker's first test host.</summary>
    /// <param name="environment">What the worker's databases will tell test processes, if all goes well.</param>
    /// <param name="first">What can be told of its first run.</param>
    public void Begin(int worker, TestAssembly assembly, ImmutableDictionary<string, string> environment, HostRun first)
    {
        lock (_gate)
        {
            if (_isOver || !_begun.Add(worker) || assemblies.CommandFor(assembly) is not { } command)
                return;
            if (AheadHost.Begin(run, _turns, command, new HostBinding(assembly, environment), first) is { } host)
                _hosts.Add(worker, host);
        }
    }

    /// <summary>A worker's test host, which is the caller's from now on; null: it has none, and gets none any more.</summary>
    public AheadHost? Take(int worker)
    {
        lock (_gate)
        {
            _begun.Add(worker);
            return _hosts.Remove(worker, out var host) ? host : null;
        }
    }

    /// <summary>Ends, beside the caller, the test hosts of workers that begin with another assembly.</summary>
    /// <param name="firstOf">The assembly that a worker begins with; null: none.</param>
    public void EndOthers(Func<int, TestAssembly?> firstOf)
    {
        lock (_gate)
        {
            foreach (var (worker, host) in _hosts.Where(host => firstOf(host.Key)?.Path != host.Value.Bound.Assembly.Path).ToArray())
            {
                _hosts.Remove(worker);
                _ends.Add(host.DisposeAsync().AsTask());
            }
        }
    }

    /// <summary>Ends a worker's test host, if it has one that nobody took.</summary>
    public async Task EndAsync(int worker)
    {
        if (Take(worker) is { } host)
            await host.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        List<Task> ends;
        lock (_gate)
        {
            _isOver = true;
            ends = [.. _ends, .. _hosts.Values.Select(host => host.DisposeAsync().AsTask())];
            _hosts.Clear();
        }

        await Task.WhenAll(ends);
    }
}
