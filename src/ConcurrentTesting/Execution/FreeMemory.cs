using static System.FormattableString;

namespace ConcurrentTesting.Execution;

/// <summary>Says when the machine has too little memory left for one more test host.</summary>
internal sealed class FreeMemory(TimeProvider time)
{
    // A test host with a driver and a small suite holds 100 to 200 MB.
    private const long Needed = 300L << 20;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private long? _looked;
    private string? _obstacle;

    /// <summary>Why no further test host should start, in words for people; null: one can.</summary>
    public string? Obstacle()
    {
        if (_looked is { } looked && time.GetElapsedTime(looked) < Interval)
            return _obstacle;
        _looked = time.GetTimestamp();
        _obstacle = Bytes() is { } free && free < Needed ? Invariant($"only {free >> 20} MB of memory were left") : null;
        return _obstacle;
    }

    /// <summary>The bytes that this process and others may still take; null where the machine does not say so.</summary>
    public static long? Bytes()
    {
        try
        {
            return new[] { OfMachine(), OfGroup() }.Min();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long? OfMachine() =>
        File.Exists("/proc/meminfo")
            && LineOf("/proc/meminfo", "MemAvailable:") is { } line
            && line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var kilobytes, ..]
            ? Number(kilobytes) << 10
            : null;

    // This is a container's own limit. Memory for files that its processes read is given back on demand, so it counts as free.
    private static long? OfGroup() =>
        Read("/sys/fs/cgroup/memory.max") is { } most && Read("/sys/fs/cgroup/memory.current") is { } used
            ? most - used + (Statistic("inactive_file") ?? 0)
            : null;

    private static long? Statistic(string name) =>
        File.Exists("/sys/fs/cgroup/memory.stat") && LineOf("/sys/fs/cgroup/memory.stat", name + " ") is { } line
            ? Number(line[(name.Length + 1)..])
            : null;

    private static string? LineOf(string file, string start) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal));

    private static long? Read(string file) => File.Exists(file) ? Number(File.ReadAllText(file).Trim()) : null;

    // A group without a limit says "max".
    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
