namespace ConcurrentTesting.VsTest;

/// <summary>The test hosts of one worker: assemblies go to their own program (xunit v3), to a test host of the run's own, which stays warm,
/// or to a vstest.console, as <see cref="DirectAssemblies"/> says.</summary>
/// <param name="startConsole">Tries again what is worth it.</param>
/// <param name="ahead">A test host that was started for the worker before it had databases and a batch; null: none was.</param>
internal sealed class WorkerHosts(
    HostContext run, DirectAssemblies assemblies, OutputCopies copies, int worker,
    Func<CancellationToken, Task<VsTestSession>> startConsole, AheadHost? ahead = null) : ITestHosts
{
    private readonly SessionProcesses _processes = ahead?.Processes ?? SessionProcesses.New();
    private AheadHost? _ahead = ahead;
    private VsTestSession? _console;
    private DirectTestHost? _direct;
    private XUnit3Host? _program;

    // This host's process ended while nothing ran in it. It is kept until the end was reported, because the hook's knowledge of it is
    // needed then.
    private DirectTestHost? _ended;

    public IdleEnd? IdleEnd => _ended?.IdleEnd ?? _direct?.IdleEnd;

    public async Task<ITestHost> ForAsync(HostBinding bound, CancellationToken cancellationToken)
    {
        if (assemblies.ProgramOf(bound.Assembly) is not null)
            return await ProgramAsync(bound, cancellationToken);
        return assemblies.IsDirect(bound.Assembly)
            ? await DirectAsync(bound, cancellationToken)
            : await ConsoleAsync(bound, cancellationToken);
    }

    public async Task EndProcessesAsync()
    {
        await AheadAsync(null);
        if (_direct is not { } direct)
            return;
        _direct = null;
        await direct.LeaveProcessAsync();
        if (direct.IdleEnd is null)
            return;
        if (_ended is { } earlier)
            await earlier.DisposeAsync();
        _ended = direct;
    }

    public async ValueTask DisposeAsync()
    {
        await EndProcessesAsync();
        _program?.Dispose();
        if (_ended is { } ended)
            await ended.DisposeAsync();
        _processes.Kill(null);
        if (_console is { } console)
            await console.DisposeAsync();
    }

    private async Task<ITestHost> ProgramAsync(HostBinding bound, CancellationToken cancellationToken)
    {
        await EndProcessesAsync();
        if (_program is null || !_program.Bound.IsSame(bound))
        {
            _program?.Dispose();
            _program = new XUnit3Host(run, assemblies, _processes, bound, worker, token => DirectAsync(bound, token));
        }

        await _program.TakeTurnAsync(cancellationToken);
        return _program;
    }

    private async Task<ITestHost> DirectAsync(HostBinding bound, CancellationToken cancellationToken)
    {
        var started = await AheadAsync(bound);
        if (_direct is not null && !_direct.Bound.IsSame(bound))
            await EndProcessesAsync();
        _direct ??= new DirectTestHost(run, assemblies, _processes, bound, worker, token => ConsoleAsync(bound, token), started);
        await _direct.TakeTurnAsync(cancellationToken);
        return _direct;
    }

    // A host that was started for something else is ended.
    private async Task<AheadHost?> AheadAsync(HostBinding? bound)
    {
        if (Interlocked.Exchange(ref _ahead, null) is not { } started)
            return null;
        if (bound is not null && started.Bound.IsSame(bound))
            return started;
        await started.DisposeAsync();
        return null;
    }

    private async Task<ITestHost> ConsoleAsync(HostBinding bound, CancellationToken cancellationToken)
    {
        await EndProcessesAsync();
        _console ??= await startConsole(cancellationToken);
        return new VsTestHost(_console, run.RunSettings, copies, bound, assemblies.PathOf(bound.Assembly), worker);
    }
}
