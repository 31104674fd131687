using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace ConcurrentTesting.Safety;

internal enum FileKind
{
    /// <summary>A device or a pipe.</summary>
    Other,
    File,
    Folder,
    Link,
    Socket,
}

/// <summary>What a file is and whose, for places where everybody may put something. A symbolic link is itself, never what it leads
/// to.</summary>
/// <param name="IsOurs">The run's own user has it.</param>
/// <param name="IsWritableByOthers">By mode, be it the group.</param>
internal sealed record FileOwner(FileKind Kind, bool IsOurs, bool IsWritableByOthers)
{
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint BasicStats = 0x7ff;

    // struct statx is the same on every kind of machine, which struct stat is not (https://man7.org/linux/man-pages/man2/statx.2.html).
    private const int StatxSize = 256;
    private const int UserOffset = 20;
    private const int ModeOffset = 28;
    private const int KindMask = 0xF000;

    /// <returns>Null where there is nothing, and on Windows, whose shared places are nobody else's.</returns>
    public static FileOwner? Of(string path) =>
        OperatingSystem.IsLinux() ? OfLinux(path)
        : OperatingSystem.IsWindows() ? null
        : OfUnix(path);

    /// <summary>The user's name, or the number where it has none.</summary>
    public static string UserName =>
        Environment.UserName is { Length: > 0 } name || OperatingSystem.IsWindows() ? Environment.UserName : $"{EffectiveUser()}";

    private static FileOwner? OfLinux(string path)
    {
        var stat = new byte[StatxSize];
        if (Statx(CurrentDirectory, path, NoFollow, BasicStats, stat) != 0)
            return null;
        var mode = BitConverter.ToUInt16(stat, ModeOffset);
        return new FileOwner(
            KindOf(mode & KindMask), BitConverter.ToUInt32(stat, UserOffset) == EffectiveUser(),
            ((UnixFileMode)(mode & ~KindMask) & OthersWrite) != 0);
    }

    private static FileKind KindOf(int kind) => kind switch
    {
        0x4000 => FileKind.Folder,
        0x8000 => FileKind.File,
        0xA000 => FileKind.Link,
        0xC000 => FileKind.Socket,
        _ => FileKind.Other,
    };

    // Only a file's owner and root may change its mode.
    [UnsupportedOSPlatform("windows")]
    private static FileOwner? OfUnix(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
            return new FileOwner(FileKind.Link, IsOurs: false, IsWritableByOthers: false);
        if (!Path.Exists(path))
            return null;
        var mode = File.GetUnixFileMode(path);
        return new FileOwner(Directory.Exists(path) ? FileKind.Folder : FileKind.Socket, MayChange(path, mode), (mode & OthersWrite) != 0);
    }

    [UnsupportedOSPlatform("windows")]
    private static bool MayChange(string path, UnixFileMode mode)
    {
        try
        {
            File.SetUnixFileMode(path, mode);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int directory, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, byte[] stat);

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint EffectiveUser();
}
