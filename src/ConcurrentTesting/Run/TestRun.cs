using System.Security.Cryptography;
using ConcurrentTesting.Console;
using ConcurrentTesting.Console.Terminal;
using ConcurrentTesting.Databases;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Hook;
using ConcurrentTesting.Reports.Export;
using ConcurrentTesting.Reports.Live;
using ConcurrentTesting.Run.Merging;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;
using ConcurrentTesting.VsTest.AheadOfTime;

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
    private readonly RunTimings _timings;
    private readonly RunSettingsDocument _runSettings;
    private readonly Task<VsTestLocation> _vsTest;

    private TestRun(
        RunJournal journal, RunConsole console, TestDatabases databases, EarlierRun earlier, ShardedRun shard, QueuedRun? queue,
        ResultsDirectory results, RunTimings timings, Task<VsTestLocation> vsTest)
    {
        _run = journal.Run;
        _vsTest = vsTest;
        _journal = journal;
        _console = console;
        _databases = databases;
        _earlier = earlier;
        _shard = shard;
        _queue = queue;
        _results = results;
        _timings = timings;
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

        if (!settings.MergeFolders.IsEmpty)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-merge {string.Join(' ', settings.MergeFolders)} is for ConcurrentTestMerge, which makes one run of results; ConcurrentTest runs tests");
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
        if (queue is not null)
            await queue.IsSealedAsync(logger, cancellationToken);
        var result = await RunAsync(new Begun(settings, guards, isProduction, earlier, shard, queue), logger, time, cancellationToken);
        return queue is { IsRepeated: true } ? await QueueMerge.RunAsync(settings, logger, cancellationToken) : result;
    }

    private static async Task<ConcurrentTestResult> RunAsync(
        Begun begun, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        var settings = begun.Settings with { Seed = begun.Settings.Seed ?? begun.Queue?.Seed };
        // This starts another process, which answers while the rest begins.
        var vsTest = Task.Run(() => VsTestLocation.FindAsync(settings.WorkingDirectory, cancellationToken), CancellationToken.None);
        if (settings.TestHost != TestHostMode.Console)
            _ = Task.Run(StoredCases.WarmUp, CancellationToken.None);
        var timings = await RunTimings.LoadAsync(settings);
        settings = timings.Settings;
        begun = begun with { Settings = settings, Earlier = begun.Earlier.For(settings) };
        var quarantine = Quarantine.Read(settings.QuarantineFile, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        await using var results = ResultsDirectory.Claim(settings);

        // All that write to the folder have ended before a part is sealed.
        var result = await RunAsync(new Prepared(begun, vsTest, timings, quarantine, results), logger, time, cancellationToken);
        return await results.SealAsync(result, logger);
    }

    private static async Task<ConcurrentTestResult> RunAsync(
        Prepared prepared, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        var (begun, vsTest, timings, quarantine, results) = prepared;
        var (settings, guards, isProduction, earlier, shard, queue) = begun;
        var redactor = Redactor.Of(settings);
        await using var live = LiveServer.Open(settings, redactor, time, logger);
        await using var console = RunConsole.Open(settings, redactor, logger, time, ConsoleSurface.OfProcess());
        await using var memory = MemoryWatch.Begin(time, console.Log);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, settings.Leaving);
        using var stop = new RunStop(settings.FailFast, ending.Token);
        var runId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));
        await using var hook = TestHookServer.Open(runId, settings.Measure, console.Log);
        await using var metrics = MetricsListener.Open(settings.MetricsPort, console.Log);
        var observer = Observers(console, metrics, live, queue);
        using var file = new JournalWriter(redactor, time);
        var context = RunContext.Create(settings, console, observer, time, stop, quarantine, file, runId, hook);
        var journal = new RunJournal(context, file, guards.Overridden, earlier.Compared);

        // The part is told at once, so that a run that ends before any test tells it too.
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
        var testRun = () =>
            new TestRun(journal, console, databases, earlier, shard, queue, results, timings, vsTest).ComeAsync(cancellationToken);
        var end = await journal.ConcludeAsync(testRun, cancellationToken);
        // The databases end first, so that the reports tell what became of them.
        await databases.EndAsync();
        databases.Tell();
        return await RunReports.WriteAsync(journal, end, console, results, live);
    }

    private static IRunObserver Observers(RunConsole console, MetricsListener? metrics, LiveServer? live, QueuedRun? queue) =>
        RunObservers.Of(console, metrics?.Observer, live?.Observer, queue?.Events);

    // One of several machines may be asked to leave before it has come into the run.
    private async Task<RunEnd> ComeAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ExecuteAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (
            _queue is not null && _run.Settings.Leaving.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return await _queue.LeaveUnjoinedAsync();
        }
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
        if (_timings.WhyWorkers is { } why)
            _run.Log.LogInformation("{Workers}: {Why}", Quantity.Of(settings.Workers, "worker"), why);
        var vsTest = await _vsTest;
        await using var cache = new DiscoveryCache(settings, vsTest.DotNet, Environment.GetEnvironmentVariable, _run.Log);
        var direct = new DirectAssemblies(settings, vsTest, _runSettings, _run.Log);
        using var copies = new OutputCopies(_run.RunId, _run.Log);
        var context = new HostContext(_run.Settings, vsTest, _runSettings, _run.Time, _run.Log, _run.Hook);
        await using var started = new AheadHosts(context, direct);
        var pool = new WorkerPool(_run, _databases, HostsOf(context, direct, copies, started), _timings.Store)
        {
            EndAhead = started.EndAsync,
        };
        var early = EarlyStart.Of(_journal, _results, _timings.Store, direct, pool);
        var ahead = new AheadStart(_run, _timings.Store, _databases, started, early);
        var (catalog, begun) = await DiscoverAndPrepareAsync(vsTest, direct, early, ahead, cache, cancellationToken);
        if (settings.MakesPlan)
        {
            return await ShardPlanning.WriteAsync(
                catalog, settings, _run.RunId, _run.Seed, _run.Secrets, Environment.GetEnvironmentVariable, _run.Log, cancellationToken);
        }

        if (_shard.EndOfEmptyPart is { } nothing)
            return nothing;
        (catalog, var plan) = SchedulePlan(catalog, begun, direct);
        ahead.Planned(plan);
        if (settings.List)
            _console.List(Listing.Of(catalog, plan, _journal.Timings!, _run.Seed));
        else if (settings.Bisect is not null)
            return await BisectAsync(context, direct, plan, cancellationToken);
        else
            return await WorkAsync(pool, early, vsTest, direct, plan, cancellationToken);
        return RunEnd.TestsDecide;
    }

    // The databases are prepared while tests are built and discovered; the first failure ends both.
    private async Task<(TestCatalog Catalog, ImmutableArray<TestUnit> Begun)> DiscoverAndPrepareAsync(
        VsTestLocation vsTest, DirectAssemblies direct, EarlyStart early, AheadStart ahead, DiscoveryCache cache,
        CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, _queue is null ? CancellationToken.None : _run.Settings.Leaving);
        var prepare = EndingOthers(both, () => _run.Settings.List ? Task.CompletedTask : PrepareAsync(early, ahead, both.Token));
        var discover = EndingOthers(both, () => DiscoverAsync(vsTest, direct, early, ahead, cache, both.Token));
        try
        {
            await FirstFailureOf(prepare, discover);
            return (_journal.Catalog!, await early.EndAsync());
        }
        catch
        {
            await early.AbandonAsync();
            throw;
        }
    }

    private async Task PrepareAsync(EarlyStart early, AheadStart ahead, CancellationToken cancellationToken)
    {
        using var phase = _journal.Phase(PhaseNames.Template);
        await _databases.CheckAsync(cancellationToken);
        ahead.Reconsider();
        await _databases.SweepAsync(cancellationToken);
        await _databases.PrepareAsync(cancellationToken, _run.Settings.NoBuild ? null : early.Built);
        _databases.Tell();
        ahead.Reconsider();
        early.Prepared();
    }

    private async Task DiscoverAsync(
        VsTestLocation vsTest, DirectAssemblies direct, EarlyStart early, AheadStart ahead, DiscoveryCache cache,
        CancellationToken cancellationToken)
    {
        var discoverer = new Discoverer(
            _run.Settings, _runSettings, vsTest, direct, _run.Seed, _run.Log, _run.Recorder, _journal.Phase, ahead,
            cache)
        {
            ToldErrors = (assembly, messages) => DiscoveryErrors.Record(_run, assembly, messages),
        };
        var discovered = await discoverer.DiscoverAsync(cancellationToken);
        if (await early.FindUnexpectedAsync(discovered) is { } unexpected)
        {
            cache.Forget(unexpected);
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                $"{unexpected.Source}: its discovery found other tests than the one before, although nothing that they depend on had changed, and some had begun: the run does not count. Run again: nothing is known of them any more.");
        }

        var catalog = _shard.Select(discovered, _run.Secrets, _run.Log);
        _journal.PartIs(_shard.Record, _shard.Plan);
        _journal.Discovered(_earlier.Select(catalog, _run.Recorder));
    }

    /// <param name="begun">What runs already: the plan is of the rest.</param>
    private (TestCatalog Catalog, Plan Plan) SchedulePlan(TestCatalog classes, ImmutableArray<TestUnit> begun, DirectAssemblies direct)
    {
        _journal.Timings = _timings.Store;
        if (_timings.Damage is { } damage)
            _run.Recorder.Report(IncidentKinds.TimingsDamaged, damage);
        var units = UnitGrouping.Apply(Fitting(classes, direct), _run.Settings, _journal.Timings);
        var left = _earlier.Divide(units.Without(begun), _journal.Timings, direct.IsDirect);
        var catalog = left with { Units = [.. units.Without(left.Units).Units, .. left.Units] };
        var plan = _earlier.Plan(catalog, _journal.Timings, _run.Seed, direct.IsDirect);
        if (!begun.IsEmpty)
        {
            var rest = _earlier.Plan(left, _journal.Timings, _run.Seed, direct.IsDirect);
            plan = plan with { Seeds = rest.Seeds, Tail = rest.Tail };
        }

        _journal.Planned(catalog, plan);
        PlanLog.Write(_run.Log, plan);
        SplitGuards.Report(_run.Recorder, catalog, plan, _run.Settings.Workers);
        return (catalog, plan);
    }

    // Tests that do not fit the given time are left out, as by a filter.
    private TestCatalog Fitting(TestCatalog catalog, DirectAssemblies direct)
    {
        if (_run.Settings.Budget is not { } budget || catalog.CaseCount == 0)
            return catalog;
        var host = _journal.Timings!.HostSeconds ?? _earlier.CostsOf(catalog, direct.IsDirect).Host;
        var chosen = TestBudget.Choose(
            catalog, _journal.Timings, _run.Settings.Workers, budget.TotalSeconds, host, assembly => AssemblyContent.Of(assembly.Path));
        var leftOut = catalog.CaseCount - chosen.CaseCount;
        _run.Recorder.Add(new TestsLeftOut(leftOut) { At = _run.Recorder.Now });
        _run.Log.LogInformation(
            "{Chosen} of {All} fit into {Seconds:0.#} s (--test-budget): what failed last, is new, is of a changed assembly, or has not run for longest; left out: {LeftOut}",
            chosen.CaseCount, Quantity.Of(catalog.CaseCount, "test"), budget.TotalSeconds, leftOut);
        return chosen;
    }

    private async Task<RunEnd> WorkAsync(
        WorkerPool pool, EarlyStart early, VsTestLocation vsTest, DirectAssemblies direct, Plan plan, CancellationToken cancellationToken)
    {
        using var phase = early.Phase();
        if (_journal.Catalog!.CaseCount > 0)
            await _journal.BeginAsync(_results);
        await using var ahead = AheadOfTimeHosts.Begin(_journal.Catalog!.Assemblies, _run.Settings, vsTest, _run.RunId, _run.Log);
        direct.StartFrom(ahead);
        _journal.Shared = await _shard.SharedAsync(_run, _databases.Server, cancellationToken);
        var end = RunEnd.TestsDecide;
        if (_queue is null)
            await pool.RunAsync(plan);
        else
            end = await _queue.WorkAsync(_journal, pool, _databases.Server, cancellationToken);
        if (_run.Stop.IsByFailures)
            _run.Recorder.AddExplicit(_journal.Catalog!.Explicit);
        cancellationToken.ThrowIfCancellationRequested();
        return _queue is null ? EndOfTests() : end;
    }

    // A failure or a fault stopped the run, even where no test tells of it.
    private RunEnd EndOfTests() => _run.Stop.Reason is { } reason
        && _run.Recorder.ToRecord(RunEnd.TestsDecide).ExitCode == ConcurrentTestExitCode.Success
            ? new RunEnd(ConcurrentTestExitCode.Incomplete, reason)
            : RunEnd.TestsDecide;

    private async Task<RunEnd> BisectAsync(HostContext context, DirectAssemblies direct, Plan plan, CancellationToken cancellationToken)
    {
        using var phase = _journal.Phase(PhaseNames.Tests);
        var (batches, failing) = _earlier.ToBisect(plan);
        await _journal.BeginAsync(_results);
        using var copies = new OutputCopies(_run.RunId, _run.Log);
        var bisection = new Bisection(_run, _databases, HostsOf(context, direct, copies));
        var result = await bisection.FindAsync([.. batches], failing, cancellationToken);
        return new RunEnd(ConcurrentTestExitCode.Success, result.Answer);
    }

    private HostsOfWorker HostsOf(HostContext context, DirectAssemblies direct, OutputCopies copies, AheadHosts? started = null)
    {
        var retry = new InfrastructureRetry(_run);
        return worker => new WorkerHosts(
            context, direct, copies, worker,
            token => retry.StartAsync(worker, inner => VsTestHost.StartSessionAsync(context, worker, inner), token),
            started?.Take(worker));
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

    // A cancellation that another task's failure caused is not the reason.
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

    /// <summary>What a run has once its results directory is its own.</summary>
    private sealed record Prepared(
        Begun Begun, Task<VsTestLocation> VsTest, RunTimings Timings, Quarantine Quarantine, ResultsDirectory Results);
}
