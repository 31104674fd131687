using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.VsTest;

/// <summary>A test host that starts while its worker has neither databases nor a batch. It loads the platform and the adapters, and nothing
/// of the user's, until it is taken and asked for a run; whoever has no use for it disposes of it.</summary>
internal sealed class AheadHost : IAsyncDisposable
{
    private static readonly TimeSpan LongestRehearsal = TimeSpan.FromSeconds(30);

    private const string StartupHooksVariable = "DOTNET_STARTUP_HOOKS";

    private readonly HostContext _run;
    private readonly StartTurns _turns;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _wanted;
    private readonly Task<DirectHostProcess?> _starting;
    private long _begun;

    // The time when the host was ready, or when its worker began to wait for it; it is 0 before.
    private long _ready;
    private int _isOver;

    private AheadHost(
        HostContext run, StartTurns turns, TestHostCommand command, HostBinding bound, ImmutableDictionary<string, string> environment)
    {
        (_run, _turns, Bound, Environment) = (run, turns, bound, environment);
        _wanted = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        _starting = Task.Run(() => StartAsync(command));
    }

    /// <summary>What it was started for, as far as that could be foreseen.</summary>
    public HostBinding Bound { get; }

    /// <summary>The variables that it was started with, beside those of every test process.</summary>
    public ImmutableDictionary<string, string> Environment { get; }

    /// <summary>It and what its tests will start.</summary>
    public SessionProcesses Processes { get; } = SessionProcesses.New();

    /// <summary>Completes when it has started or failed to, which its worker waits for from now on.</summary>
    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        Stop();
        await _wanted.CancelAsync();
        await _starting.WaitAsync(cancellationToken);
    }

    /// <summary>How long it had been starting while nobody waited for it.</summary>
    public TimeSpan Started
    {
        get
        {
            var (begun, ready) = (Interlocked.Read(ref _begun), Interlocked.Read(ref _ready));
            return begun != 0 && ready > begun ? _run.Time.GetElapsedTime(begun, ready) : TimeSpan.Zero;
        }
    }

    /// <summary>Starts a test host, unless code of the user's would run in it at once, or it would not end with this process.</summary>
    /// <param name="turns">How many start ahead at a time.</param>
    /// <param name="first">What can be told of its first run.</param>
    /// <returns>Null where none is started.</returns>
    public static AheadHost? Begin(HostContext run, StartTurns turns, TestHostCommand command, HostBinding bound, HostRun first)
    {
        var environment = ConsoleHabits.EnvironmentIn(DirectTestHost.SettingsOf(run, first, bound));
        return environment.ContainsKey(HookAddress.Variable)
            && environment.GetValueOrDefault(StartupHooksVariable)?.Contains(Path.PathSeparator, StringComparison.Ordinal) is false
                ? new AheadHost(run, turns, command, bound, environment)
                : null;
    }

    /// <summary>It is the caller's from now on.</summary>
    /// <returns>Null where it did not start, or has ended, or is somebody's already.</returns>
    public async Task<DirectHostProcess?> TakeAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
            return null;
        Stop();
        await using var cancelling = cancellationToken.Register(_ending.Cancel);
        if (await _starting is not { } process)
            return null;
        if (process.IsGood && !cancellationToken.IsCancellationRequested)
            return process;
        await EndAsync(process);
        cancellationToken.ThrowIfCancellationRequested();
        return null;
    }

    /// <summary>Ends it unless it was taken.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            await _ending.CancelAsync();
            if (await _starting is { } process)
                await EndAsync(process);
        }

        await _starting;
        _wanted.Dispose();
        _ending.Dispose();
    }

    private async Task<DirectHostProcess?> StartAsync(TestHostCommand command)
    {
        try
        {
            using var ahead = await TurnAsync();
            using var turn = await _run.Starts.TakeAsync(_ending.Token);
            ahead?.Begin();
            turn.Begin();
            Interlocked.Exchange(ref _begun, _run.Time.GetTimestamp());
            var process = await DirectHostProcess.StartAsync(
                command, ProcessEnvironment.For(_run.Settings).SetItems(Environment), Processes, _run.Log, _ending.Token);
            _run.Hook.Remember(process.Id, process.Exited);
            return await RehearsedAsync(process);
        }
        catch (Exception exception)
        {
            // The host's worker starts one itself, and reports why that fails.
            _run.Log.LogDebug("No test host of {Assembly} was started ahead: {Reason}", Bound.Assembly.Source, exception.Message);
            return null;
        }
        finally
        {
            Stop();
        }
    }

    private void Stop() => Interlocked.CompareExchange(ref _ready, _run.Time.GetTimestamp(), 0);

    // Returns null where the host's worker waits for it.
    private async Task<StartTurn?> TurnAsync()
    {
        try
        {
            return await _turns.TakeAsync(_wanted.Token);
        }
        catch (OperationCanceledException) when (!_ending.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<DirectHostProcess> RehearsedAsync(DirectHostProcess process)
    {
        try
        {
            using var bounded = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
            bounded.CancelAfter(LongestRehearsal);
            var rehearsal = Rehearsal.Of(Bound.Assembly, _run.RunSettings.ForDiscovery(seed: 0, Bound.Assembly));
            await process.OperateAsync(rehearsal, ConsoleHabits.AdaptersBeside(Bound.Assembly.Path), bounded.Token);
            return process;
        }
        catch
        {
            await EndAsync(process);
            throw;
        }
    }

    private async Task EndAsync(DirectHostProcess process)
    {
        await process.DisposeAsync();
        _run.Hook.Release(process.Id);
    }
}
