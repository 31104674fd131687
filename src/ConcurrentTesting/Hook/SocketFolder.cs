namespace ConcurrentTesting.Hook;

/// <summary>The folder with the socket of a run's hooks and the figures of its test processes, in a place that everybody may write to:
/// memory, if there is any.</summary>
internal static class SocketFolder
{
    private const string Beginning = "h-";

    // sun_path holds 104 bytes on macOS and 108 on Linux, with a zero at the end.
    private const int LongestSocketPath = 103;

    /// <exception cref="IOException">There is none that is ours and that can be written to.</exception>
    /// <param name="places">Where it may be, the best first; null: where this machine has room for such things.</param>
    public static RunFolder Create(string runId, ILogger log, IEnumerable<string>? places = null)
    {
        var name = Beginning + TextHash.Of(runId + Guid.NewGuid())[..12];
        var reason = "no path there is short enough for a socket.";
        foreach (var place in (places ?? Places()).Where(Directory.Exists).Distinct())
        {
            var root = RunFolder.Root(place);
            if (Encoding.UTF8.GetByteCount(SocketPath(Path.Combine(root, name))) > LongestSocketPath)
                continue;
            RunFolder.RemoveDead(root, Beginning, log);
            try
            {
                return RunFolder.Create(root, name, isPrivate: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                log.LogDebug("{Root} is not used: {Reason}", root, exception.Message);
                reason = exception.Message;
            }
        }

        throw new IOException(reason);
    }

    public static string SocketPath(string folder) => Path.Combine(folder, "hook");

    // Test processes write there after each test, and writing into memory costs least.
    private static IEnumerable<string> Places()
    {
        if (OperatingSystem.IsLinux())
            yield return RunFolder.Memory;
        yield return Path.GetTempPath();
        yield return "/tmp";
    }
}
