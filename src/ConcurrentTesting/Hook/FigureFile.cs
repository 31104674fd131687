using System.Runtime.CompilerServices;
using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.Hook;

/// <summary>The file in which the hook of one test process writes its figures, read as far as whole messages go. Not thread-safe.</summary>
internal sealed class FigureFile(string path)
{
    private long _read;

    // This is the offset of a state that could not be read; a second failure at the same place is an error.
    private long? _unreadable;

    /// <summary>Reads the messages that were written since the last time. Without a file, or with a broken one, nothing.</summary>
    /// <param name="take">Hears each message.</param>
    /// <exception cref="InvalidDataException">What is written there is no message.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ReadOn(Action<byte[]> take)
    {
        if (!File.Exists(path))
            return;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 64 * 1024);
            file.Position = _read;
            for (var end = _read; Next(file) is { } message;)
            {
                var isState = (HookMessage)message[0] == HookMessage.Outside;
                if (!TryTake(take, message, isState ? end : null))
                    return;
                end += sizeof(int) + message.Length;
                // The process writes over its last state, so that one is read again.
                if (!isState)
                    _read = end;
            }
        }
        catch (FileNotFoundException)
        {
            // The process deleted the file between the two lines.
        }
    }

    /// <summary>Removes it; what was not read is lost.</summary>
    public void Delete()
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The file goes with its folder.
        }
    }

    // A state that is being written over may be half old and half new; the next reading finds it whole.
    private bool TryTake(Action<byte[]> take, byte[] message, long? stateAt)
    {
        try
        {
            take(message);
            return true;
        }
        catch (InvalidDataException) when (stateAt is not null && stateAt != _unreadable)
        {
            _unreadable = stateAt;
            return false;
        }
    }

    // A killed process, or one with a full disk, may have written half of its last message.
    private static byte[]? Next(FileStream file)
    {
        Span<byte> header = stackalloc byte[sizeof(int)];
        if (file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length || IsUnwritten(header))
            return null;
        var message = new byte[HookMessages.LengthOf(header)];
        return file.ReadAtLeast(message, message.Length, throwOnEndOfStream: false) < message.Length ? null : message;
    }

    // The file is longer than its messages, and the rest is zeros.
    private static bool IsUnwritten(ReadOnlySpan<byte> header) => header.IndexOfAnyExcept((byte)0) < 0;
}
