using ConcurrentTesting.TestHook.Wire;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Engine.ClientProtocol;

namespace ConcurrentTesting.VsTest;

/// <summary>Starts the platform's test hosts itself and leaves the last one warm for further runs with the same environment.</summary>
/// <param name="processes">Those that a worker's hosts start.</param>
/// <param name="console">Runs the tests where no test host can be used.</param>
/// <param name="ahead">The first test host, which may be starting; null: none is.</param>
internal sealed class DirectTestHost(
    HostContext run, DirectAssemblies assemblies, SessionProcesses processes, HostBinding bound, int worker,
    Func<CancellationToken, Task<ITestHost>> console, AheadHost? ahead = null) : ITestHost, IAsyncDisposable
{
    private const long LargestHost = 1L << 30;

    // A host of less than this size may well hold twice as much memory as at first.
    private const long SmallHost = 256L << 20;

    // The platform's console asks the same: each result at once, and the active tests at most this often.
    private const long ResultsTogether = 1;
    private static readonly TimeSpan StatusInterval = TimeSpan.FromSeconds(1.5);

    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(2);

    private DirectHostProcess? _process;
    private AheadHost? _ahead = ahead;
    private StartTurn? _turn;
    private ImmutableDictionary<string, string> _environment = ImmutableDictionary<string, string>.Empty;
    private long _firstMemory;

    // Two askers between two batches must get the same answer.
    private bool? _isSpent;
    private int _batch;

    // The end of an idle process is kept until it was reported, because the hook's knowledge of it is needed then.
    private (IdleEnd End, int ProcessId)? _idleEnd;

    public HostBinding Bound => bound;

    public int? WarmProcess =>
        _process is { IsGood: true } process && DirectAssemblies.StaysWarm(bound.Assembly) && !IsSpent(process) ? process.Id : null;

    public bool IsTelling => _process is { IsTelling: true };

    public TimeSpan StartedBefore { get; private set; }

    /// <summary>See <see cref="ITestHosts.IdleEnd"/>.</summary>
    public IdleEnd? IdleEnd => _idleEnd?.End ?? (_process is { IsAlive: false } process ? EndOf(process) : null);

    public async Task<HostRunEnd> RunAsync(HostRun hostRun, IHostEvents events, CancellationToken cancellationToken)
    {
        try
        {
            return await RunDirectOrOnConsoleAsync(hostRun, new BegunEvents(events, EndTurn), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await EndProcessAsync();
            return new HostRunEnd("the run was ended early.");
        }
        finally
        {
            EndTurn();
        }
    }

    /// <summary>Waits for its turn where it has to start a process; it does so before its run begins, so that the wait does not count as
    /// silence of the host. One that is started already takes a turn too where one is free, because until its first test it
    /// computes.</summary>
    public async Task TakeTurnAsync(CancellationToken cancellationToken)
    {
        if (_ahead is { } started)
        {
            await started.ReadyAsync(cancellationToken);
            _turn ??= run.Starts.TryTake();
        }
        else if (WarmProcess is null)
        {
            _turn ??= await run.Starts.TakeAsync(cancellationToken);
        }
    }

    /// <summary>Ends its test process; <see cref="IdleEnd"/> tells of one that had ended before.</summary>
    public async Task LeaveProcessAsync()
    {
        // A turn that nobody took into a run would be lost to all workers.
        EndTurn();
        if (Interlocked.Exchange(ref _ahead, null) is { } unused)
            await unused.DisposeAsync();
        await ForgetProcessAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await LeaveProcessAsync();
        if (_idleEnd is { } idle)
            run.Hook.Release(idle.ProcessId);
    }

    private async Task ForgetProcessAsync()
    {
        // A process's connection breaks a moment before the process has ended.
        if (_process is { IsGood: false } broken)
            await Task.WhenAny(broken.Exited, Task.Delay(EndBound));
        if (_process is { IsAlive: false } process)
        {
            if (_idleEnd is { } earlier)
                run.Hook.Release(earlier.ProcessId);
            _idleEnd = (EndOf(process), process.Id);
            _process = null;
            await process.DisposeAsync();
        }

        await EndProcessAsync();
    }

    private async Task<HostRunEnd> RunDirectOrOnConsoleAsync(HostRun hostRun, BegunEvents events, CancellationToken cancellationToken)
    {
        try
        {
            return await RunDirectAsync(hostRun, events, cancellationToken);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ConcurrentTestException))
        {
            // A console needs none of this, whatever failed, even a platform of another version.
            run.Log.LogDebug(exception, "Worker {Worker}: no test host could be used", worker);
            await EndProcessAsync();
            assemblies.GiveUp(bound.Assembly, exception.Message);
            return events.HasBegun
                ? new HostRunEnd(exception.Message, IsConsoleGone: true)
                : await (await console(cancellationToken)).RunAsync(hostRun, events, cancellationToken);
        }
    }

    private async Task<HostRunEnd> RunDirectAsync(HostRun hostRun, IHostEvents events, CancellationToken cancellationToken)
    {
        var settings = SettingsOf(run, hostRun, bound);
        var (process, isWarm) = await ProcessForAsync(hostRun, ConsoleHabits.EnvironmentIn(settings), cancellationToken);
        _batch = hostRun.Batch;
        _isSpent = null;
        var handler = new HostRunHandler(
            bound.Assembly.Framework, events, TrxLog.Begin(run.Location, hostRun.ResultsDirectory, hostRun.TrxFileName, run.Log));
        var (request, criteria) = RequestOf(hostRun, settings);
        var operation = new HostRunOperation(request, criteria, handler);
        await Task.Run(
            () => process.OperateAsync(operation, ConsoleHabits.AdaptersBeside(assemblies.PathOf(bound.Assembly)), cancellationToken),
            CancellationToken.None);

        var end = handler.End!;
        if (end.Fault is not null)
            await EndProcessAsync();
        return end with { Coverage = null, WasWarm = isWarm };
    }

    /// <summary>What a test host is told with a run.</summary>
    public static string SettingsOf(HostContext run, HostRun hostRun, HostBinding bound) =>
        run.RunSettings.ForBatch(BatchRunSettings.Of(hostRun, bound) with
        {
            Configure = root =>
            {
                hostRun.Configure(root);
                ConsoleHabits.Apply(root);
            },
        });

    private async Task<(DirectHostProcess Process, bool IsWarm)> ProcessForAsync(
        HostRun hostRun, ImmutableDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        if (_process is { IsGood: true } warm && CanRun(hostRun, environment) && !IsSpent(warm))
        {
            run.Hook.Continue(warm.Id, hostRun.Batch);
            return (warm, true);
        }

        await ForgetProcessAsync();
        _turn?.Begin();
        _environment = Lasting(environment);
        _firstMemory = 0;
        _process = await StartedAheadAsync(hostRun, cancellationToken) ?? await StartAsync(environment, cancellationToken);
        return (_process, false);
    }

    // Returns null where no host was started ahead, or it does not fit the run, or it has ended.
    private async Task<DirectHostProcess?> StartedAheadAsync(HostRun hostRun, CancellationToken cancellationToken)
    {
        StartedBefore = TimeSpan.Zero;
        if (Interlocked.Exchange(ref _ahead, null) is not { } started)
            return null;
        if (!IsSame(Lasting(started.Environment)) || await started.TakeAsync(cancellationToken) is not { } process)
        {
            await started.DisposeAsync();
            return null;
        }

        run.Log.LogDebug(
            "Worker {Worker}: its test host {ProcessId} had been starting for {Milliseconds:0} ms", worker, process.Id,
            started.Started.TotalMilliseconds);
        StartedBefore = started.Started;
        run.Hook.Continue(process.Id, hostRun.Batch);
        return process;
    }

    private async Task<DirectHostProcess> StartAsync(
        ImmutableDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var process = await StartAsync(
            assemblies.CommandFor(bound.Assembly)!, ProcessEnvironment.For(run.Settings).SetItems(environment), cancellationToken);
        run.Hook.Remember(process.Id, process.Exited);
        return process;
    }

    private void EndTurn() => Interlocked.Exchange(ref _turn, null)?.Dispose();

    // A machine that is short of memory or processes may have more of them a moment later.
    private async Task<DirectHostProcess> StartAsync(
        TestHostCommand command, ImmutableDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        try
        {
            return await DirectHostProcess.StartAsync(command, environment, processes, run.Log, cancellationToken);
        }
        catch (HostProtocolException exception)
        {
            run.Log.LogDebug("Worker {Worker} starts its test host again: {Reason}", worker, exception.Message);
            return await DirectHostProcess.StartAsync(command, environment, processes, run.Log, cancellationToken);
        }
    }

    private bool CanRun(HostRun hostRun, ImmutableDictionary<string, string> environment) =>
        !hostRun.NeedsFreshProcess
        && DirectAssemblies.StaysWarm(bound.Assembly)
        && IsSame(Lasting(environment));

    private bool IsSame(ImmutableDictionary<string, string> environment) =>
        environment.Count == _environment.Count
        && environment.All(variable => _environment.GetValueOrDefault(variable.Key) == variable.Value);

    // A warm process learns of its batch from the engine, not from this variable.
    private static ImmutableDictionary<string, string> Lasting(ImmutableDictionary<string, string> environment) =>
        environment.Remove(HookAddress.Variable);

    /// <summary>Whether a test host that holds so much memory is replaced.</summary>
    /// <param name="first">What it held after its first batch.</param>
    internal static bool IsTooMuch(long memory, long first) =>
        memory >= LargestHost || (memory >= SmallHost && memory >= 2 * first);

    private bool IsSpent(DirectHostProcess process) => _isSpent ??= HoldsTooMuch(process);

    private bool HoldsTooMuch(DirectHostProcess process)
    {
        var memory = process.Memory;
        if (_firstMemory == 0)
            _firstMemory = memory;
        if (!IsTooMuch(memory, _firstMemory))
            return false;
        run.Log.LogDebug("Worker {Worker}: the test host {ProcessId} holds {Memory} MB and is replaced", worker, process.Id, memory >> 20);
        return true;
    }

    private IdleEnd EndOf(DirectHostProcess process) => new(
        _batch,
        FormattableString.Invariant(
            $"the test host {process.Id} of {bound.Assembly.Name} ended after it had run its tests. {process.Story}"),
        new HookedProcess(process.Id, HookedProcessRole.TestHost, IsAlive: false, EndedByItself: false) { Exit = process.Exit });

    private async Task EndProcessAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        await process.DisposeAsync();
        run.Hook.Release(process.Id);
    }

    private (string Request, object Criteria) RequestOf(HostRun hostRun, string settings)
    {
        var filter = bound.Assembly.Framework == TestFramework.NUnit ? null : hostRun.Selection?.Filter;
        var path = assemblies.PathOf(bound.Assembly);
        var context = new TestExecutionContext(
            ResultsTogether, StatusInterval, inIsolation: false, keepAlive: false, isDataCollectionEnabled: false,
            areTestCaseLevelEventsRequired: false, hasTestRun: true, isDebug: false, filter, null);
        if (hostRun.Selection is null)
        {
            var whole = PackedValues.Unpack(CasesPayload.Of(hostRun.Entries));
            return (MessageType.StartTestExecutionWithTests, new TestRunCriteriaWithTests(
                path == bound.Assembly.Path ? whole : PackedValues.At(whole, path), null, settings, context));
        }

        var sources = new Dictionary<string, IEnumerable<string>> { [Constants.UnspecifiedAdapterPath] = [path] };
        return (MessageType.StartTestExecutionWithSources, new TestRunCriteriaWithSources(sources, null, settings, context));
    }
}
