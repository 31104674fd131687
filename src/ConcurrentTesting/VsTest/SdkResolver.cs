using System.Runtime.InteropServices;

namespace ConcurrentTesting.VsTest;

/// <summary>Asks the runtime's own resolver which SDK applies in a folder, as <c>dotnet --version</c> does, without the process that takes
/// a tenth of a second.</summary>
/// <remarks>https://github.com/dotnet/runtime/blob/main/src/native/corehost/hostfxr.h</remarks>
internal static class SdkResolver
{
    private const int ResolvedFolder = 0;

    private static readonly string Library =
        OperatingSystem.IsWindows() ? "hostfxr.dll" : OperatingSystem.IsMacOS() ? "libhostfxr.dylib" : "libhostfxr.so";

    // Its messages of a failure are dropped, because the command says them again.
    private static readonly ErrorWriter Nowhere = _ => { };

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void ErrorWriter(nint message);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nint SetErrorWriter(ErrorWriter? writer);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void Resolved(int key, nint value);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int Resolve(nint dotnetFolder, nint folder, int flags, Resolved result);

    /// <summary>The absolute folder of the SDK; null where it cannot be found out in this way.</summary>
    /// <param name="dotnet">The absolute path of the <c>dotnet</c> executable.</param>
    public static string? Find(string dotnet, string folder)
    {
        try
        {
            return Path.GetDirectoryName(dotnet) is { } root && LibraryIn(root) is { } library
                && NativeLibrary.TryLoad(library, out var loaded)
                ? Find(loaded, root, folder)
                : null;
        }
        catch (Exception exception)
            when (exception is EntryPointNotFoundException or BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Find(nint library, string root, string folder)
    {
        var resolve = Marshal.GetDelegateForFunctionPointer<Resolve>(NativeLibrary.GetExport(library, "hostfxr_resolve_sdk2"));
        var setWriter = Marshal.GetDelegateForFunctionPointer<SetErrorWriter>(NativeLibrary.GetExport(library, "hostfxr_set_error_writer"));
        var (rootText, folderText) = (Text(root), Text(folder));
        string? found = null;
        setWriter(Nowhere);
        try
        {
            var status = resolve(rootText, folderText, 0, (key, value) => found = key == ResolvedFolder ? Text(value) : found);
            return status == 0 ? found : null;
        }
        finally
        {
            setWriter(null);
            Marshal.FreeCoTaskMem(rootText);
            Marshal.FreeCoTaskMem(folderText);
        }
    }

    // The newest version is taken, as the command does. With a preview among them only the command knows which is the newest.
    private static string? LibraryIn(string root)
    {
        var versions = Directory.EnumerateDirectories(Path.Combine(root, "host", "fxr")).ToDictionary(
            folder => folder, folder => Version.TryParse(Path.GetFileName(folder), out var version) ? version : null);
        return versions.Count == 0 || versions.ContainsValue(null)
            ? null
            : Path.Combine(versions.MaxBy(version => version.Value).Key, Library);
    }

    private static nint Text(string text) =>
        OperatingSystem.IsWindows() ? Marshal.StringToCoTaskMemUni(text) : Marshal.StringToCoTaskMemUTF8(text);

    private static string? Text(nint text) => OperatingSystem.IsWindows() ? Marshal.PtrToStringUni(text) : Marshal.PtrToStringUTF8(text);
}
