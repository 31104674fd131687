using System.Diagnostics;
using Microsoft.TestPlatform.VsTestConsole.TranslationLayer;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;

namespace ConcurrentTesting.VsTest;

/// <summary>One vstest.console process and one operation at a time on it: two runs at once on one console mix up their results without an
/// error.</summary>
internal sealed class VsTestSession : IAsyncDisposable
{
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AbortBound = TimeSpan.FromSeconds(2);

    // The last messages of a console that died are read before its operation is given up.
    private static readonly TimeSpan DrainBound = TimeSpan.FromSeconds(5);

    /// <summary>Test cases whose sending leaves so much garbage, tens of megabytes, that it is collected before the next worker's
    /// request.</summary>
    private const int LargeRequest = 1_000;

    // A console that does not read what it is sent must not keep the others waiting.
    private static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(5);

    private static readonly SemaphoreSlim Sending = new(1);

    private static int _sessions;

    private readonly VsTestConsoleWrapper _wrapper;
    private readonly SessionProcesses _processes;
    private readonly Process _console;
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _oneOperation = new(1, 1);
    private readonly ILogger _logger;
    private int _disposed;

    private VsTestSession(VsTestConsoleWrapper wrapper, SessionProcesses processes, Process console, ILogger logger)
    {
        _wrapper = wrapper;
        _processes = processes;
        _console = console;
        _logger = logger;
        ProcessId = console.Id;
        console.Exited += (_, _) => _exited.TrySetResult();
        console.EnableRaisingEvents = true;
    }

    /// <summary>The vstest.console process.</summary>
    public int ProcessId { get; }

    /// <summary>Completes when the console process has ended, for whatever reason.</summary>
    public Task Exited => _exited.Task;

