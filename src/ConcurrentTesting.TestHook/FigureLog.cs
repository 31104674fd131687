using ConcurrentTesting.TestHook.Wire;
using Microsoft.Win32.SafeHandles;

namespace ConcurrentTesting.TestHook;

/// <summary>Tells the engine figures by a file beside its socket: what is written there outlives a process that dies, and wakes nobody
/// after each test, which costs more than the short test itself. The engine reads it when it wants to know. Without the file, the same is
/// said through the connection. Not thread-safe.</summary>
internal sealed class FigureLog
{
    private readonly EngineConnection _engine;
    private readonly FigureMemory? _memory;
    private SafeFileHandle? _file;
    private long _length;
    private long? _stateAt;

    public FigureLog(EngineConnection engine, string path)
    {
        _engine = engine;
        _file = TryCreate(path);
        _memory = _file is null ? null : FigureMemory.TryOpen(path, _file);
    }

    /// <summary>What is written here is told by <see cref="Append"/>: one message or several.</summary>
    public WireWriter Messages { get; } = new();

    public void Append()
    {
        _stateAt = null;
        TellAt(_length);
    }

    /// <summary>Tells one message that says all that earlier ones of its kind did: told many times in succession, it takes the room of
    /// one.</summary>
    public void AppendState()
    {
        // The rest of a longer state would be read as the next message.
        if (_stateAt is not { } offset || offset + Messages.Length < _length)
            offset = _length;
        _stateAt = offset;
        TellAt(offset);
    }

    private void TellAt(long offset)
    {
        if (_file is null || !TryWrite(_file, offset))
            _engine.Send(Messages, static (writer, messages) => writer.Messages(messages.Written));
        Messages.Remove(Messages.Length);
    }

    // On a full disk the last message may be there in part. The engine reads whole ones only, and no other follows.
    private bool TryWrite(SafeFileHandle file, long offset)
    {
        try
        {
            if (_memory is not null)
                _memory.Write(Messages.Written, offset);
            else
                RandomAccess.Write(file, Messages.Written, offset);
            _length = offset + Messages.Length;
            return true;
        }
        catch (IOException)
        {
            _file = null;
            file.Dispose();
            return false;
        }
    }

    private static SafeFileHandle? TryCreate(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
