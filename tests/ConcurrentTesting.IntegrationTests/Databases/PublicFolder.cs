namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>A folder that every user may pass through.</summary>
internal sealed class PublicFolder : IDisposable
{
    public PublicFolder()
    {
        Path = Directory.CreateTempSubdirectory("ct-").FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
