using System.Buffers.Binary;
using System.Net.Sockets;
using ConcurrentTesting.TestHook.Wire;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Hook;

/// <summary>One test process's connection: reads what its hook says until the process ends.</summary>
internal sealed class HookedProcessConnection
{
    private readonly Lock _gate = new();
    private readonly Socket _socket;
    private readonly string _folder;
    private readonly ILogger _log;
    private readonly Dictionary<long, MeasuredTest> _tests = [];
    private readonly List<string> _troubles = [];
    private readonly Action<HookedProcessConnection> _greeted;
    private readonly Action<int, ProcessExit> _childEnded;
    private readonly TaskCompletionSource<ProcessExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The ends are told outside of the gate, because who hears of them looks at other connections.
    private readonly Queue<(int Child, ProcessExit Exit)> _endedChildren = [];
    private TaskCompletionSource _flushed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private OutsideFigures _outside = OutsideFigures.None;

    // These figures belong to earlier batches.
    private OutsideFigures _outsideBefore = OutsideFigures.None;
    private long _firstOrder;
    private HookedProcess? _process;
    private int? _batch;
    private FigureFile? _file;
    private bool _endedByItself;

    /// <param name="folder">Where processes write the files with their figures.</param>
    /// <param name="greeted">Hears of the process once it is known who it is.</param>
    /// <param name="childEnded">Hears how a child of the process ended, which <see cref="Watch"/> asked for.</param>
    public HookedProcessConnection(
        Socket socket, string folder, ILogger log, Action<HookedProcessConnection> greeted, Action<int, ProcessExit> childEnded)
    {
        _greeted = greeted;
        _childEnded = childEnded;
        _socket = socket;
        _folder = folder;
        _log = log;
    }

    /// <summary>Completes when the process has ended or the engine closed the connection, and everything it said was read.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Who it is; null before its greeting.</summary>
    public HookedProcess? Process
    {
        get
        {
            lock (_gate)
            {
                return _process is null
                    ? null
                    : _process with
                    {
                        IsAlive = !Ended.IsCompleted,
                        EndedByItself = _endedByItself,
                        Exit = _exit.Task.IsCompleted
                        ? _exit.Task.Result
                        : null
                    };
            }
        }
    }

    /// <summary>The batch it runs; null before its greeting.</summary>
    public int? Batch
    {
        get
        {
            lock (_gate)
                return _batch;
        }
    }

    /// <summary>Completes when its parent told how it ended; never where nobody tells.</summary>
    public Task ExitKnown => _exit.Task;

    public void Start() => Ended = ReadAsync();

