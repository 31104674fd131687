using System.Globalization;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using Microsoft.TestPlatform.VsTestConsole.TranslationLayer;

namespace ConcurrentTesting.VsTest;

/// <summary>A test host behind one vstest.console session, which starts a test process for every run.</summary>
internal sealed class VsTestHost : ITestHost
{
    private static readonly TimeSpan LongestDeath = TimeSpan.FromMilliseconds(250);

    private readonly VsTestSession _session;
    private readonly RunSettingsDocument _runSettings;
    private readonly OutputCopies _copies;
    private readonly int _worker;

    private VsTestHost(VsTestSession session, RunSettingsDocument runSettings, OutputCopies copies, int worker)
    {
        _session = session;
        _runSettings = runSettings;
        _copies = copies;
        _worker = worker;
    }

    public static async Task<ITestHost> StartAsync(HostContext run, OutputCopies copies, int worker, CancellationToken cancellationToken)
    {
        var diagnostics = run.Settings.Diagnostics
            ? Path.Combine(
                run.Settings.ResultsDirectory, ArtifactNames.Worker(worker),
                string.Create(CultureInfo.InvariantCulture, $"vstest-{run.Time.GetUtcNow():HHmmssfff}.log"))
            : null;
        var session = await VsTestSession.StartAsync(
            run.Location, run.Hook.ForConsole(ProcessEnvironment.For(run.Settings), worker), diagnostics, run.Log, cancellationToken);
        return new VsTestHost(session, run.RunSettings, copies, worker);
    }

    public async Task<HostRunEnd> RunAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
    {
        if (!run.Assembly.Collectors.CollectCoverage)
            return await RunOnceAsync(run, events, cancellationToken) with { Coverage = null };

        // Collectors rewrite the assemblies of the folder, and would meet in it.
        var end = await RunOnceAsync(run with { Source = _copies.PathOf(run.Assembly.Path, _worker) }, events, cancellationToken);
        if (end.Fault is not null)
            _copies.Renew(_worker);
        return end with { Coverage = end.Coverage ?? [] };
    }

    private async Task<HostRunEnd> RunOnceAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
    {
        var settings = _runSettings.ForBatch(
            new BatchRunSettings(
                run.Seed, run.Environment, run.ResultsDirectory, run.TrxFileName, run.Assembly) { Configure = run.Configure,
                NUnitWhere = run.Selection?.NUnitWhere });
        var handler = new HostRunHandler(run.Assembly.Framework, events, null);
        try
        {
            await (run.Selection is { } selection
                ? _session.RunTestsAsync(
                    [run.Source ?? run.Assembly.Path], run.Assembly.Framework == TestFramework.NUnit ? null : selection.Filter, settings,
                    handler, cancellationToken)
                : _session.RunTestsAsync(CasesPayload.Of(run.Entries), run.Source, settings, handler, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _session.Kill();
            return new HostRunEnd("the run was ended early.");
        }
        catch (Exception exception) when (exception is InvalidOperationException or TransationLayerException or IOException)
        {
            return new HostRunEnd(exception.Message, await IsConsoleGoneAsync());
        }

        return handler.End switch
        {
            null => new HostRunEnd("the test session ended without saying so; its console process is gone.", IsConsoleGone: true),
            { Fault: null } end => end,
            var end => end with { IsConsoleGone = await IsConsoleGoneAsync() },
        };
    }

    public Task PrepareAsync(TestAssembly assembly, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task EndProcessesAsync() => Task.CompletedTask;

    public int? KeptProcess(TestAssembly assembly) => null;

    // The console does not tell.
    public bool IsTelling => false;

    // Its test processes end with their run.
    public IdleEnd? IdleEnd => null;

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    // Its connection breaks a moment before it has ended.
    private async Task<bool> IsConsoleGoneAsync() => await Task.WhenAny(_session.Exited, Task.Delay(LongestDeath)) == _session.Exited;
}
