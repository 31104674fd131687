using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ConcurrentTesting.TestHook;

/// <summary>Writes to a file that lies in memory (Linux's tmpfs) as memory is written: a system call after each test costs more than all
/// the rest that is done to tell its figures. What is written outlives the process all the same. Not thread-safe.</summary>
/// <remarks>Only pages that have been filled before are mapped, because touching one that the file system has no room for would end the
/// process; and only tmpfs keeps them for sure.</remarks>
internal sealed unsafe class FigureMemory
{
    private const string FileSystem = "/dev/shm/";

    // This much holds the figures of some 500 tests.
    private const int Growth = 64 * 1024;
    private const int ReadAndWrite = 1 | 2;
    private const int Shared = 1;

    private readonly SafeFileHandle _file;
    private readonly delegate* unmanaged<nint, nuint, int, int, int, long, nint> _map;
    private readonly delegate* unmanaged<nint, nuint, int> _unmap;
    private nint _window;
    private long _begin;
    private long _end;

    private FigureMemory(SafeFileHandle file, nint map, nint unmap)
    {
        _file = file;
        _map = (delegate* unmanaged<nint, nuint, int, int, int, long, nint>)map;
        _unmap = (delegate* unmanaged<nint, nuint, int>)unmap;
    }

    /// <summary>Null where the file cannot be written so.</summary>
    public static FigureMemory? TryOpen(string path, SafeFileHandle file) =>
        OperatingSystem.IsLinux()
        && Environment.Is64BitProcess
        && path.StartsWith(FileSystem, StringComparison.Ordinal)
        && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "mmap", out var map)
        && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "munmap", out var unmap)
            ? new FigureMemory(file, map, unmap)
            : null;

    /// <summary>Writes messages after all that was written before, or in the place of the last.</summary>
    /// <param name="messages">Their first four bytes, the length of the first, appear last: who reads finds all of them or none.</param>
    /// <exception cref="IOException">The file system is full.</exception>
    public void Write(ReadOnlySpan<byte> messages, long offset)
    {
        if (offset + messages.Length > _end)
            Move(offset, messages.Length);
        var target = new Span<byte>((void*)(_window + (nint)(offset - _begin)), messages.Length);
        target[..sizeof(int)].Clear();
        Interlocked.MemoryBarrier();
        messages[sizeof(int)..].CopyTo(target[sizeof(int)..]);
        Interlocked.MemoryBarrier();
        messages[..sizeof(int)].CopyTo(target);
    }

    private void Move(long offset, int length)
    {
        var begin = offset - (offset % Environment.SystemPageSize);
        var filled = Math.Max(_end, offset);
        var end = filled + Math.Max(Growth, length);
        RandomAccess.Write(_file, new byte[end - filled], filled);
        if (_window != 0)
            _ = _unmap(_window, (nuint)(_end - _begin));
        _end = 0;
        _window = _map(0, (nuint)(end - begin), ReadAndWrite, Shared, (int)_file.DangerousGetHandle(), begin);
        if (_window == -1)
            throw new IOException("mmap");
        _begin = begin;
        _end = end;
    }
}
