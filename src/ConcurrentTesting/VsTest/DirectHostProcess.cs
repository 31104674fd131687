using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.CoreUtilities.Helpers;

namespace ConcurrentTesting.VsTest;

/// <summary>One test host of the platform and its protocol, without a vstest.console between: any number of operations, one at a time,
/// until it is ended.</summary>
///
/// <remarks>
/// https://github.com/microsoft/vstest/blob/main/src/Microsoft.TestPlatform.CrossPlatEngine/EventHandlers/TestRequestHandler.cs
/// </remarks>
internal sealed class DirectHostProcess : IAsyncDisposable
{
    private const int HighestVersion = MessageReader.Version;

    // Earlier versions of the protocol write payloads in another way.
    private const int LowestVersion = 2;

    /// <summary>The variable by which users give test hosts more time to end, in milliseconds.</summary>
    private const string EndVariable = "VSTEST_TESTHOST_SHUTDOWN_TIMEOUT";

    // The platform uses the same bound.
    private static readonly TimeSpan DefaultEndBound = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan KillBound = TimeSpan.FromSeconds(2);

    // A connection breaks a moment before its process ends, and the last messages are read a moment after.
    private static readonly TimeSpan DeathBound = TimeSpan.FromSeconds(10);
    // Reading megabytes of results takes about a second.
    private static readonly TimeSpan LongestMessage = TimeSpan.FromMinutes(1);

    private static readonly JsonDataSerializer Serializer = JsonDataSerializer.Instance;

    private readonly TestProcess _process;
    private readonly SessionProcesses _processes;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource<int> _version = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HostChannel _channel;
    private readonly Task _reading;
    private readonly Lock _taking = new();
    private readonly HashSet<string> _initialized = [];
    private readonly MessageReader _reader = new();
    private HostOperation? _operation;
    private HostProtocolException? _unreadable;
    private int _disposed;

    // Messages that come before the first request are kept for it; null once somebody has asked.
    private List<string>? _early = [];

    private DirectHostProcess(TestProcess process, SessionProcesses processes, HostChannel channel, ILogger log)
    {
        _process = process;
        _processes = processes;
        _channel = channel;
        _log = log;
        _reading = ReadAsync();
    }

    public int Id => _process.Id;

    /// <summary>Completes when the process has ended, for whatever reason.</summary>
    public Task<ProcessExit> Exited => ExitAsync();

    /// <summary>It lives, and what it says is understood.</summary>
    public bool IsGood => IsAlive && !_reading.IsCompleted;

    /// <summary>Whether something that it said is on its way or being heard, for a bounded time.</summary>
    public bool IsTelling => _channel.Amid < LongestMessage;

    public bool IsAlive => _process.IsAlive;

    /// <inheritdoc cref="TestProcess.Exit"/>
    public ProcessExit? Exit => _process.Exit;

    /// <summary>What it wrote to its error stream before it ended, in the platform's words; empty where that is nothing.</summary>
    public string Story => _process.Errors is { Length: > 0 } errors ? TestProcess.CrashWith(errors) : "";

    /// <inheritdoc cref="TestProcess.Memory"/>
    public long Memory => _process.Memory;

