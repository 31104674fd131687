using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Xml.Linq;
using ConcurrentTesting.TestHook.Wire;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Hook;

/// <summary>The engine's end of the hooks in the test processes. While it is open, test processes of the run end when this process does,
/// however it does; and they tell what their tests did to the databases.</summary>
internal sealed class TestHookServer : IHookedHosts, IAsyncDisposable
{
    private const string StartupHooksVariable = "DOTNET_STARTUP_HOOKS";
    private const string RunConfiguration = "RunConfiguration";
    private const int Backlog = 512;
    private const int OldestMeasuredRuntime = 8;
    private const int RuntimeCompiledFor = 10;
    private const string MachineCompiledFor = "linux-x64";
    private const string HookFile = "ConcurrentTesting.TestHook.dll";

    private static readonly TimeSpan LastWordBound = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FlushBound = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<int, Expectation> _batches = new();
    private readonly ConcurrentDictionary<HookedProcessConnection, byte> _connections = new();
    private readonly ConcurrentDictionary<int, byte> _remembered = new();

    // The batch that each process runs, by the process's id: a process that was started ahead may get a batch before its greeting is read.
    private readonly ConcurrentDictionary<int, int> _continued = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly ILogger _log;
    private readonly bool _measure;
    private readonly RunFolder? _folder;
    private readonly Socket? _socket;
    private readonly Task _accepting;
    private int _disposed;

    private TestHookServer(bool measure, ILogger log, RunFolder? folder, Socket? socket, string? unavailable)
    {
        _measure = measure;
        _log = log;
        _folder = folder;
        _socket = socket;
        Unavailable = unavailable;
        _accepting = socket is null ? Task.CompletedTask : AcceptAsync(socket);
    }

    /// <summary>Why there is no hook in any test process, in one line; null where all is well.</summary>
    public string? Unavailable { get; }

    /// <summary>Begins to listen. It does not throw where that is impossible: see <see cref="Unavailable"/>.</summary>
    /// <param name="runId">The run's id; it names the folder of the socket.</param>
    /// <param name="measure">False: test processes are watched only.</param>
    public static TestHookServer Open(string runId, bool measure, ILogger log)
    {
        if (ReasonAgainst(HookPath) is { } reason)
            return Closed(measure, log, reason);
        try
        {
            var folder = SocketFolder.Create(runId, log);
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new UnixDomainSocketEndPoint(SocketFolder.SocketPath(folder.Path)));
            socket.Listen(Backlog);
            return new TestHookServer(measure, log, folder, socket, null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or SocketException)
        {
            return Closed(measure, log, $"no socket can be made below {Path.GetTempPath()}: {exception.Message}");
        }
    }

    /// <summary>Adds to a batch's run settings what loads the hook in its test processes, and what tells the hook of cases, where that is
    /// needed and asked for.</summary>
    /// <param name="runSettings">
    /// The root element, <c>RunSettings</c>. What the user has in there stays; a <c>DOTNET_STARTUP_HOOKS</c> among its variables, or else
    /// this process's own, comes first.
    /// </param>
    /// <param name="batch">The batch's number, unique in the run; or <see cref="HookAddress.NotYet"/>.</param>
    /// <param name="read">Reads a variable of this process; null: the process's own.</param>
    public void Configure(XElement runSettings, int worker, int batch, TestAssembly assembly, Func<string, string?>? read = null)
    {
        if (_socket is null)
            return;
        var expectation = Expect(batch, assembly);
        if (expectation.Runtime < OldestMeasuredRuntime)
            return;
        var hook = HookPathFor(expectation.Runtime);
        var needsEvents = _measure && CaseEvents.AreNeeded(assembly);
        var variables = runSettings.Section(RunConfiguration).Section("EnvironmentVariables");
        var others = OthersIn(variables, read ?? Environment.GetEnvironmentVariable);
        variables.SetElementValue(HookAddress.Variable, AddressOf(worker, batch, assembly, needsEvents, others).ToString());
        variables.SetElementValue(StartupHooksVariable, After(others, hook));
        if (needsEvents)
            AddCollector(hook, runSettings);
    }

