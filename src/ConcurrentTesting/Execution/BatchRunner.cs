using System.Collections.Concurrent;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.TestHook.Wire;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

/// <summary>Runs one batch on a host, watches it, records it, and says what has to run again.</summary>
internal sealed class BatchRunner(RunContext run, IBatchSource source, AskedTests asked)
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(200);

    // A host that still explores its tests has not hung, but it must not explore for ever.
    private const int PatienceWithExploring = 10;

    // The parent of a process learns of its end at once, and reports it a moment later.
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(5);

    // A run is found by its number, because a host may report later how its process ended.
    private readonly ConcurrentDictionary<int, (Batch Batch, string? Database)> _ran = new();

    /// <summary>What can be told of a worker's first run before its batch is known: all that its test process is started with.</summary>
    public static HostRun Foreseen(RunContext run, int worker, TestAssembly assembly)
    {
        var results = ResultsOf(run, worker);
        return HostRunOf(run, worker, HookAddress.NotYet, results, DeclarationIn(results), assembly);
    }

    /// <param name="firstTest">Hears when the batch's first test begins.</param>
    public async Task<RanBatch> RunAsync(
        Batch batch, int worker, ITestHost host, DatabaseLease lease, WorkerDeadline deadline, Action firstTest,
        CancellationToken cancellationToken)
    {
        var number = run.Recorder.NextBatchNumber();
        _ran[number] = (batch, lease.Database);
        var results = ResultsOf(run, worker);
        Directory.CreateDirectory(results);
        var declaration = Declaration(results);
        var progress = new BatchProgress(run, batch, worker, number, lease.Database, asked, declaration, firstTest);
        var hostRun = HostRunOf(batch, worker, number, results, declaration);
        var processes = new TestProcessWatch(run, batch.Assembly, number);
        var startedAt = run.Time.GetUtcNow();
        var started = run.Time.GetTimestamp();
        run.Recorder.Add(
            new BatchStarted(number, worker, batch.Assembly, batch.Reason, lease.Database, batch.CaseCount) { At = startedAt },
            batch.Assembly);

        var watched = await WatchAsync(host, hostRun, progress, processes, deadline, batch.Lease, cancellationToken);
        var besideTests = processes.Begun is { } begun && !watched.WasWarm ? progress.BesideTests(begun, run.Time.GetTimestamp()) : null;
        var hadTestProcess = !run.Hook.ProcessIds(number).IsEmpty;
        var figures = await MeasureAsync(batch, number);

        var end = progress.End(
            watched.Fault, watched.TimedOut) with
        {
            HadTestProcess = hadTestProcess,
            IsConsoleGone = watched.IsConsoleGone,
            OwnEnd = watched.OwnEnd?.How,
            IsEndForgiven = IsForgiven(watched),
        };
        var ran = new BatchRecord
        {
            Number = number,
            Worker = worker,
            Assembly = batch.Assembly,
            StartedAt = startedAt,
            Duration = run.Time.GetElapsedTime(started),
            Tests = progress.Results,
            Reason = batch.Reason,
            Database = lease.Database,
            TrxFile = Existing(Path.Combine(hostRun.ResultsDirectory, hostRun.TrxFileName)),
            Error = watched.Fault,
            Coverage = watched.Coverage,
            BesideTests = besideTests,
            Figures = figures?.Total,
            Fixtures = figures?.Outside.Fixtures,
            Opened = figures?.Opened,
            Computed = processes.Computed,
        };
        run.Recorder.Add(new BatchEnded(ran) { At = run.Recorder.Now }, batch.Assembly);
        var wasCutOff = IsCutOff(end, progress);
        if (EndsEarly(batch, end, number, lease.Database, cancellationToken))
        {
            KeepDeclaration(declaration, number);
            return new RanBatch(new BatchVerdict([], []), HostIsGood: false, null) { WasCutOff = wasCutOff };
        }

        var verdict = Conclude(end, watched, progress, number, lease.Database);
        KeepDeclaration(declaration, number);
        return new RanBatch(
            verdict, end is { Fault: null, IsDeclared: false }, figures?.Total.Operations)
        {
            MetFullServer = progress.MetFullServer,
            WasCutOff = wasCutOff,
        };
    }

    /// <summary>Records that a test process ended after its batch had run, as its host reports it.</summary>
    public async Task RecordIdleEndAsync(IdleEnd end, int worker)
    {
        var known = await run.Hook.EndsAsync(end.Batch, EndBound, CancellationToken.None);
        var own = OwnEnd.Of(known.IsEmpty ? [end.Process] : known, end.Fault);
        var declaration = DeclarationIn(ResultsOf(run, worker));
        if (own is null || File.Exists(declaration) || InfrastructureFault.CauseOf(own.Exception, run.Settings.Database) is not null)
            run.Recorder.Report(IncidentKinds.SessionDied, $"{LastWords.Sentence(end.Fault)} Nothing ran in it.", worker);
        else
            new OutsideRecorder(run, _ran[end.Batch].Batch, worker, _ran[end.Batch].Database, asked).RecordIdleEnd(own);
        KeepDeclaration(declaration, end.Batch);
    }

    private static bool IsCutOff(BatchEnd end, BatchProgress progress) =>
        end.Fault is not null && (end.HadTestProcess || progress.HasBegun);

    private bool IsForgiven(WatchedEnd watched) =>
        InfrastructureFault.CauseOf(watched.OwnEnd?.Exception, run.Settings.Database) is not null;

    // A worker's batches all declare in one file, because a warm test process knows only that name. When a batch is over, its file is
    // renamed by the batch's number.
    private static string Declaration(string results)
    {
        var path = DeclarationIn(results);
        File.Delete(path);
        return path;
    }

    private static string DeclarationIn(string results) => Path.Combine(results, "declared.infrastructure");

    private static void KeepDeclaration(string declaration, int number)
    {
        if (File.Exists(declaration))
        {
            File.Move(declaration, Path.Combine(
                Path.GetDirectoryName(declaration)!, string.Create(CultureInfo.InvariantCulture, $"batch-{number:0000}.infrastructure")),
                    overwrite: true);
        }
    }

    /// <summary>Nothing follows from the end of a batch that is cancelled, or is another machine's now or soon.</summary>
    private bool EndsEarly(Batch batch, BatchEnd end, int number, string? database, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            SettleInterrupted(end, number, database);
            return true;
        }

        return batch.Lease is { IsTaken: true } or { IsDropped: true };
    }

    /// <summary>What follows from a batch's end, recorded.</summary>
    private BatchVerdict Conclude(BatchEnd end, WatchedEnd watched, BatchProgress progress, int number, string? database)
    {
        progress.ReportInfrastructure();
        var outside = new OutsideRecorder(run, end.Batch, end.Worker, database, asked);
        var errors = progress.Errors;
        var verdict = source.Judge(end with { OfFailedCleanUps = outside.ToRetry(errors) });
        foreach (var settled in verdict.Settled)
            Record(settled, end, number, database);
        Supersede(end, verdict, number);
        outside.RecordErrors(errors, verdict, end);
        outside.RecordRows(progress.ForeignRows, verdict);
        outside.RecordEnd(watched, end, [.. verdict.Open, .. verdict.Settled.Select(settled => settled.Entry)]);
        AnnounceFinalFailures(end, verdict, number);
        if (verdict.RerunsUsedUp is { } bound)
            run.Recorder.ReportRerunsUsedUp(bound);

        if (end.Fault is { } fault)
            run.Recorder.Report(IncidentKinds.SessionDied, $"{LastWords.Sentence(fault)} {Consequence(verdict)}", end.Worker);
        else
            TellWhatIsMissing(verdict, progress, end.Worker);
        return verdict;
    }

    // A test that is still open has another attempt before it, so its rows stay, as do those of a test that is asked by name for the rest.
    private void Supersede(BatchEnd end, BatchVerdict verdict, int number)
    {
        var again = end.Batch.Reason == BatchReasons.ByName ? end.Batch.Companions : end.Batch.Entries;
        foreach (var entry in again.Except(verdict.Open))
            run.Recorder.Supersede(entry, number);
    }

    private static void TellBegin(BatchLease? lease, BatchProgress progress)
    {
        if (progress.HasBegun)
            lease?.Begin();
    }

    private async Task<WatchedEnd> WatchAsync(
        ITestHost host, HostRun hostRun, BatchProgress progress, TestProcessWatch processes, WorkerDeadline deadline, BatchLease? lease,
        CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = host.RunAsync(hostRun, progress, ending.Token);
        var timedOut = new HashSet<TestEntry>();
        WatchedEnd? ended = null;
        using var timer = new PeriodicTimer(WatchInterval, run.Time);
        var tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
        while (await Task.WhenAny(running, tick) != running)
        {
            tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
            processes.Look(progress.HasBegun);
            TellBegin(lease, progress);
            if (ended is not null || host.IsTelling)
                continue;
            ended = WhyEnded(progress, processes, deadline, lease, timedOut);
            if (ended is not null)
                await ending.CancelAsync();
        }

        var end = await EndOfAsync(running, progress);
        processes.Look(progress.HasBegun);
        return (ended ?? await EndOfHostAsync(
            end, progress.Number, timedOut, cancellationToken)) with
        { Coverage = end.Coverage, WasWarm = end.WasWarm };
    }

    // What the host has told counts: if all of its tests ran elsewhere, a failure among them would be replaced.
    private static async Task<HostRunEnd> EndOfAsync(Task<HostRunEnd> running, BatchProgress progress)
    {
        try
        {
            return await running;
        }
        catch (Exception exception) when (exception is not OperationCanceledException && progress.Results > 0)
        {
            return new HostRunEnd(exception.Message, IsConsoleGone: true);
        }
    }

    private WatchedEnd? WhyEnded(
        BatchProgress progress, TestProcessWatch processes, WorkerDeadline deadline, BatchLease? lease, HashSet<TestEntry> timedOut) =>
        lease is { IsTaken: true } ? new WatchedEnd("another machine has its tests now", timedOut)
            : lease?.DropWhenLate() == true ? new WatchedEnd("another machine may begin its tests soon", timedOut)
            : Overdue(progress, timedOut) is { } overdue
                ? new WatchedEnd(overdue, timedOut) { IsSilent = timedOut.Count == 0 && !processes.AreStopped }
            : processes.Fault(progress.Silence, progress.HasBegun) is { } dead
                ? new WatchedEnd(dead, timedOut) { OwnEnd = processes.OwnEnd }
            : deadline.Fault is { } late ? new WatchedEnd(late, timedOut)
            : null;

    private async Task<WatchedEnd> EndOfHostAsync(
        HostRunEnd end, int number, IReadOnlySet<TestEntry> timedOut, CancellationToken cancellationToken)
    {
        var isDead = end is { Fault: not null, IsConsoleGone: false } && !cancellationToken.IsCancellationRequested;
        return new WatchedEnd(end.Fault, timedOut)
        {
            IsConsoleGone = end.IsConsoleGone,
            OwnEnd = isDead ? OwnEnd.Of(await run.Hook.EndsAsync(number, EndBound, CancellationToken.None), end.Fault!) : null,
        };
    }

    private string? Overdue(BatchProgress progress, HashSet<TestEntry> timedOut)
    {
        var limit = run.Settings.TestTimeout;
        timedOut.UnionWith(progress.RunningLongerThan(limit));
        if (progress.Silence > limit && progress.Unclosed is { } rows && run.Hook.IsRunning(progress.Number, rows.Id))
            timedOut.Add(rows);
        if (timedOut.Count > 0)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{timedOut.First().DisplayName} ran longer than {timedOut.First().Within(limit).TotalSeconds:0.###} s (--test-timeout); its test host was ended.");
        }

        return Silent(progress, progress.Patience(limit));
    }

    private static string? Silent(BatchProgress progress, TimeSpan limit)
    {
        if (progress.IsExploring)
        {
            limit *= PatienceWithExploring;
            return progress.Silence <= limit ? null : string.Create(
                CultureInfo.InvariantCulture,
                $"the test host said nothing for {limit.TotalSeconds:0.###} s while it explored its assembly ({PatienceWithExploring} times --test-timeout) and was ended.");
        }

        return progress.Silence <= limit ? null : string.Create(
            CultureInfo.InvariantCulture, $"the test host said nothing for {limit.TotalSeconds:0.###} s (--test-timeout) and was ended.");
    }

    private async Task<BatchFigures?> MeasureAsync(Batch batch, int number)
    {
        var figures = await run.Hook.CollectAsync(number, CancellationToken.None);
        run.Recorder.Measure(number, batch.Entries, figures);
        foreach (var reason in figures.NotMeasured)
            run.Log.LogDebug("Batch {Batch} is not measured: {Reason}", number, reason);
        return figures.Total == TestFigures.NotMeasured ? null : figures;
    }

    private void AnnounceFinalFailures(BatchEnd end, BatchVerdict verdict, int number)
    {
        var announced = end.Failed.Where(
            entry => (run.Settings.Reruns == 0 || asked.IsRepeated(entry)) && !end.Infrastructure.Contains(entry));
        var again = verdict.RunsAgain.Concat(announced).ToHashSet();
        foreach (var entry in end.Failed.Where(entry => !again.Contains(entry)))
        {
            for (var failures = run.Recorder.SettleFailures(entry, number); failures > 0; failures--)
                run.Stop.CountFailure();
        }
    }

    private static string ResultsOf(RunContext run, int worker) =>
        Path.Combine(run.Settings.ResultsDirectory, ArtifactNames.Worker(worker));

    private HostRun HostRunOf(Batch batch, int worker, int number, string results, string declaration) =>
        HostRunOf(run, worker, number, results, declaration, batch.Assembly) with
        {
            NeedsFreshProcess = batch.NeedsFreshProcess,
            Entries = [.. batch.Entries],
            Selection = batch.Reason == BatchReasons.ByName ? NameSelection.Of(batch.Entries) : null,
        };

    private static HostRun HostRunOf(
        RunContext run, int worker, int number, string results, string declaration, TestAssembly assembly) => new()
        {
            Batch = number,
            Entries = [],
            Environment = ImmutableDictionary<string, string>.Empty.Add(InfrastructureFault.FileVariable, declaration),
            Configure = root => run.Hook.Configure(root, worker, number, assembly),
            ResultsDirectory = results,
            TrxFileName = string.Create(CultureInfo.InvariantCulture, $"batch-{number:0000}.trx"),
            Seed = run.Seed,
        };

    private void Record(SettledTest settled, BatchEnd end, int number, string? database)
    {
        var entry = settled.Entry;
        var rows = end.Rows.GetValueOrDefault(entry);
        var attempt = AttemptOfMissing(settled.Outcome, end.Worker, number, database) with
        {
            StartedAt = BeginOf(entry, end),
            Round = asked.RoundOf(entry, end.Batch.Round),
            Duration = settled.Outcome == TestOutcome.TimedOut ? entry.Within(run.Settings.TestTimeout) : TimeSpan.Zero,
            Cause = settled.Outcome == TestOutcome.Failed ? AttemptCauses.Crashed : null,
            Message = settled.Outcome == TestOutcome.TimedOut ? TimedOutAfter(entry, rows) : settled.Message,
        };
        for (var missing = MissingOf(entry, rows); missing > 0; missing--)
        {
            // A muted failure is no failure.
            if (run.Recorder.SettleMissing(entry, attempt) is not (TestOutcome.Passed or TestOutcome.Skipped))
                run.Stop.CountFailure();
        }
    }

    private DateTimeOffset BeginOf(TestEntry entry, BatchEnd end) =>
        end.Began.TryGetValue(entry, out var began) ? began : run.Time.GetUtcNow();

    // Tests that have not begun are settled at the run's end.
    private void SettleInterrupted(BatchEnd end, int number, string? database)
    {
        var outcome = run.Stop.Fault is null ? TestOutcome.Skipped : TestOutcome.Error;
        var open = end.Rows.Where(seen => seen.Value < seen.Key.CaseCount || end.Unclosed.Contains(seen.Key)).Select(seen => seen.Key);

        // An unfinished try takes nothing back of what an earlier one told.
        var begun = end.Began.Keys.Where(entry => run.Recorder.RowCount(entry) == 0);
        foreach (var entry in open.Concat(begun).Where(entry => !HasRunAnotherTime(entry, end.Batch.Round)).ToList())
        {
            var rows = end.Rows.GetValueOrDefault(entry);
            var attempt = AttemptOfMissing(
                outcome, end.Worker, number, database) with
            {
                Round = asked.RoundOf(entry, end.Batch.Round),
                StartedAt = BeginOf(entry, end),
                Cause = AttemptCauses.Unfinished,
                Message = $"{run.Stop.ReasonOfBegun}{(rows == 0 ? "" : $" {Quantity.Of(rows, "row")} of this test had run.")}",
            };
            for (var missing = MissingOf(entry, rows); missing > 0; missing--)
                run.Recorder.SettleMissing(entry, attempt, isQuiet: true);
        }
    }

    // A run that stops in the middle of one time of a test leaves the test's other times as they are.
    private bool HasRunAnotherTime(TestEntry entry, int? round) =>
        asked.IsRepeated(entry) && run.Recorder.RowsSoFar(entry) is var known && known.Length >= entry.CaseCount
        && known.Any(row => row.Attempts.Any(attempt => attempt.Round != asked.RoundOf(entry, round)));

    // A test that was left open lacks at least one row, whatever number of rows is known.
    private static int MissingOf(TestEntry entry, int rows) => Math.Max(1, entry.CaseCount - rows);

    private TestAttempt AttemptOfMissing(TestOutcome outcome, int worker, int batch, string? database) => new()
    {
        Outcome = outcome,
        Worker = worker,
        Batch = batch,
        Number = 1,
        Database = database,
        StartedAt = run.Time.GetUtcNow(),
    };

    private string TimedOutAfter(TestEntry entry, int rows) => string.Create(
        CultureInfo.InvariantCulture,
        $"The test ran longer than {entry.Within(run.Settings.TestTimeout).TotalSeconds:0.###} s (--test-timeout) and was ended with its process.{(entry.HasKnownRows || rows == 0 ? "" : $"\n{Quantity.Of(rows, "row")} arrived before.")}");

    private void TellWhatIsMissing(BatchVerdict verdict, BatchProgress progress, int worker)
    {
        if (verdict.Settled.Any(settled => settled.Outcome == TestOutcome.Error))
        {
            run.Recorder.Report(
                IncidentKinds.NoResult,
                $"The test host ended well without a result for every test{(progress.LastError is { } error ? $"; the last thing it said: {error}" : "")}.", worker);
        }
        else if (verdict.Again.FirstOrDefault(again => again.Reason == BatchReasons.ByName) is { } byName)
        {
            run.Log.LogDebug(
                "Worker {Worker}: {Tests} gave no result by id, to be asked for by name: {Filter}", worker,
                Quantity.Of(byName.CaseCount, "test"), NameSelection.Of(byName.Entries).Filter);
        }
    }

    private static string Consequence(BatchVerdict verdict)
    {
        var again = verdict.RunsAgain.Count();
        return again == 0
            ? "Nothing has to run again."
            : $"To run again: {Quantity.Of(again, "test")} in {Quantity.Of(verdict.Again.Length, "batch")}.";
    }

    private static string? Existing(string path) => File.Exists(path) ? path : null;
}

