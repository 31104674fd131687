using ConcurrentTesting.Databases;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Execution.VsTest;
using ConcurrentTesting.Reporting;
using ConcurrentTesting.Results;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting;

/// <summary>A run, as a table of contents: guard, discover and prepare, plan, work, report.</summary>
public sealed class ConcurrentTestRun
{
    private readonly RunContext _run;
    private readonly RunJournal _journal;
    private readonly RunConsole _console;
    private readonly TestDatabases _databases;
    private readonly VsTestLocation _vsTest;
    private readonly RunSettingsDocument _runSettings;

    private ConcurrentTestRun(RunContext run, RunJournal journal, RunConsole console, TestDatabases databases)
    {
        _run = run;
        _journal = journal;
        _console = console;
        _databases = databases;
        _runSettings = RunSettingsDocument.Load(run.Settings, run.Log);
    }

    /// <summary>Runs the tests that the settings name and writes all artifacts, whatever happens.</summary>
    /// <param name="settings">Validated settings; all paths may be relative to <see cref="ConcurrentTestSettings.WorkingDirectory"/>.</param>
    /// <param name="logger">Receives what the user is to see; <c>run.log</c> always has all of it.</param>
    /// <param name="cancellationToken">Ends the run: sessions are ended, databases dropped, artifacts written with what is known.</param>
    /// <returns>The verdict. Failing tests are a result, not an exception.</returns>
    /// <exception cref="ConcurrentTestException">A guard refused the run or a setting is wrong; nothing was started.</exception>
    public static async Task<ConcurrentTestResult> RunAsync(ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken = default)
    {
        Guard.Check(settings);
        using var results = ResultsDirectory.Claim(settings);
        await using var console = RunConsole.Open(settings, logger, TimeProvider.System);
        var recorder = new RunRecorder(TimeProvider.System, console);
        var run = RunContext.Create(settings, console, recorder);
        await using var databases = TestDatabases.Create(settings, run.RunId, console.Log, TimeProvider.System);
        var journal = new RunJournal(run);
        var outcome = await journal.ConcludeAsync(() => new ConcurrentTestRun(run, journal, console, databases).ExecuteAsync(cancellationToken), cancellationToken);
        return await RunReports.WriteAsync(journal, outcome, databases, console);
    }

    private async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        _run.Log.LogInformation("{Workers} workers, {Database}, seed {Seed}", _run.Settings.Workers, _run.Settings.Database, _run.Seed);
        var catalog = await DiscoverAndPrepareAsync(cancellationToken);
        var plan = await PlanAsync(catalog, cancellationToken);
        if (_run.Settings.List)
            _console.PrintPlan(catalog, plan);
        else
            await WorkAsync(plan, cancellationToken);
    }

    // The databases are prepared while tests are discovered; what fails first ends both.
    private async Task<TestCatalog> DiscoverAndPrepareAsync(CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var prepare = EndingOthers(both, () => _run.Settings.List ? Task.CompletedTask : PrepareAsync(both.Token));
        var discover = EndingOthers(both, () => DiscoverAsync(both.Token));
        await Task.WhenAll(prepare, discover);
        return _journal.Catalog!;
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        using var phase = _journal.Phase("template");
        await _databases.CheckAsync(cancellationToken);
        await _databases.SweepAsync(cancellationToken);
        await _databases.PrepareAsync(cancellationToken);
    }

    private async Task DiscoverAsync(CancellationToken cancellationToken)
    {
        using var phase = _journal.Phase("discovery");
        var discoverer = new Discoverer(_run.Settings, _runSettings, _vsTest, _run.Seed, _run.Log, _run.Observer);
        _journal.Catalog = await discoverer.DiscoverAsync(cancellationToken);
    }

    private async Task<Plan> PlanAsync(TestCatalog catalog, CancellationToken cancellationToken)
    {
        _journal.Timings = await TimingStore.LoadAsync(_run.Settings.TimingsFile, message => _run.Recorder.Report("timings-damaged", message), cancellationToken);
        var plan = Planner.Plan(catalog, _journal.Timings, _run.Settings.Workers, _run.Seed, Environment.ProcessorCount);
        _journal.Plan = plan;
        PlanLog.Write(_run.Log, plan);
        return plan;
    }

    private async Task WorkAsync(Plan plan, CancellationToken cancellationToken)
    {
        using var phase = _journal.Phase("tests");
        _run.Observer.Planned(_journal.Catalog!.CaseCount, plan.UsedWorkers, TimeSpan.FromSeconds(Math.Max(plan.LowerBoundSeconds, plan.Seconds / plan.UsedWorkers)));
        await new WorkerPool(_run, _databases, StartHostAsync).RunAsync(plan, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<ITestHost> StartHostAsync(int worker, CancellationToken cancellationToken) =>
        await VsTestHost.StartAsync(_vsTest, _runSettings, _run, worker, cancellationToken);

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
}
