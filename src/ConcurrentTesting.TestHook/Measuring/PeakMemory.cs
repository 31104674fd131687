using System.Buffers.Text;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>The highest resident memory of this process so far.</summary>
internal static class PeakMemory
{
    // Reading it costs some 20 µs, which is too much after each of ten thousand short tests.
    private const int MillisecondsBetweenReadings = 100;
    private const int BytesBetweenReadings = 16 * 1024 * 1024;

    private static readonly SafeFileHandle? Status = OperatingSystem.IsLinux() ? TryOpen("/proc/self/status") : null;
    private static long _lastReadingAt = long.MinValue / 2;
    private static long _allocatedAtLastReading;
    private static long _lastReading = -1;

    /// <summary>The peak in bytes, at most 100 ms or 16 MiB of allocations old; null where the system does not tell.</summary>
    public static long? Read()
    {
        var now = Environment.TickCount64;
        var allocated = GC.GetTotalAllocatedBytes(precise: false);
        if (now - Volatile.Read(ref _lastReadingAt) >= MillisecondsBetweenReadings
            || allocated - Volatile.Read(ref _allocatedAtLastReading) >= BytesBetweenReadings)
        {
            Volatile.Write(ref _lastReadingAt, now);
            Volatile.Write(ref _allocatedAtLastReading, allocated);
            Volatile.Write(ref _lastReading, Status is null ? OfProcess() : OfStatus(Status));
        }

        return Volatile.Read(ref _lastReading) is var bytes and >= 0 ? bytes : null;
    }

    private static long OfProcess()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64 is var bytes and > 0 ? bytes : -1;
    }

    // The line reads "VmHWM:    123456 kB". getrusage is no replacement, because its maximum counts the process that started this one too.
    private static long OfStatus(SafeFileHandle status)
    {
        Span<byte> text = stackalloc byte[2048];
        text = text[..RandomAccess.Read(status, text, 0)];
        var at = text.IndexOf("VmHWM:"u8);
        if (at < 0)
            return -1;
        var value = text[(at + 6)..].TrimStart(" \t"u8);
        return Utf8Parser.TryParse(value, out long kilobytes, out _) ? kilobytes * 1024 : -1;
    }

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
