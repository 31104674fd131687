using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace ConcurrentTesting.Databases.Sqlite;

/// <summary>
/// Tells whether a file is still the one that it was, or was deleted and another one made of its name. It holds the file open, because
/// Linux names the file behind a handle and says where that is deleted; elsewhere nothing tells.
/// </summary>
internal sealed class OriginalFile : IDisposable
{
    private const string Deleted = " (deleted)";

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

    public static OriginalFile Of(string path) => new(
        OperatingSystem.IsLinux()
            ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)
            : null);

    public void Dispose() => _handle?.Dispose();
}
