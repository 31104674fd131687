using ConcurrentTesting.Databases;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

internal delegate ITestHosts HostsOfWorker(int worker);

/// <summary>One worker: pulls batches until there are none, with one host and one database lease at a time. Both are begun when the first
/// batch needs them, and replaced when they broke or had their share of work.</summary>
internal sealed class Worker(
    int number, RunContext run, IBatchSource source, BatchRunner runner, TestDatabases databases, HostsOfWorker hostsOf)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    // The set-ups that ran in the worker's databases, and the test process that ran each, where that process stayed warm.
    private readonly Dictionary<NeededSetUp, int?> _setUp = [];
    private ITestHosts? _hosts;
    private ITestHost? _host;
    private DatabaseLease? _lease;
    private TestAssembly? _assembly;

    // Tests are counted where operations are not measured.
    private long _operationsSinceRecycle;
    private bool _isUsed;

    // What a test process left that was ended in the middle of its work.
    private bool _isHalfDone;
    private bool _metFullServer;
    private int _recycles;
    private int _resets;
    private readonly WorkerDeadline _deadline = new(run.Time, run.Settings.WorkerTimeout);
    private long _started;
    private DateTimeOffset _startedAt;
    private TimeSpan? _firstTest;
    private TimeSpan _busy;
    private TimeSpan _cloning;
    private TimeSpan _starting;
    private int _batches;
    private int _tests;

    /// <summary>The shared set-ups that tests need, as far as they are known by now.</summary>
    public required Func<IReadOnlyDictionary<TestEntry, ImmutableArray<NeededSetUp>>> SetUps { private get; init; }

    /// <summary>Ends the test host that was started ahead for the worker, if nobody took it.</summary>
    public Func<int, Task> EndAhead { private get; init; } = _ => Task.CompletedTask;

    /// <summary>Works until the queue ends. A worker that cannot get a host or a database leaves its work to the others.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        _startedAt = run.Time.GetUtcNow();
        try
        {
            while (await TakeAsync(cancellationToken) is { } batch)
            {
                var isFirst = _started == 0;
                Begin();
                if (isFirst)
                    await Task.Yield();
                await RunAsync(batch, cancellationToken);
                if (_metFullServer && source.TryLeave(number))
                    throw new InvalidOperationException("the database server takes no more connections.");
                if (_deadline.Fault is { } overdue)
                    throw new TimeoutException(overdue);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            run.Log.LogDebug("Worker {Worker} was cancelled", number);
        }
        catch (Exception exception)
        {
            Retire(exception);
        }
        finally
        {
            source.Leave(number);
            await ReleaseAsync();
            run.Recorder.Add(new WorkerEnded(ToRecord()) { At = run.Recorder.Now });
        }
    }

    private void Begin()
    {
        if (_started == 0)
            (_started, _startedAt) = (run.Time.GetTimestamp(), run.Time.GetUtcNow());
    }

    private void Retire(Exception exception)
    {
        run.Recorder.Report(
            IncidentKinds.WorkerRetired, $"The worker is retired, and its work goes to those that are left: {exception.Message}", number);
        run.Log.LogDebug(exception, "Worker {Worker} is retired", number);
        if (_batches == 0)
            source.BeginNoMore($"worker {number} could not begin: {exception.Message}");
    }

    private WorkerRecord ToRecord() => new(
        number, _startedAt, _started == 0 ? TimeSpan.Zero : run.Time.GetElapsedTime(_started), _busy, _batches, _tests)
    {
        NotStarted = _started == 0 ? source.ReasonNotToBegin(number) ?? WorkerRecord.NothingLeft : null,
        FirstTest = _firstTest,
        Recycles = _recycles,
        Resets = _resets,
        Cloning = _cloning,
        Starting = _starting,
    };

    // A worker that waits holds no databases and no host, because others may need the connections and the memory.
    private async Task<Batch?> TakeAsync(CancellationToken cancellationToken)
    {
        var taking = source.TakeAsync(number, cancellationToken).AsTask();
        try
        {
            if (!await IsSoonAsync(taking))
            {
                await EndAhead(number);
                await EndProcessesAsync();
            }
        }
        catch (Exception exception)
        {
            run.Log.LogDebug(exception, "Worker {Worker}: its test process could not be ended", number);
        }

        return await taking;
    }

    // The next batch may be for the same host, so the worker waits a moment for it before it ends the host.
    private async Task<bool> IsSoonAsync(Task taking)
    {
        if (!taking.IsCompleted && source.Latency > TimeSpan.Zero)
            await Task.WhenAny(taking, Task.Delay(source.Latency, run.Time));
        if (!taking.IsCompleted && !source.Planned.IsCompleted)
        {
            await Task.WhenAny(taking, source.Planned);
            await Task.WhenAny(taking, Task.Delay(Moment, run.Time));
        }

        return taking.IsCompleted;
    }

    private async Task RunAsync(Batch batch, CancellationToken cancellationToken)
    {
        RanBatch? ran = null;
        try
        {
            var (host, lease) = await PrepareAsync(batch, cancellationToken);
            var begun = run.Time.GetTimestamp();
            _isUsed = true;
            _assembly = batch.Assembly;
            RememberSetUps(batch, null);
            ran = await runner.RunAsync(batch, number, host, lease, _deadline, TellStart, cancellationToken);
            RememberSetUps(batch, host.WarmProcess);
            _metFullServer = ran.MetFullServer;
            _isHalfDone |= ran.WasCutOff;
            _busy += run.Time.GetElapsedTime(begun);
            _batches++;
            _tests += batch.CaseCount;
            _operationsSinceRecycle += ran.Operations ?? batch.CaseCount;
            if (ran.MetFullServer)
                source.BeginNoMore("the database server takes no more connections");
            if (!ran.HostIsGood)
                await EndHostsAsync();
            await KeepAsync(ran.Verdict, lease, cancellationToken);
        }
        finally
        {
            await source.CompleteAsync(batch, number, ran?.Verdict);
            run.Recorder.Add(new WorkerIdle(number) { At = run.Recorder.Now });
        }
    }

    private void TellStart()
    {
        if (_firstTest is not null)
            return;
        // A start's cost is all of it, also the part before this worker had the host.
        _firstTest = run.Time.GetElapsedTime(_started) + (_host?.StartedBefore ?? TimeSpan.Zero);
        source.Started(number, _firstTest.Value);
    }

    private async Task<(ITestHost Host, DatabaseLease Lease)> PrepareAsync(Batch batch, CancellationToken cancellationToken)
    {
        if (batch.Delay > TimeSpan.Zero)
            await Task.Delay(batch.Delay, run.Time, cancellationToken);
        if (_hosts?.IdleEnd is not null)
            await EndHostsAsync();
        var begun = run.Time.GetTimestamp();
        await RefreshAsync(batch, cancellationToken);
        var refreshing = run.Time.GetElapsedTime(begun);
        _cloning += refreshing;
        if (IsSetUpBefore(batch))
            await EndProcessesAsync();
        begun = run.Time.GetTimestamp();
        // The databases themselves retry whatever may pass on another attempt.
        _lease ??= await databases.LeaseAsync(number, cancellationToken);
        var leased = run.Time.GetTimestamp();
        _hosts ??= hostsOf(number);
        _host = await _hosts.ForAsync(new HostBinding(batch.Assembly, _lease.Environment), cancellationToken);
        _cloning += run.Time.GetElapsedTime(begun, leased);
        _starting += run.Time.GetElapsedTime(leased);
        run.Recorder.Add(new LeaseTaken(number, _lease.Database, run.Time.GetElapsedTime(begun).TotalSeconds)
        {
            At = run.Recorder.Now,
            HostSeconds = run.Time.GetElapsedTime(leased).TotalSeconds,
            ResetSeconds = refreshing.TotalSeconds,
        });
        run.Log.LogDebug(
            "Worker {Worker} takes {Tests} of {Assembly} ({Reason}, {Seconds:0.0} s expected)", number,
            Quantity.Of(batch.CaseCount, "test"), batch.Assembly.Source, batch.Reason, batch.Seconds);
        return (_host, _lease);
    }

    private bool IsDueForRecycling => run.Settings.MaxOperations > 0 && _operationsSinceRecycle >= run.Settings.MaxOperations;

    /// <summary>Replaces, before a batch, the session and the databases that had their share of work, and the databases where each batch or
    /// class, or a rerun, is to have its own.</summary>
    private async Task RefreshAsync(Batch batch, CancellationToken cancellationToken)
    {
        if (_lease is not { } lease || !_isUsed)
            return;
        if (IsDueForRecycling)
        {
            run.Log.LogDebug("Worker {Worker} is recycled after {Count} database operations", number, _operationsSinceRecycle);
            await EndHostsAsync();
            _recycles++;
            _operationsSinceRecycle = 0;
        }
        else if (!databases.IsHealthy(lease))
        {
            run.Recorder.Report(IncidentKinds.DatabaseReplaced, $"The database {lease.Database} does not answer and is replaced.", number);
        }
        else if (run.Settings.Reset != DatabaseReset.Never
            || batch.Reason is BatchReasons.Rerun or BatchReasons.Retry or BatchReasons.Repeat
            || IsFromTheStart(batch)
            || await IsSpentAsync(batch, lease, cancellationToken))
        {
            _resets++;
        }
        else
        {
            return;
        }

        await EndProcessesAsync();
        GoOnWith(await databases.RenewAsync(lease, cancellationToken));
    }

    private void GoOnWith(DatabaseLease fresh)
    {
        _lease = fresh;
        _isUsed = _isHalfDone = false;
        _setUp.Clear();
    }

    // Tests that need each other run again from the first of them on, and may find what they have left.
    private static bool IsFromTheStart(Batch batch) =>
        batch.Reason is BatchReasons.Alone or BatchReasons.Requeue or BatchReasons.ByName
        && batch.Entries.Any(entry => entry.Need is not null);

    // A test that was cut off leaves rows that no other expects, and its sessions may hold locks until the server notices its end. An
    // assembly whose tests make their databases themselves (EF Core's EnsureDeleted and EnsureCreated) leaves nothing of the template to
    // the next assembly, which may need it.
    private async Task<bool> IsSpentAsync(Batch batch, DatabaseLease lease, CancellationToken cancellationToken) =>
        (_isHalfDone && lease.Database is not null) || databases.IsDroppedByTests(lease) || IsSetUpAgain(batch, lease)
        || (batch.Assembly != _assembly && await databases.IsChangedByTestsAsync(lease, cancellationToken));

    // A set-up that creates or fills its schema runs once in a serial run, and may fail where it finds the schema already.
    private bool IsSetUpAgain(Batch batch, DatabaseLease lease) => lease.Database is not null && IsSetUpBefore(batch);

    // A set-up without a fixture is one of static members, which happens once in a process, however many batches run in it.
    private bool IsSetUpBefore(Batch batch)
    {
        var warm = !batch.NeedsFreshProcess && _host is { } host && host.Bound.Assembly == batch.Assembly ? host.WarmProcess : null;
        return SetUpsOf(batch).Any(setUp => _setUp.TryGetValue(setUp, out var process) && !(setUp.IsOnceInProcess && IsStill(process)));

        bool IsStill(int? process) => process is not null && process == warm;
    }

    private void RememberSetUps(Batch batch, int? process)
    {
        foreach (var setUp in SetUpsOf(batch))
            _setUp[setUp] = process;
    }

    private IEnumerable<NeededSetUp> SetUpsOf(Batch batch) =>
        batch.Entries.SelectMany(entry => SetUps().GetValueOrDefault(entry, [])).Distinct();

    private async Task KeepAsync(BatchVerdict verdict, DatabaseLease lease, CancellationToken cancellationToken)
    {
        if (!run.Settings.KeepFailed || verdict.Failed.FirstOrDefault() is not { } test)
            return;
        await EndProcessesAsync();
        GoOnWith(await databases.KeepAsync(lease, test.DisplayName, cancellationToken));
    }

    // The test processes hold connections to databases that are about to go, or static state that was set up for these databases.
    private async Task EndProcessesAsync()
    {
        if (_hosts is { } hosts)
            await hosts.EndProcessesAsync();
    }

    private async Task EndHostsAsync()
    {
        if (_hosts is not { } hosts)
            return;
        (_hosts, _host) = (null, null);
        await hosts.EndProcessesAsync();
        if (hosts.IdleEnd is { } ended)
            await runner.RecordIdleEndAsync(ended, number);
        await hosts.DisposeAsync();
    }

    private async Task ReleaseAsync()
    {
        try
        {
            await EndAhead(number);
            await EndHostsAsync();
            if (_lease is { } lease)
                await databases.ReleaseAsync(lease, CancellationToken.None);
        }
        catch (Exception exception)
        {
            run.Recorder.Report(
                IncidentKinds.ReleaseFailed, $"The worker's databases and test host could not be released: {exception.Message}", number);
        }
    }
}
