using ConcurrentTesting.TestHook.Wire;
using Microsoft.Win32.SafeHandles;

namespace ConcurrentTesting.TestHook;

/// <summary>
/// Tells the engine figures by a file beside its socket: what is written there outlives a process that dies, and wakes nobody after each test, which costs more than
/// the short test itself. The engine reads it when it wants to know. Without the file, the same is said through the connection. Not thread-safe.
/// </summary>
internal sealed class FigureLog(EngineConnection engine, string path)
{
    private readonly WireWriter _message = new();
    private SafeFileHandle? _file = TryCreate(path);
    private long _length;

    public void Add<T>(T state, Action<WireWriter, T> write)
    {
        if (_file is null || !TryAppend(_file, state, write))
            engine.Send(state, write);
    }

    // On a full disk the last message may be there in part: the engine reads whole ones, and no other follows.
    private bool TryAppend<T>(SafeFileHandle file, T state, Action<WireWriter, T> write)
    {
        try
        {
            write(_message, state);
            RandomAccess.Write(file, _message.Written, _length);
            _length += _message.Length;
            return true;
        }
        catch (IOException)
        {
            _file = null;
            file.Dispose();
            return false;
        }
        finally
        {
            _message.Remove(_message.Length);
        }
    }

    private static SafeFileHandle? TryCreate(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
