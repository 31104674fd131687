namespace ConcurrentTesting.VsTest;

/// <summary>
/// The test hosts of one worker: assemblies go to a test host of the run's own, which is kept, or to a vstest.console, as
/// <see cref="DirectAssemblies"/> says.
/// </summary>
/// <param name="startConsole">Tries again what is worth it.</param>
internal sealed class WorkerHosts(
    HostContext run, DirectAssemblies assemblies, OutputCopies copies, int worker,
    Func<CancellationToken, Task<VsTestSession>> startConsole) : ITestHosts
{
    private readonly SessionProcesses _processes = new(Guid.NewGuid().ToString("N"));
    private VsTestSession? _console;
    private DirectTestHost? _direct;

    // Its process had ended when nothing ran in it; what the hook knows of that is kept until it was told.
    private DirectTestHost? _ended;

    public IdleEnd? IdleEnd => _ended?.IdleEnd ?? _direct?.IdleEnd;

    public async Task<ITestHost> ForAsync(HostBinding bound, CancellationToken cancellationToken)
    {
        if (_direct is null || !_direct.Bound.IsSame(bound) || !assemblies.IsDirect(bound.Assembly))
            await EndProcessesAsync();
        if (!assemblies.IsDirect(bound.Assembly))
            return await ConsoleAsync(bound, cancellationToken);
        _direct ??= new DirectTestHost(run, assemblies, _processes, bound, worker, token => ConsoleAsync(bound, token));
        await _direct.TakeTurnAsync(cancellationToken);
        return _direct;
    }

    public async Task EndProcessesAsync()
    {
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
        if (_ended is { } ended)
            await ended.DisposeAsync();
        _processes.Kill(null);
        if (_console is { } console)
            await console.DisposeAsync();
    }

    private async Task<ITestHost> ConsoleAsync(HostBinding bound, CancellationToken cancellationToken)
    {
        _console ??= await startConsole(cancellationToken);
        return new VsTestHost(_console, run.RunSettings, copies, bound, worker);
    }
}