    private static string OthersIn(XElement variables, Func<string, string?> read) =>
        variables.Element(StartupHooksVariable)?.Value ?? read(StartupHooksVariable) ?? "";

    /// <summary>The environment of a worker's console, in which the hook tells how test hosts end. The hook does not load itself into what
    /// the console starts.</summary>
    public ImmutableDictionary<string, string> ForConsole(ImmutableDictionary<string, string> environment, int worker)
    {
        if (_socket is null || !OperatingSystem.IsLinux())
            return environment;
        var others = environment.GetValueOrDefault(StartupHooksVariable, "");
        return environment
            .SetItem(HookAddress.Variable, HookAddress.OfConsole(
                SocketFolder.SocketPath(_folder!.Path), Environment.ProcessId, worker, others).ToString())
            .SetItem(StartupHooksVariable, After(others, HookPath));
    }

    private static string After(string others, string hook) => others.Length == 0 ? hook : $"{others}{Path.PathSeparator}{hook}";

    /// <summary>Remembers what a process of the run's own says, beyond its end too, until <see cref="Release(int)"/>: it may stay warm for
    /// further batches, and whoever started it learns how it ended.</summary>
    public void Remember(int processId, Task<ProcessExit> exited)
    {
        _remembered.TryAdd(processId, 0);
        _ = TellExitAsync(processId, exited);
    }

    /// <summary>A test host that has run others, or has been started ahead, runs this batch from now on: what it said before belongs to the
    /// earlier ones.</summary>
    public void Continue(int processId, int batch)
    {
        _continued[processId] = batch;
        foreach (var connection in OfHost(processId))
            connection.Continue(batch);
    }

    /// <summary>Forgets a remembered process, once it has ended.</summary>
    public void Release(int processId)
    {
        _remembered.TryRemove(processId, out _);
        _continued.TryRemove(processId, out _);
        foreach (var connection in OfHost(processId))
            _ = ForgetAsync(connection);
    }

    /// <summary>The test processes of a batch whose host has died, when it is known how it ended, or the bound is over.</summary>
    public async Task<ImmutableArray<HookedProcess>> EndsAsync(int batch, TimeSpan bound, CancellationToken cancellationToken)
    {
        // The console may report a host's death before the host's own connection has ended. Nobody waits for the child of a dead host.
        var all = _connections.Keys.Where(connection => connection.Batch == batch).ToList();
        var hosts = all.FindAll(connection => connection.Process?.Role == HookedProcessRole.TestHost);
        var ends = (hosts.Count > 0 ? hosts : all).Select(
            host => OperatingSystem.IsLinux() ? Task.WhenAll(host.Ended, host.ExitKnown) : host.Ended);
        await Task.WhenAny(Task.WhenAll(ends), Task.Delay(bound, cancellationToken));

        return ProcessIds(batch);
    }

    /// <summary>Whether a row of a case runs in a batch, as the hook in its process saw it.</summary>
    public bool IsRunning(int batch, Guid caseId) =>
        _connections.Keys.Where(connection => connection.Batch == batch).Any(
            connection => connection.ReadFigures().Tests.Any(test => test.CaseId == caseId && test.IsRunning));

    /// <summary>The test processes of a batch that have greeted, the dead ones too.</summary>
    public ImmutableArray<HookedProcess> ProcessIds(int batch) =>
        [.. _connections.Keys.Where(connection => connection.Batch == batch).Select(connection => connection.Process)
            .OfType<HookedProcess>()];

    /// <summary>Collects what was measured in a batch that has ended, well or not, and forgets the batch. Waits for test processes that are
    /// still there to tell the last of it, for a bounded time.</summary>
    public async Task<BatchFigures> CollectAsync(int batch, CancellationToken cancellationToken)
    {
        // The connections are listed first, because a connection whose batch is not known is forgotten as soon as it ends.
        var connections = _connections.Keys.Where(connection => connection.Batch == batch).ToList();
        _batches.TryRemove(batch, out var expectation);
        if (_socket is null || expectation is null || expectation.Runtime < OldestMeasuredRuntime)
            return new BatchFigures([], OutsideFigures.None, [Reason(expectation)]);

        await Task.WhenAll(connections.Select(connection => connection.FlushAsync(FlushBound, cancellationToken)));

        var figures = Together(connections, expectation);
        foreach (var connection in connections.Where(connection => connection.Ended.IsCompleted && !IsRemembered(connection)))
            Forget(connection);
        return figures;
    }

