using Microsoft.TestPlatform.VsTestConsole.TranslationLayer;

namespace ConcurrentTesting.VsTest;

/// <summary>A test host behind one vstest.console session, which starts a test process for every run.</summary>
internal sealed class VsTestHost(
    VsTestSession session, RunSettingsDocument runSettings, OutputCopies copies, HostBinding bound, string path, int worker) : ITestHost
{
    private static readonly TimeSpan LongestDeath = TimeSpan.FromMilliseconds(250);

    public HostBinding Bound => bound;

    public int? WarmProcess => null;

    // The console does not tell.
    public bool IsTelling => false;

    public static Task<VsTestSession> StartSessionAsync(HostContext run, int worker, CancellationToken cancellationToken)
    {
        var diagnostics = run.Settings.Diagnostics
            ? Path.Combine(
                run.Settings.ResultsDirectory, ArtifactNames.Worker(worker),
                FormattableString.Invariant($"vstest-{run.Time.GetUtcNow():HHmmssfff}.log"))
            : null;
        return VsTestSession.StartAsync(
            run.Location, run.Hook.ForConsole(ProcessEnvironment.For(run.Settings), worker), diagnostics, run.Log, cancellationToken);
    }

    public async Task<HostRunEnd> RunAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken)
    {
        if (!bound.Assembly.Collectors.CollectCoverage)
            return await RunOnceAsync(run, path == bound.Assembly.Path ? null : path, events, cancellationToken) with { Coverage = null };

        // Collectors rewrite the folder's assemblies, so each worker runs in a copy.
        var end = await RunOnceAsync(run, copies.PathOf(bound.Assembly.Path, worker), events, cancellationToken);
        if (end.Fault is not null)
            copies.Renew(worker);
        return end with { Coverage = end.Coverage ?? [] };
    }

    /// <param name="source">Where the assembly is for this run; null: where it was built.</param>
    private async Task<HostRunEnd> RunOnceAsync(HostRun run, string? source, IHostEvents events, CancellationToken cancellationToken)
    {
        var settings = runSettings.ForBatch(BatchRunSettings.Of(run, bound));
        var handler = new HostRunHandler(bound.Assembly.Framework, events, null);
        try
        {
            await (run.Selection is { } selection
                ? session.RunTestsAsync(
                    [source ?? bound.Assembly.Path], bound.Assembly.Framework == TestFramework.NUnit ? null : selection.Filter, settings,
                    handler, cancellationToken)
                : session.RunTestsAsync(CasesPayload.Of(run.Entries), source, settings, handler, cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            session.Kill();
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

    // The console's connection breaks a moment before the console has ended.
    private async Task<bool> IsConsoleGoneAsync() => await Task.WhenAny(session.Exited, Task.Delay(LongestDeath)) == session.Exited;
}
