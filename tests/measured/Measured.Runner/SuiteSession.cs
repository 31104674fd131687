using System.Collections.Immutable;
using System.Diagnostics;
using ConcurrentTesting;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Hook;
using ConcurrentTesting.TestHook.Wire;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace Measured.Runner;

/// <summary>One suite on one vstest.console, with a hook server beside it.</summary>
internal sealed class SuiteSession : IAsyncDisposable
{
    private static readonly TimeSpan WaitForDead = TimeSpan.FromSeconds(2);

    private readonly TestAssembly _assembly;
    private readonly RunSettingsDocument _runSettings;
    private readonly VsTestSession _session;
    private readonly DirectoryInfo _results = Directory.CreateTempSubdirectory("measured-");

    private SuiteSession(TestAssembly assembly, RunSettingsDocument runSettings, VsTestSession session, TestHookServer hooks)
    {
        _assembly = assembly;
        _runSettings = runSettings;
        _session = session;
        Hooks = hooks;
    }

    public TestHookServer Hooks { get; }

    public int ConsoleId => _session.ProcessId;

    public ImmutableDictionary<Guid, TestEntry> Entries { get; private set; } = ImmutableDictionary<Guid, TestEntry>.Empty;

    public static async Task<SuiteSession> StartAsync(TestAssembly assembly, bool measure)
    {
        var settings = new ConcurrentTestSettings { RunSettingsFile = Environment.GetEnvironmentVariable("MEASURED_RUNSETTINGS") };
        var location = await VsTestLocation.FindAsync(AppContext.BaseDirectory, default);
        var session = await VsTestSession.StartAsync(location, ProcessEnvironment.For(settings), null, NullLogger.Instance, default);
        var suite = new SuiteSession(assembly, RunSettingsDocument.Load(settings, NullLogger.Instance), session, TestHookServer.Open(Guid.NewGuid().ToString("N"), measure, NullLogger.Instance));
        var discovery = await session.DiscoverAsync([assembly.Path], suite._runSettings.ForDiscovery(1, assembly), default);
        suite.Entries = discovery.Entries(assembly).ToImmutableDictionary(entry => entry.Id);
        return suite;
    }

    public async Task<RunHandler> RunAsync(IEnumerable<TestEntry> entries, int batch, bool hooked, Action whileRunning)
    {
        // As the engine runs tests whose names VSTest cannot hand over.
        var where = Environment.GetEnvironmentVariable("MEASURED_WHERE");
        var batchSettings = new BatchRunSettings(1, ImmutableDictionary<string, string>.Empty, _results.FullName, $"batch-{batch}.trx", _assembly)
        {
            NUnitWhere = where,
            Configure = root =>
            {
                if (hooked)
                    Hooks.Configure(root, worker: 0, batch, _assembly);
            },
        };
        var settings = _runSettings.ForBatch(batchSettings);

        var handler = new RunHandler();
        var running = where is null
            ? _session.RunTestsAsync(CasesPayload.Of(entries), source: null, settings, handler, default)
            : _session.RunTestsAsync([_assembly.Path], filter: null, settings, handler, default);
        // VSTest waits for a minute for a program of xunit v3 that has died: the engine's own watch ends that, and so does this.
        long? dead = null;
        while (await Task.WhenAny(running, Task.Delay(100)) != running)
        {
            whileRunning();
            if (Hooks.ProcessIds(batch).Any(process => process is { Role: HookedProcessRole.TestProcess, IsAlive: false, EndedByItself: false }))
                dead ??= Stopwatch.GetTimestamp();
            if (dead is { } since && Stopwatch.GetElapsedTime(since) > WaitForDead)
                _session.Abort();
        }

        await running;
        return handler;
    }

    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync();
        await Hooks.DisposeAsync();
        _results.Delete(recursive: true);
    }
}

internal sealed class RunHandler : ITestRunEventsHandler
{
    public List<TestResult> Results { get; } = [];

    public bool IsAborted { get; private set; }

    public void HandleTestRunStatsChange(TestRunChangedEventArgs? testRunChangedArgs) => Add(testRunChangedArgs);

    public void HandleTestRunComplete(TestRunCompleteEventArgs testRunCompleteArgs, TestRunChangedEventArgs? lastChunkArgs, ICollection<AttachmentSet>? runContextAttachments, ICollection<string>? executorUris)
    {
        Add(lastChunkArgs);
        IsAborted = testRunCompleteArgs.IsAborted;
    }

    public void HandleLogMessage(TestMessageLevel level, string? message)
    {
        if (level != TestMessageLevel.Informational)
            Console.WriteLine($"{level}: {message}");
    }

    public void HandleRawMessage(string rawMessage)
    {
    }

    public int LaunchProcessWithDebuggerAttached(TestProcessStartInfo testProcessStartInfo) => -1;

    private void Add(TestRunChangedEventArgs? arguments)
    {
        lock (Results)
            Results.AddRange(arguments?.NewTestResults ?? []);
    }
}