    /// <summary>Starts a console and waits until it answers.</summary>
    /// <param name="environment">
    /// The whole environment of the console and, through it, of the test processes: nothing else is inherited.
    /// </param>
    /// <param name="diagnosticsFile">Where VSTest writes its own trace; null: nowhere.</param>
    /// <exception cref="ConcurrentTestException">The console did not start or ended at once.</exception>
    public static async Task<VsTestSession> StartAsync(
        VsTestLocation location,
        IReadOnlyDictionary<string, string> environment,
        string? diagnosticsFile,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        ReserveThreads(Interlocked.Increment(ref _sessions));
        var processes = new SessionProcesses(Guid.NewGuid().ToString("N"));
        try
        {
            var wrapper = TranslationLayerAccess.CreateWrapper(location, Parameters(environment, processes.Session, diagnosticsFile));
            wrapper.StartSession();
            var console = Process.GetProcessById(
                TranslationLayerAccess.GetProcessId(wrapper)
                ?? processes.FindConsole()
                ?? throw new InvalidOperationException("The translation layer does not tell its process."));
            var session = new VsTestSession(wrapper, processes, console, logger);
            await session.ConnectAsync(cancellationToken);
            logger.LogDebug("Started vstest.console {Version}, process {ProcessId}", location.SdkVersion, session.ProcessId);
            return session;
        }
        catch (Exception exception)
        {
            processes.Kill(null);
            Interlocked.Decrement(ref _sessions);
            if (exception is OperationCanceledException or ConcurrentTestException)
                throw;
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                $"vstest.console did not start ({location.DotNet} {location.Console}): {exception.Message}",
                exception);
        }
    }

    /// <summary>Discovers the tests of assemblies.</summary>
    public async Task<SessionDiscovery> DiscoverAsync(IEnumerable<string> sources, string runSettings, CancellationToken cancellationToken)
    {
        var handler = new DiscoveryHandler();
        var sourceList = sources.ToList();
        await OperateAsync(
            () => _wrapper.DiscoverTestsAsync(sourceList, runSettings, Options(null), handler),
            _wrapper.CancelDiscovery,
            cancellationToken);
        return handler.ToDiscovery();
    }

    /// <summary>Runs exactly these test cases. Completes also when the console dies; what happened is what <paramref name="handler"/> was
    /// told.</summary>
    /// <param name="source">Where their assembly is now; null: where it was discovered.</param>
    /// <param name="handler">Called on the reading thread: it must not block.</param>
    public Task RunTestsAsync(
        IReadOnlyCollection<TestCase> tests, string? source, string runSettings, ITestRunEventsHandler handler,
        CancellationToken cancellationToken)
    {
        var isLarge = tests.Count >= LargeRequest;
        return OperateAsync(() => SendInTurn(Send, isLarge, cancellationToken), Abort, cancellationToken);

        Task Send()
        {
            var whole = PackedValues.Unpack(tests);
            var sent = new SentTests(source is null ? whole : PackedValues.At(whole, source), handler);
            return _wrapper.RunTestsAsync(sent.Tests, runSettings, Options(null), sent);
        }
    }

    /// <summary>Runs what a filter selects in assemblies; null runs all their tests.</summary>
    /// <param name="handler">Called on the reading thread: it must not block.</param>
    public Task RunTestsAsync(
        IEnumerable<string> sources, string? filter, string runSettings, ITestRunEventsHandler handler, CancellationToken cancellationToken)
    {
        var sourceList = sources.ToList();
        return OperateAsync(() => _wrapper.RunTestsAsync(sourceList, runSettings, Options(filter), handler), Abort, cancellationToken);
    }

    /// <summary>Ends the running operation early; results that have arrived stay. Does nothing on a console that is gone.</summary>
    public void Abort()
    {
        try
        {
            // Cancelling instead hangs for seconds with NUnit's and MSTest's adapters.
            _wrapper.AbortTestRun();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            _logger.LogDebug("The console {ProcessId} could not be told to abort: {Reason}", ProcessId, exception.Message);
        }
    }

    /// <summary>Ends the console and every process below it at once: test hosts, xunit v3's children and what the tests started.</summary>
    public void Kill() => _processes.Kill(_exited.Task.IsCompleted ? null : ProcessId);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        if (!_exited.Task.IsCompleted)
            await Task.WhenAny(Task.Run(EndSession), Task.Delay(EndBound));
        Kill();
        await Task.WhenAny(_exited.Task, Task.Delay(EndBound));
        _console.Dispose();
        _oneOperation.Dispose();
        Interlocked.Decrement(ref _sessions);
    }

    private void EndSession()
    {
        try
        {
            _wrapper.EndSession();
        }
        catch (Exception exception) when (exception is IOException
            or ObjectDisposedException or InvalidOperationException or NullReferenceException)
        {
            _logger.LogDebug("The console {ProcessId} did not accept the end of its session: {Reason}", ProcessId, exception.Message);
        }
    }

    // The first request makes the wrapper wait for the console's greeting, for up to 90 s even if the console has died.
    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        var greeting = OnOwnThread(() =>
        {
            _wrapper.InitializeExtensions([]);
            return Task.CompletedTask;
        });
        var first = await Task.WhenAny(greeting, _exited.Task).WaitAsync(cancellationToken);
        await first;
        if (first == _exited.Task)
            throw new InvalidOperationException($"it ended at once, {TranslationLayerAccess.DescribeEnd(_wrapper)}");
    }

    // The asynchronous part begins when the request has been sent.
    private Task SendInTurn(Func<Task> send, bool isLarge, CancellationToken cancellationToken)
    {
        var isMyTurn = Sending.Wait(LongestTurn, cancellationToken);
        try
        {
            ThrowIfGone();
            var running = send();
            if (isLarge)
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return running;
        }
        finally
        {
            if (isMyTurn)
                Sending.Release();
        }
    }

    // The wrapper would silently start another console, which nobody watches.
    private void ThrowIfGone()
    {
        if (_exited.Task.IsCompleted || _console.HasExited)
            throw new InvalidOperationException($"The vstest.console process {ProcessId} has ended.");
    }

    private async Task OperateAsync(Func<Task> operation, Action stop, CancellationToken cancellationToken)
    {
        await _oneOperation.WaitAsync(cancellationToken);
        try
        {
            ThrowIfGone();
            var running = OnOwnThread(operation);
            using var stopping = cancellationToken.Register(() => _ = StopAsync(running, stop, Kill, AbortBound));
            if (await Task.WhenAny(running, _exited.Task) == _exited.Task)
                await Task.WhenAny(running, Task.Delay(DrainBound, CancellationToken.None));
            cancellationToken.ThrowIfCancellationRequested();
            if (running.IsCompleted)
                await running;
        }
        finally
        {
            _oneOperation.Release();
        }
    }

    /// <summary>Ends an operation: asks for it, and kills where that does not help. A console that no longer reads blocks who asks,
    /// too.</summary>
    internal static async Task StopAsync(Task running, Action stop, Action kill, TimeSpan bound)
    {
        await Task.WhenAny(Task.Run(stop), running, Task.Delay(bound));
        if (await Task.WhenAny(running, Task.Delay(bound)) != running)
            kill();
    }

    private static Task OnOwnThread(Func<Task> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    private static TestPlatformOptions Options(string? filter) => new() { TestCaseFilter = filter };

    private static ConsoleParameters Parameters(IReadOnlyDictionary<string, string> environment, string session, string? diagnosticsFile)
    {
        var parameters = new ConsoleParameters { InheritEnvironmentVariables = false };
        foreach (var (name, value) in environment)
            parameters.EnvironmentVariables[name] = value;
        parameters.EnvironmentVariables[SessionProcesses.MarkerVariable] = session;
        if (diagnosticsFile is not null)
        {
            parameters.LogFilePath = diagnosticsFile;
            parameters.TraceLevel = TraceLevel.Info;
        }

        return parameters;
    }

    // The wrapper blocks a thread of the pool per session while it waits for messages; the pool would grow by one or two a second only.
    private static void ReserveThreads(int sessionCount)
    {
        ThreadPool.GetMinThreads(out var workers, out var completionPorts);
        var wanted = Environment.ProcessorCount + (2 * sessionCount) + 4;
        if (workers < wanted)
            ThreadPool.SetMinThreads(wanted, completionPorts);
    }
}
