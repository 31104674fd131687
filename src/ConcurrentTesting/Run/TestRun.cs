using System.Security.Cryptography;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Console;
using ConcurrentTesting.Console.Terminal;
using ConcurrentTesting.Databases;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Hook;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Export;
using ConcurrentTesting.Run.Merging;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Run;

/// <summary>A run, as a table of contents: guard, discover and prepare, plan, work, report.</summary>
internal sealed class TestRun
{
    private readonly RunContext _run;
    private readonly RunJournal _journal;
    private readonly RunConsole _console;
    private readonly TestDatabases _databases;
    private readonly EarlierRun _earlier;
    private readonly ShardedRun _shard;
    private readonly QueuedRun? _queue;
    private readonly ResultsDirectory _results;
    private readonly RunSettingsDocument _runSettings;

    private TestRun(
        RunJournal journal, RunConsole console, TestDatabases databases, EarlierRun earlier, ShardedRun shard, QueuedRun? queue,
        ResultsDirectory results)
    {
        _run = journal.Run;
        _journal = journal;
        _console = console;
        _databases = databases;
        _earlier = earlier;
        _shard = shard;
        _queue = queue;
        _results = results;
        _runSettings = RunSettingsDocument.Load(_run.Settings, _run.Log);
    }

    /// <inheritdoc cref="ConcurrentTestRun.RunAsync(ConcurrentTestSettings, ILogger, CancellationToken)"/>
    public static async Task<ConcurrentTestResult> RunAsync(
        ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken)
    {
        if (settings.DryRun)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings, "--test-dry-run is for ConcurrentTestClean; --test-list shows what a run would do");
        }

        if (!settings.ReportFrom.IsEmpty)
            return await SavedRuns.ReportAsync(settings, logger, cancellationToken);
        var time = TimeProvider.System;
        var guards = new Guards(settings, logger);
        var isProduction = ProductionEnvironment.Check(
            settings, guards, Environment.GetEnvironmentVariable, logger) == ProductionVerdict.Sequential;
        if (isProduction)
            settings = settings.Sequential();
        settings = RefusedSettings.Check(settings.WithAbsolutePaths());
        var earlier = EarlierRun.Read(settings);
        settings = earlier.Replayed is { } replayed ? settings with { Seed = replayed.Seed, Workers = replayed.Workers } : settings;
        var shard = ShardedRun.Read(settings, Environment.GetEnvironmentVariable);
        settings = settings with { Seed = settings.Seed ?? shard.Seed };
        await using var queue = QueuedRun.Open(settings, Environment.GetEnvironmentVariable, time);
        return queue is not null && await queue.IsSealedAsync(logger, cancellationToken)
            ? await QueueMerge.RunAsync(settings, logger, cancellationToken)
            : await RunAsync(new Begun(settings, guards, isProduction, earlier, shard, queue), logger, time, cancellationToken);
    }

    private static async Task<ConcurrentTestResult> RunAsync(
        Begun begun, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        var (_, guards, isProduction, earlier, shard, queue) = begun;
        var settings = begun.Settings with { Seed = begun.Settings.Seed ?? queue?.Seed };
        var redactor = Redactor.Of(settings);
        var quarantine = Quarantine.Read(settings.QuarantineFile, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        await using var results = ResultsDirectory.Claim(settings);
        await using var console = RunConsole.Open(settings, redactor, logger, time, ConsoleSurface.OfProcess());
        await using var memory = MemoryWatch.Begin(time, console.Log);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, settings.Leaving);
        using var stop = new RunStop(settings.FailFast, ending.Token);
        var runId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));
        await using var hook = TestHookServer.Open(runId, settings.Measure, console.Log);
        await using var metrics = MetricsListener.Open(settings.MetricsPort, console.Log);
        var observer = RunObservers.Of(console, metrics?.Observer, queue?.Events);
        using var file = new JournalWriter(redactor, time);
        var context = RunContext.Create(settings, console, observer, time, stop, quarantine, file, runId, hook);
        var journal = new RunJournal(context, file, guards.Overridden, earlier.Compared);

        // At once, so that also a try tells its part that ends before any test.
        journal.PartIs(shard.Record, shard.Plan);
        if (isProduction)
        {
            journal.Run.Recorder.Report(
                IncidentKinds.ProductionSequential,
                "The environment says production: the tests ran one after another, without variables or databases of the run.");
        }

        await using var databases = TestDatabases.Create(
            settings, journal.Run.RunId, console.Log, time, redactor, happened => journal.Run.Recorder.Add(happened));
        metrics?.Follow(() => journal.Run.Recorder.ToRecord(RunEnd.TestsDecide));
        await using var lost = databases.Lost.Register(
            () => stop.Break("The run lost its hold on the database server, so its databases were no longer its own."));
        var testRun = () => new TestRun(journal, console, databases, earlier, shard, queue, results).ExecuteAsync(cancellationToken);
        var end = await journal.ConcludeAsync(testRun, cancellationToken);
        // First, so that the reports tell what became of them.
        await databases.EndAsync();
        databases.Tell();
        return await RunReports.WriteAsync(journal, end, console, results);
    }

    private async Task<RunEnd> ExecuteAsync(CancellationToken cancellationToken)
    {
        var settings = _run.Settings;
        _run.Recorder.ReportExpiredQuarantine();
        if (_earlier.LeavesNothingToDo)
            return new RunEnd(ConcurrentTestExitCode.Success, "Nothing failed last: there is nothing to run again.");
        _run.Log.LogInformation(
            "Run {RunId}: {Workers}, database {Database}, seed {Seed}", _run.RunId, Quantity.Of(settings.Workers, "worker"),
            settings.Database, _run.Seed);
        var vsTest = await VsTestLocation.FindAsync(settings.WorkingDirectory, cancellationToken);
        var direct = new DirectAssemblies(settings, vsTest, _runSettings, _run.Log);
        var catalog = await DiscoverAndPrepareAsync(vsTest, direct, cancellationToken);
        if (settings.MakesPlan)
        {
            return await ShardPlanning.WriteAsync(
                catalog, settings, _run.RunId, _run.Seed, Environment.GetEnvironmentVariable, _run.Log, cancellationToken);
        }

        if (_shard.EndOfEmptyPart is { } nothing)
            return nothing;
        (catalog, var plan) = await SchedulePlanAsync(catalog, direct, cancellationToken);
        if (settings.List)
            _console.List(Listing.Of(catalog, plan, _journal.Timings!, _run.Seed));
        else if (settings.Bisect is not null)
            return await BisectAsync(vsTest, direct, plan, cancellationToken);
        else
            return await WorkAsync(vsTest, direct, plan, cancellationToken);
        return RunEnd.TestsDecide;
    }

    // The databases are prepared while tests are discovered; what fails first ends both.
    private async Task<TestCatalog> DiscoverAndPrepareAsync(
        VsTestLocation vsTest, DirectAssemblies direct, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var prepare = EndingOthers(both, () => _run.Settings.List ? Task.CompletedTask : PrepareAsync(both.Token));
        var discover = EndingOthers(both, () => DiscoverAsync(vsTest, direct, both.Token));
        await FirstFailureOf(prepare, discover);
        return _journal.Catalog!;
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        using var phase = _journal.Phase(PhaseNames.Template);
        await _databases.CheckAsync(cancellationToken);
        await _databases.SweepAsync(cancellationToken);
        await _databases.PrepareAsync(cancellationToken);
        _databases.Tell();
    }

    private async Task DiscoverAsync(VsTestLocation vsTest, DirectAssemblies direct, CancellationToken cancellationToken)
    {
        var discoverer = new Discoverer(
            _run.Settings, _runSettings, vsTest, direct, _run.Seed, _run.Log, new IncidentRecorder(_run.Recorder), _journal.Phase);
        var catalog = _shard.Select(await discoverer.DiscoverAsync(cancellationToken), _run.Log);
        _journal.PartIs(_shard.Record, _shard.Plan);
        _journal.Discovered(_earlier.Select(catalog));
    }

    private async Task<(TestCatalog Catalog, Plan Plan)> SchedulePlanAsync(
        TestCatalog classes, DirectAssemblies direct, CancellationToken cancellationToken)
    {
        _journal.Timings = await TimingStore.LoadAsync(
            _run.Settings.TimingsFile, message => _run.Recorder.Report(IncidentKinds.TimingsDamaged, message), cancellationToken);
        var catalog = UnitGrouping.Apply(classes, _run.Settings, _journal.Timings);
        var plan = _earlier.Plan(catalog, _journal.Timings, _run.Seed, direct.IsDirect);
        _journal.Planned(catalog, plan);
        PlanLog.Write(_run.Log, plan);
        SplitGuards.Report(_run.Recorder, catalog, plan, _run.Settings.Workers);
        return (catalog, plan);
    }

    private async Task<RunEnd> WorkAsync(VsTestLocation vsTest, DirectAssemblies direct, Plan plan, CancellationToken cancellationToken)
    {
        using var phase = _journal.Phase(PhaseNames.Tests);
        if (_journal.Catalog!.CaseCount > 0)
            await _journal.BeginAsync(_results);
        using var copies = new OutputCopies(_run.RunId, _run.Log);
        var pool = new WorkerPool(_run, _databases, HostsOf(vsTest, direct, copies));
        var end = RunEnd.TestsDecide;
        if (_queue is null)
            await pool.RunAsync(plan);
        else
            end = await _queue.WorkAsync(_journal, pool, cancellationToken);
        if (_run.Stop.Reason is null)
            _run.Recorder.AddExplicit(_journal.Catalog!.Explicit);
        cancellationToken.ThrowIfCancellationRequested();
        return _queue is null ? EndOfTests() : end;
    }

    // What stopped the run is a failure or a fault, also where no test tells of it.
    private RunEnd EndOfTests() => _run.Stop.Reason is { } reason
        && _run.Recorder.ToRecord(RunEnd.TestsDecide).ExitCode == ConcurrentTestExitCode.Success
            ? new RunEnd(ConcurrentTestExitCode.Incomplete, reason)
            : RunEnd.TestsDecide;

    private async Task<RunEnd> BisectAsync(VsTestLocation vsTest, DirectAssemblies direct, Plan plan, CancellationToken cancellationToken)
    {
        using var phase = _journal.Phase(PhaseNames.Tests);
        var (batches, failing) = _earlier.ToBisect(plan);
        await _journal.BeginAsync(_results);
        using var copies = new OutputCopies(_run.RunId, _run.Log);
        var bisection = new Bisection(_run, _databases, HostsOf(vsTest, direct, copies));
        var result = await bisection.FindAsync([.. batches], failing, cancellationToken);
        return new RunEnd(ConcurrentTestExitCode.Success, result.Answer);
    }

    private HostsOfWorker HostsOf(VsTestLocation vsTest, DirectAssemblies direct, OutputCopies copies)
    {
        var context = new HostContext(_run.Settings, vsTest, _runSettings, _run.Time, _run.Log, _run.Hook);
        var retry = new InfrastructureRetry(_run);
        return worker => new WorkerHosts(
            context, direct, copies, worker,
            token => retry.StartAsync(worker, inner => VsTestHost.StartSessionAsync(context, worker, inner), token));
    }

    private static async Task EndingOthers(CancellationTokenSource others, Func<Task> work)
    {
        try
        {
            await Task.Run(work, others.Token);
        }
        catch
        {
            await others.CancelAsync();
            throw;
        }
    }

    // The cancellation that a failure caused is not the reason.
    private static async Task FirstFailureOf(params Task[] tasks)
    {
        try
        {
            await Task.WhenAll(tasks);
        }
        catch (OperationCanceledException) when (Array.Find(tasks, task => task.IsFaulted) is { } failed)
        {
            await failed;
        }
    }

    /// <summary>What is known before anything is claimed.</summary>
    /// <param name="Queue">Null: the run is this machine's alone.</param>
    private sealed record Begun(
        ConcurrentTestSettings Settings, Guards Guards, bool IsProduction, EarlierRun Earlier, ShardedRun Shard, QueuedRun? Queue);
}
