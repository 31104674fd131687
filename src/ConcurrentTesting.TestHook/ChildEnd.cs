using System.Buffers.Binary;
using System.Collections;
using System.Reflection;
using System.Runtime.InteropServices;

namespace ConcurrentTesting.TestHook;

/// <summary>How a child process ended.</summary>
/// <param name="IsKilled">A signal ended it.</param>
/// <param name="Status">The exit code, or the signal's number.</param>
internal sealed record ChildEnd(bool IsKilled, int Status)
{
    // This is P_PID of waitid (https://man7.org/linux/man-pages/man2/waitid.2.html).
    private const int ProcessById = 1;
    private const int Exited = 4;
    private const int LeaveWaitable = 0x01000000;
    private const int Interrupted = 4;
    private const int CodeExited = 1;

    // The runtime adds this to the number of a signal that ended a child, as shells do.
    private const int SignalBase = 128;
    private const int LastSignal = 64;
    private static readonly TimeSpan PatienceWithRuntime = TimeSpan.FromSeconds(1);

    // In the siginfo_t of 64-bit Linux the code follows two numbers, and the status follows the child's id and its user.
    private const int LengthOfInfo = 128;
    private const int OffsetOfCode = 8;
    private const int OffsetOfStatus = 24;

    /// <summary>Waits until a child of this process has ended; null where this system does not tell. Whoever started the child still learns
    /// of its end.</summary>
    public static ChildEnd? Await(int child)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            return null;
        var info = new byte[LengthOfInfo];
        while (WaitId(ProcessById, (uint)child, info, Exited | LeaveWaitable) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                return KnownToRuntime(child);
        }

        var code = BinaryPrimitives.ReadInt32LittleEndian(info.AsSpan(OffsetOfCode));
        return new ChildEnd(code != CodeExited, BinaryPrimitives.ReadInt32LittleEndian(info.AsSpan(OffsetOfStatus)));
    }

    // The runtime waits for the same child. Where it is first, the system forgets how the child ended, and only the runtime's own record
    // tells:
    // https://github.com/dotnet/runtime/blob/main/src/libraries/System.Diagnostics.Process/src/System/Diagnostics/ProcessWaitState.Unix.cs
    private static ChildEnd? KnownToRuntime(int child)
    {
        try
        {
            var kind = Type.GetType("System.Diagnostics.ProcessWaitState, System.Diagnostics.Process", throwOnError: false);
            var code = kind?.GetField("_exitCode", BindingFlags.NonPublic | BindingFlags.Instance);
            if (kind?.GetField("s_childProcessWaitStates", BindingFlags.NonPublic | BindingFlags.Static)
                ?.GetValue(null) is not IDictionary children || code is null)
                return null;
            object? state;
            lock (children)
                state = children[child];
            if (state is null)
                return null;
            SpinWait.SpinUntil(() => code.GetValue(state) is int, PatienceWithRuntime);
            return code.GetValue(state) is int status ? OfStatus(status) : null;
        }
        catch (Exception exception) when (exception is MemberAccessException
            or TargetException or InvalidCastException or ArgumentException)
        {
            // Another version of the runtime keeps the record elsewhere.
            return null;
        }
    }

    private static ChildEnd OfStatus(int status) =>
        status is > SignalBase and <= SignalBase + LastSignal ? new ChildEnd(true, status - SignalBase) : new ChildEnd(false, status);

    [DllImport("libc", EntryPoint = "waitid", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int WaitId(int kind, uint id, byte[] info, int options);
}
