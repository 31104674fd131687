using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ConcurrentTesting.Databases.Sqlite;

/// <summary>Tells whether a file is still the same, or was deleted and another one made under its name. It holds the file open, because
/// Linux names the file behind a handle and says where that is deleted; other systems do not tell.</summary>
internal sealed class OriginalFile : IDisposable
{
    private const string Deleted = " (deleted)";

    // This is LOCK_UN of flock(2).
    private const int Unlock = 8;

    private readonly SafeFileHandle? _handle;

    private OriginalFile(SafeFileHandle? handle) => _handle = handle;

    /// <summary>It is known to be deleted.</summary>
    public bool IsGone
    {
        get
        {
            try
            {
                return _handle is { IsClosed: false } && new FileInfo(string.Create(
                    CultureInfo.InvariantCulture, $"/proc/self/fd/{_handle.DangerousGetHandle()}"))
                    .LinkTarget?.EndsWith(Deleted, StringComparison.Ordinal) == true;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    public static OriginalFile Of(string path)
    {
        if (!OperatingSystem.IsLinux())
            return new OriginalFile(null);
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        // .NET locks what it opens, and tests may copy a database over this one.
        _ = Lock((int)handle.DangerousGetHandle(), Unlock);
        return new OriginalFile(handle);
    }

    public void Dispose() => _handle?.Dispose();

    [DllImport("libc", EntryPoint = "flock")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Lock(int file, int operation);
}