    /// <summary>Starts a test host and agrees with it on the protocol's version.</summary>
    /// <param name="environment">Its whole environment; nothing else is inherited.</param>
    /// <param name="processes">Marks it and what its tests start.</param>
    /// <exception cref="HostProtocolException">It did not start, or does not understand.</exception>
    public static async Task<DirectHostProcess> StartAsync(
        TestHostCommand command, IReadOnlyDictionary<string, string> environment, SessionProcesses processes, ILogger log,
        CancellationToken cancellationToken)
    {
        TestProcess? process = null;
        DirectHostProcess? host = null;
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start(1);
            process = Launch(command, ((IPEndPoint)listener.LocalEndpoint).Port, environment, processes);
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            bound.CancelAfter(TimeSpan.FromSeconds(EnvironmentHelper.GetConnectionTimeout()));
            var accepting = listener.AcceptSocketAsync(bound.Token).AsTask();
            if (await Task.WhenAny(accepting, process.Exited) == process.Exited)
                throw EndedAtOnce(process);
            host = new DirectHostProcess(process, processes, new HostChannel(await accepting), log);
            await host.AgreeAsync(bound.Token);
            log.LogDebug("Started test host {ProcessId} for {Folder}", host.Id, command.Folder);
            return host;
        }
        catch (Exception exception)
        {
            await AbandonAsync(process, host);
            cancellationToken.ThrowIfCancellationRequested();
            if (exception is HostProtocolException)
                throw;
            throw new HostProtocolException($"the test host did not start: {exception.Message}", exception);
        }
    }

    /// <summary>Asks for something and completes when it is done, or when the process dies; what happened is what the operation was
    /// told.</summary>
    /// <exception cref="HostProtocolException">The test host sent a message that cannot be understood.</exception>
    public async Task OperateAsync(HostOperation operation, IEnumerable<string> adapters, CancellationToken cancellationToken)
    {
        _process.ForgetErrors();
        Begin(operation);
        try
        {
            using var ending = new CancellationTokenSource();
            var lost = LostAsync(cancellationToken, ending.Token);
            _ = Task.Run(() => Request(operation, adapters), CancellationToken.None);
            await Task.WhenAny(operation.Completed, lost);
            await ending.CancelAsync();
            Forget();
            if (operation.Completed.IsCompleted)
                await operation.Completed;
            else if (_unreadable is { } unreadable)
                throw unreadable;
            else
                operation.Abort(cancellationToken.IsCancellationRequested ? null : await DeathAsync());
            cancellationToken.ThrowIfCancellationRequested();
        }
        finally
        {
            Forget();
        }
    }

    /// <summary>Lets the process end, and ends it where it does not. What its tests started and left goes on.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        // A host that does not read blocks the sender.
        var telling = Task.Run(() => TrySend(MessageType.SessionEnd));
        if (await Task.WhenAny(telling, Task.Delay(KillBound)) == telling && await telling)
            await Task.WhenAny(_process.Exited, Task.Delay(EndBound));
        _process.Kill();
        await Task.WhenAny(_process.Exited, Task.Delay(KillBound));
        await _closing.CancelAsync();
        _channel.Dispose();
        await _reading;
        _process.Dispose();
        _closing.Dispose();
    }

    private static async Task AbandonAsync(TestProcess? process, DirectHostProcess? host)
    {
        process?.Kill();
        if (host is not null)
            await host.DisposeAsync();
        else
            process?.Dispose();
    }

    // Completes when nothing more can arrive: the process has ended and its last messages are read, or it was told to end and does not.
    private async Task LostAsync(CancellationToken cancellationToken, CancellationToken noMore)
    {
        var cancelled = new TaskCompletionSource();
        using var killing = cancellationToken.Register(() =>
        {
            _processes.Kill(IsAlive ? Id : null);
            cancelled.TrySetResult();
        });
        using var over = noMore.Register(() => cancelled.TrySetResult());
        if (await Task.WhenAny(_reading, _process.Exited, cancelled.Task) != _reading)
            await Task.WhenAny(_reading, Task.Delay(DeathBound, noMore));
    }

    private static HostProtocolException EndedAtOnce(TestProcess process) =>
        new(string.Create(
            CultureInfo.InvariantCulture, $"the test host ended at once with exit code {process.Exited.Result}: {process.Errors}"));

    private static TimeSpan EndBound =>
        int.TryParse(Environment.GetEnvironmentVariable(EndVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : DefaultEndBound;

    private static TestProcess Launch(
        TestHostCommand command, int port, IReadOnlyDictionary<string, string> environment, SessionProcesses processes)
    {
        var start = new ProcessStartInfo(command.DotNet, command.ArgumentsFor(port)) { WorkingDirectory = command.Folder };
        var process = TestProcess.Start(start, environment, processes);
        process.IgnoreOutput();
        return process;
    }

    private async Task<ProcessExit> ExitAsync() => ProcessExit.OfCode(await _process.Exited);

    private async Task AgreeAsync(CancellationToken cancellationToken)
    {
        _channel.Send(Serializer.SerializePayload(MessageType.VersionCheck, HighestVersion));
        await Task.WhenAny(_version.Task, _reading).WaitAsync(cancellationToken);
        if (!_version.Task.IsCompleted)
            throw new HostProtocolException("the test host ended before it had answered.");
        if (await _version.Task is not (>= LowestVersion and <= HighestVersion) and var version)
        {
            throw new HostProtocolException(
                string.Create(CultureInfo.InvariantCulture, $"the test host speaks version {version} of the protocol."));
        }
    }

    private void Begin(HostOperation operation)
    {
        lock (_taking)
        {
            _operation = operation;
            if (operation is Rehearsal)
                return;
            var early = _early ?? [];
            _early = null;
            early.ForEach(Take);
        }
    }

    // An operation that has ended receives no further messages; a message that is being handled is handled to its end.
    private void Forget()
    {
        lock (_taking)
            _operation = null;
    }

    private void Request(HostOperation operation, IEnumerable<string> adapters)
    {
        try
        {
            if (_initialized.Add(operation.Initialize))
                Send(operation.Initialize, adapters);
            Send(operation.Request, operation.Criteria);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The reading side sees the same failure, and reports it.
            _log.LogDebug("The test host {ProcessId} could not be asked: {Reason}", Id, exception.Message);
        }
        catch (Exception exception)
        {
            operation.Fail(new HostProtocolException($"the test host {Id} could not be asked: {exception.Message}", exception));
        }
    }

    private void Send(string messageType, object payload) =>
        _channel.Send(Serializer.SerializePayload(messageType, payload, _version.Task.Result));

    private bool TrySend(string messageType)
    {
        try
        {
            if (!IsAlive)
                return false;
            _channel.Send(Serializer.SerializeMessage(messageType));
            return true;
        }
        catch (Exception exception)
        {
            // The process is then killed instead.
            _log.LogDebug("The test host {ProcessId} could not be told: {Reason}", Id, exception.Message);
            return false;
        }
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        try
        {
            while (await _channel.ReadAsync(_closing.Token) is { } message)
            {
                lock (_taking)
                    Take(message);
                _channel.Heard();
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            _log.LogTrace("The run no longer listens to the test host {ProcessId}", Id);
        }
        catch (Exception exception)
        {
            _unreadable = new HostProtocolException(
                $"the test host {Id} sent a message that cannot be understood: {exception.Message}", exception);
            _version.TrySetException(_unreadable);
            _operation?.Fail(_unreadable);
        }
    }

    private void Take(ReadOnlyMemory<byte> told)
    {
        if (_operation?.Take(_reader, told.Span) is not true)
            Take(Encoding.UTF8.GetString(told.Span));
    }

    private void Take(string text)
    {
        var message = Serializer.DeserializeMessage(text);
        switch (message.MessageType)
        {
            case MessageType.VersionCheck:
                _version.TrySetResult(Serializer.DeserializePayload<int>(message));
                break;
            case MessageType.ProtocolError:
                throw new InvalidDataException("it does not know the protocol's version.");
            case MessageType.LaunchAdapterProcessWithDebuggerAttached:
                Send(MessageType.LaunchAdapterProcessWithDebuggerAttachedCallback, -1);
                break;
            case MessageType.AttachDebugger:
                Send(MessageType.AttachDebuggerCallback, false);
                break;
            default:
                TakeOfOperation(message, text);
                break;
        }
    }

    private void TakeOfOperation(Message message, string text)
    {
        if (_early is { } early && IsForTheFirst(message, text))
            early.Add(text);
        else if (_operation?.Take(message) is not true)
            _log.LogDebug("The test host {ProcessId} said {Message}", Id, message.MessageType);
    }

    private bool IsForTheFirst(Message message, string text) =>
        _operation is null || (message.MessageType == MessageType.TestMessage && !Rehearsal.IsToldIn(text));

    private async Task<string> DeathAsync()
    {
        await Task.WhenAny(_process.Exited, Task.Delay(DeathBound, CancellationToken.None));
        if (IsAlive)
            return "Unable to communicate with test host process.";
        return TestProcess.CrashWith(await _process.AllErrorsAsync());
    }
}

/// <summary>A test host does not do what the platform's protocol says.</summary>
internal sealed class HostProtocolException(string message, Exception? inner = null) : Exception(message, inner);