/// <summary>A batch that has run.</summary>
/// <param name="Verdict">What has to run again.</param>
/// <param name="HostIsGood">The host is still good for another batch.</param>
/// <param name="Operations">The database operations that its test processes sent; null where those were not measured.</param>
internal sealed record RanBatch(BatchVerdict Verdict, bool HostIsGood, long? Operations)
{
    /// <summary>The database server took no more connections.</summary>
    public bool MetFullServer { get; init; }

    /// <summary>Its test process ended in the middle of its work: what that left in the databases may be half done.</summary>
    public bool WasCutOff { get; init; }
}

/// <summary>How a batch's run of a host ended, as its watch saw it.</summary>
/// <param name="Fault">What went wrong with the host; null where it ended well.</param>
/// <param name="TimedOut">The tests that ran too long.</param>
internal sealed record WatchedEnd(string? Fault, IReadOnlySet<TestEntry> TimedOut)
{
    /// <summary>The console died by itself.</summary>
    public bool IsConsoleGone { get; init; }

    /// <summary>The host said nothing for too long, no test is known to have run too long, and nobody has stopped it.</summary>
    public bool IsSilent { get; init; }

    /// <summary>The coverage files that it left; null where none was asked for.</summary>
    public ImmutableArray<string>? Coverage { get; init; }

    /// <summary>The test process had run tests before.</summary>
    public bool WasWarm { get; init; }

    /// <summary>The test process ended itself; null where it did not, or nothing tells.</summary>
    public OwnEnd? OwnEnd { get; init; }
}
