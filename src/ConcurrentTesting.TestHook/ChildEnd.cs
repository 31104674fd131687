using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ConcurrentTesting.TestHook;

/// <summary>How a child process ended.</summary>
/// <param name="IsKilled">A signal ended it.</param>
/// <param name="Status">The exit code, or the signal's number.</param>
internal sealed record ChildEnd(bool IsKilled, int Status)
{
    // https://man7.org/linux/man-pages/man2/waitid.2.html
    private const int ProcessById = 1;
    private const int Exited = 4;
    private const int LeaveWaitable = 0x01000000;
    private const int Interrupted = 4;
    private const int CodeExited = 1;

    // siginfo_t of 64-bit Linux: the code after two numbers, the status after the child's id and its user.
    private const int LengthOfInfo = 128;
    private const int OffsetOfCode = 8;
    private const int OffsetOfStatus = 24;

    /// <summary>
    /// Waits until a child of this process has ended; null where this system does not tell. Whoever started the child still learns of its
    /// end.
    /// </summary>
    public static ChildEnd? Await(int child)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            return null;
        var info = new byte[LengthOfInfo];
        while (WaitId(ProcessById, (uint)child, info, Exited | LeaveWaitable) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                return null;
        }

        var code = BinaryPrimitives.ReadInt32LittleEndian(info.AsSpan(OffsetOfCode));
        return new ChildEnd(code != CodeExited, BinaryPrimitives.ReadInt32LittleEndian(info.AsSpan(OffsetOfStatus)));
    }

    [DllImport("libc", EntryPoint = "waitid", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int WaitId(int kind, uint id, byte[] info, int options);
}
