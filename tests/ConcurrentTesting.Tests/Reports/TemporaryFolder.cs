namespace ConcurrentTesting.Tests.Reports;

/// <summary>A folder of a test's own, gone after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("concurrent-test-results-").FullName;

    public string File(params string[] parts)
    {
        var path = System.IO.Path.Combine([Path, .. parts]);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>Copies an asset to where a worker's test host would have written it.</summary>
    public string Copy(string asset, params string[] parts)
    {
        var path = File(parts);
        System.IO.File.Copy(RecordedRun.Asset(asset), path);
        return path;
    }

    public void Dispose()
    {
        if (OperatingSystem.IsLinux())
        {
            System.IO.File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        Directory.Delete(Path, recursive: true);
    }
}