    /// <summary>Lets all test processes go: they end when they are done.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _closing.CancelAsync();
        _socket?.Dispose();
        await _accepting;
        foreach (var connection in _connections.Keys)
            connection.Close();
        await Task.WhenAll(_connections.Keys.Select(connection => connection.Ended));
        if (_folder is not null)
            Release(_folder);
        _closing.Dispose();
    }

    // Nobody collects a batch that does not exist yet, so it is not noted.
    private Expectation Expect(int batch, TestAssembly assembly)
    {
        var expectation = new Expectation(assembly, RuntimeOf(assembly.TargetFramework));
        return batch == HookAddress.NotYet ? expectation : _batches.GetOrAdd(batch, expectation);
    }

    private static TestHookServer Closed(bool measure, ILogger log, string reason)
    {
        log.LogWarning("Tests are not measured, and test processes may outlive a killed run: {Reason}", reason);
        return new TestHookServer(measure, log, null, null, reason);
    }

    private HookAddress AddressOf(int worker, int batch, TestAssembly assembly, bool hasEvents, string otherHooks) => new()
    {
        Socket = SocketFolder.SocketPath(_folder!.Path),
        EngineProcessId = Environment.ProcessId,
        Worker = worker,
        Batch = batch,
        Measure = _measure,
        HasChild = assembly.Framework == TestFramework.XUnit3,
        Framework = assembly.Framework.ToString(),
        HasEvents = hasEvents,
        OtherHooks = otherHooks,
    };

    private static void AddCollector(string hook, XElement runSettings)
    {
        runSettings.Section("InProcDataCollectionRunSettings").Section("InProcDataCollectors").Add(new XElement(
            "InProcDataCollector",
            new XAttribute("friendlyName", "ConcurrentTest hook"),
            new XAttribute("uri", "datacollector://ConcurrentTesting/TestHook/1"),
            new XAttribute(
                "assemblyQualifiedName",
                "ConcurrentTesting.TestHook.Frameworks.TestCaseCollector, ConcurrentTesting.TestHook, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null"),
            new XAttribute("codebase", hook),
            new XAttribute("enabled", "True"),
            new XElement("Configuration")));
    }

    private static string? ReasonAgainst(string hook)
    {
        if (!File.Exists(hook))
            return $"the test hook {hook} is missing: restore or reinstall the package ConcurrentTesting.";
        if (hook.Contains(Path.PathSeparator, StringComparison.Ordinal))
            return $"the test hook {hook} cannot be named in {StartupHooksVariable}, where '{Path.PathSeparator}' separates paths: move it to another folder.";
        return Socket.OSSupportsUnixDomainSockets ? null : "this operating system has no Unix domain sockets.";
    }

    // The hook has a file for code that was compiled ahead, for one runtime and kind of machine, and another one for all others.
    private static string HookPathFor(int runtime) =>
        runtime >= RuntimeCompiledFor && RuntimeInformation.RuntimeIdentifier == MachineCompiledFor
            && File.Exists(CompiledHookPath) ? CompiledHookPath : HookPath;

    private static string HookFolder { get; } = OwnFolder.Of("testhook");

    private static string HookPath { get; } = Path.Combine(HookFolder, HookFile);

    private static string CompiledHookPath { get; } = Path.Combine(HookFolder, MachineCompiledFor, HookFile);

    private BatchFigures Together(List<HookedProcessConnection> connections, Expectation expectation)
    {
        var figures = connections.ConvertAll(connection => connection.ReadFigures());
        var troubles = figures.SelectMany(process => process.Troubles);
        if (connections.Count == 0)
        {
            troubles = troubles.Append(
                $"{expectation.Assembly.Source}: the test process did not load the hook (startup hooks are switched off, or the process died before).");
        }

        return new BatchFigures(
            [.. figures.SelectMany(process => process.Tests)],
            figures.Aggregate(OutsideFigures.None, (sum, process) => sum.Plus(process.Outside)),
            _measure ? [.. troubles.Distinct()] : ["measuring is switched off (--test-measure false)."]);
    }

    private string Reason(Expectation? expectation) =>
        Unavailable
        ?? (expectation is null
            ? "the batch ran without the hook."
            : $"{expectation.Assembly.Source}: only test processes of .NET {OldestMeasuredRuntime} and later are measured, and end when a run is killed.");

    private async Task AcceptAsync(Socket socket)
    {
        await Task.Yield();
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                var connection = new HookedProcessConnection(
                    await socket.AcceptAsync(_closing.Token), _folder!.Path, _log, Greeted, ChildEnded);
                _connections.TryAdd(connection, 0);
                connection.Start();
                _ = ForgetAsync(connection);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception)
            {
                // The process may be out of file descriptors, or the test process died between connecting and now.
                _log.LogDebug("A test process could not connect: {Reason}", exception.Message);
                await Task.Delay(10, CancellationToken.None);
            }
        }
    }

    // Only the parent learns how a process ended: a console for its test host, a test host for xunit v3's test process. Either of the two
    // may greet first.
    private void Greeted(HookedProcessConnection connection)
    {
        if (connection.Batch == HookAddress.NotYet && _continued.TryGetValue(connection.Process!.Id, out var batch))
            connection.Continue(batch);
        foreach (var other in _connections.Keys)
        {
            if (IsParent(other, connection))
                other.Watch(connection.Process!.Id);
            else if (IsParent(connection, other))
                connection.Watch(other.Process!.Id);
        }
    }

    private static bool IsParent(HookedProcessConnection parent, HookedProcessConnection child) =>
        (parent.Process?.Role, child.Process?.Role) switch
        {
            (HookedProcessRole.Console, HookedProcessRole.TestHost) => true,
            (HookedProcessRole.TestHost, HookedProcessRole.TestProcess) => parent.Batch == child.Batch,
            _ => false,
        };

    private void ChildEnded(int child, ProcessExit exit) =>
        _connections.Keys.FirstOrDefault(connection => connection.Process is { Exit: null } process && process.Id == child)?.Exited(exit);

    // What a process told is needed until its batch is collected.
    private async Task ForgetAsync(HookedProcessConnection connection)
    {
        await connection.Ended;
        if (IsRemembered(connection))
            return;
        if (connection.Batch is not { } batch || !_batches.ContainsKey(batch))
            Forget(connection);
    }

    private bool IsRemembered(HookedProcessConnection connection) =>
        connection.Process is { } process && _remembered.ContainsKey(process.Id);

    private IEnumerable<HookedProcessConnection> OfHost(int processId) =>
        _connections.Keys.Where(
            connection => connection.Process is { Role: not HookedProcessRole.Console } process && process.Id == processId);

    private async Task TellExitAsync(int processId, Task<ProcessExit> exited)
    {
        var exit = await exited;
        foreach (var connection in OfHost(processId))
        {
            // Its last word may still be on the way.
            await Task.WhenAny(connection.Ended, Task.Delay(LastWordBound));
            connection.Exited(connection.Process!.EndedByItself ? exit.AsExit() : exit);
        }
    }

    private void Forget(HookedProcessConnection connection)
    {
        if (_connections.TryRemove(connection, out _))
            connection.DeleteFile();
    }

    private static void Release(RunFolder folder)
    {
        try
        {
            folder.Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A test process still writes there; the next run removes the folder.
        }
    }

    // A moniker such as "net8.0-windows7.0" gives 8; one before .NET 5 gives 0.
    private static int RuntimeOf(string moniker) =>
        moniker.StartsWith("net", StringComparison.OrdinalIgnoreCase)
        && moniker.Contains('.', StringComparison.Ordinal)
        && int.TryParse(moniker[3..].Split('.', '-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            ? major
            : 0;

    private sealed record Expectation(TestAssembly Assembly, int Runtime);
}