    /// <summary>Asks the process how this child of it ends; another's child is no concern of it.</summary>
    public void Watch(int child)
    {
        var message = new byte[1 + sizeof(int)];
        message[0] = (byte)EngineMessage.Watch;
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(1), child);
        Say(message);
    }

    public void Exited(ProcessExit exit) => _exit.TrySetResult(exit);

    /// <summary>The process runs this batch from now on.</summary>
    public void Continue(int batch)
    {
        lock (_gate)
        {
            ReadFile();
            _firstOrder = _tests.Keys.DefaultIfEmpty(_firstOrder - 1).Max() + 1;
            _tests.Clear();
            _outsideBefore = _outside;
            _batch = batch;
        }
    }

    /// <summary>Everything it said and wrote so far of its batch.</summary>
    public HookedProcessFigures ReadFigures()
    {
        lock (_gate)
        {
            ReadFile();
            return new HookedProcessFigures([.. _tests.Values.OrderBy(test => test.Order)], _outside.Since(_outsideBefore), [.. _troubles]);
        }
    }

    /// <summary>Removes what it wrote. Who still has this connection has read it.</summary>
    public void DeleteFile()
    {
        lock (_gate)
        {
            ReadFile();
            _file?.Delete();
            _file = null;
        }
    }

    /// <summary>Asks for everything that was not said yet and waits for it, or for the process's end.</summary>
    public async Task FlushAsync(TimeSpan bound, CancellationToken cancellationToken)
    {
        Task flushed;
        lock (_gate)
        {
            _flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            flushed = _flushed.Task;
        }

        Say(EngineMessage.Flush);
        await Task.WhenAny(flushed, Ended, Task.Delay(bound, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Lets go of the process, which may still be finishing.</summary>
    public void Close()
    {
        Say(EngineMessage.Goodbye);
        _socket.Dispose();
    }

    private void Say(EngineMessage message) => Say([(byte)message]);

    private void Say(byte[] message)
    {
        try
        {
            _socket.Send(message);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The process has ended.
        }
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        try
        {
            using var stream = new BufferedStream(new NetworkStream(_socket, ownsSocket: false), 8192);
            var header = new byte[4];
            while (await stream.ReadAtLeastAsync(header, 4, throwOnEndOfStream: false) == 4)
            {
                var message = new byte[HookMessages.LengthOf(header)];
                await stream.ReadExactlyAsync(message);
                Hear(message);
                Tell((HookMessage)message[0]);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // The process was killed.
        }
        catch (InvalidDataException exception)
        {
            lock (_gate)
                AddUnreadable(exception);
            Say(EngineMessage.Goodbye);
        }
        finally
        {
            _socket.Dispose();
        }
    }

    // Only the thread that reads calls this.
    private void Tell(HookMessage heard)
    {
        if (heard == HookMessage.Hello)
        {
            Say(EngineMessage.Welcome);
            _greeted(this);
        }

        while (_endedChildren.TryDequeue(out var ended))
            _childEnded(ended.Child, ended.Exit);
    }

    private void Hear(byte[] message)
    {
        lock (_gate)
        {
            // A hook that sends figures has given up its file, which holds the earlier ones.
            if ((HookMessage)message[0] is HookMessage.Test or HookMessage.Outside)
            {
                ReadFile();
                _file = null;
            }

            Take(message);
        }
    }

    private void ReadFile()
    {
        try
        {
            _file?.ReadOn(Take);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            AddUnreadable(exception);
            _file?.Delete();
            _file = null;
        }
    }

    private void AddUnreadable(Exception exception)
    {
        _log.LogDebug("The test process {ProcessId} sent a message that cannot be read: {Reason}", _process?.Id, exception.Message);
        _troubles.Add($"its hook sent a message that cannot be read: {exception.Message}");
    }

    private void Take(byte[] message)
    {
        var content = new WireReader(message.AsSpan(1));
        switch ((HookMessage)message[0])
        {
            case HookMessage.Hello:
                Greet(ref content);
                break;
            case HookMessage.Test:
                var test = MeasuredTest.Read(ref content);
                if (test.Order >= _firstOrder)
                    _tests[test.Order] = test;
                break;
            case HookMessage.Outside:
                _outside = OutsideFigures.Read(ref content);
                break;
            case HookMessage.Trouble:
                _troubles.Add(content.Text());
                break;
            case HookMessage.Flushed:
                _flushed.TrySetResult();
                break;
            case HookMessage.Bye:
                _endedByItself = true;
                break;
            default:
                TakeEnd((HookMessage)message[0], ref content);
                break;
        }
    }

    private void TakeEnd(HookMessage kind, ref WireReader content)
    {
        switch (kind)
        {
            case HookMessage.Unhandled:
                _process = _process! with { Unhandled = new UnhandledException(content.Text(), content.Text()) };
                break;
            case HookMessage.ChildEnded:
                _endedChildren.Enqueue(((int)content.Number(), new ProcessExit(content.Number() != 0, (int)content.Number())));
                break;
            default:
                throw new InvalidDataException($"a message of kind {(byte)kind}");
        }
    }

    private void Greet(ref WireReader content)
    {
        var version = content.Number();
        if (version != WireWriter.Version)
            throw new InvalidDataException($"version {version} instead of {WireWriter.Version}");
        var id = (int)content.Number();
        var worker = (int)content.Number();
        _batch = (int)content.Number();
        _process = new HookedProcess(id, (HookedProcessRole)content.Number(), true, false);
        _file = new FigureFile(HookAddress.FiguresOf(_folder, _batch.Value, id));
        _log.LogDebug(
            "Worker {Worker}: the test process {ProcessId} ({Role}, {Runtime}) runs batch {Batch}", worker, id, _process.Role,
            content.Text(), _batch);
    }
}
