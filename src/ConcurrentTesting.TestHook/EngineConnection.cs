using System.Buffers.Binary;
using System.Net.Sockets;
using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.TestHook;

/// <summary>The way to the engine. What is said is sent at once on the caller's thread and never waits: what the engine has not taken yet
/// stays here until the next message, and beyond a bound it is lost, not the test's time.</summary>
internal sealed class EngineConnection
{
    private const int LongestBacklog = 8 * 1024 * 1024;

    // VSTest ends a process 100 ms after its work (VSTEST_TESTHOST_SHUTDOWN_TIMEOUT).
    private const int MicrosecondsOfPause = 50_000;
    private static readonly TimeSpan WelcomeBound = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(500);

    private readonly object _gate = new();
    private readonly Socket _socket;
    private readonly WireWriter _unsent = new();
    private readonly TaskCompletionSource _welcomed = new();
    private readonly byte[] _child = new byte[sizeof(int)];
    private bool _isClosed;

    // This many bytes of a child's id have arrived; null where none is awaited.
    private int? _childBytes;

    private EngineConnection(Socket socket) => _socket = socket;

    /// <summary>The engine asks for everything that is not said yet.</summary>
    public event Action? FlushAsked;

    /// <summary>The engine has said nothing for a while. Raised again and again, on the thread that listens.</summary>
    public event Action? Paused;

    /// <summary>The engine asks how a child of this process ends.</summary>
    public event Action<int>? ChildNamed;

    /// <summary>The engine's process is gone. Not raised after the engine said goodbye.</summary>
    public event Action? EngineLost;

    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static EngineConnection Open(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            socket.Blocking = false;
            return new EngineConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Watches the engine on a thread of its own: a pool that user code has blocked must not hide the engine's end.</summary>
    public void Watch() => new Thread(Listen, 512 * 1024) { IsBackground = true, Name = "ConcurrentTest hook" }.Start();

    /// <summary>Waits for the engine's first word, not for ever: the tests matter more.</summary>
    public void AwaitWelcome() => _welcomed.Task.Wait(WelcomeBound);

    public void Send<T>(T state, Action<WireWriter, T> write)
    {
        lock (_gate)
        {
            if (_isClosed || _unsent.Length > LongestBacklog)
                return;
            write(_unsent, state);
            Push();
        }
    }

    /// <summary>Says something that is waited for, and so all that was to be said before; it takes a while where the engine is slow to
    /// listen.</summary>
    public void SendAll<T>(T state, Action<WireWriter, T> write)
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            write(_unsent, state);
            var until = DateTime.UtcNow + LongestWait;
            while (Push() && DateTime.UtcNow < until)
                _socket.Poll(10_000, SelectMode.SelectWrite);
        }
    }

    /// <summary>Says the last message. The engine is watched on: a process may hang in its end.</summary>
    public void End<T>(T state, Action<WireWriter, T> write)
    {
        lock (_gate)
        {
            SendAll(state, write);
            _isClosed = true;
        }
    }

    /// <summary>True where something is left to send later.</summary>
    private bool Push()
    {
        while (_unsent.Length > 0)
        {
            var sent = _socket.Send(_unsent.Written, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
                return true;
            if (error != SocketError.Success)
            {
                // The watching thread sees the same error, and knows what it means.
                _isClosed = true;
                return false;
            }

            _unsent.Remove(sent);
        }

        return false;
    }

    private void Listen()
    {
        try
        {
            Span<byte> received = stackalloc byte[16];
            while (true)
            {
                while (!_socket.Poll(MicrosecondsOfPause, SelectMode.SelectRead))
                    Paused?.Invoke();
                var count = _socket.Receive(received, SocketFlags.None, out var error);
                if (error == SocketError.WouldBlock)
                    continue;
                if (count <= 0 || error != SocketError.Success)
                    break;
                if (!Obey(received[..count]))
                    return;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // A broken connection counts as its end.
        }

        EngineLost?.Invoke();
    }

    private bool Obey(ReadOnlySpan<byte> messages)
    {
        foreach (var message in messages)
        {
            if (TakeOfChild(message))
                continue;
            if (message == (byte)EngineMessage.Goodbye)
            {
                lock (_gate)
                    _isClosed = true;
                return false;
            }

            if (message == (byte)EngineMessage.Flush)
                FlushAsked?.Invoke();
            else if (message == (byte)EngineMessage.Welcome)
                _welcomed.TrySetResult();
        }

        return true;
    }

    private bool TakeOfChild(byte message)
    {
        if (_childBytes is not { } count)
        {
            _childBytes = message == (byte)EngineMessage.Watch ? 0 : null;
            return _childBytes is not null;
        }

        _child[count] = message;
        _childBytes = count + 1 < _child.Length ? count + 1 : null;
        if (_childBytes is null)
            ChildNamed?.Invoke(BinaryPrimitives.ReadInt32LittleEndian(_child));
        return true;
    }
}
