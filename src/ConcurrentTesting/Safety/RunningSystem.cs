namespace ConcurrentTesting.Safety;

/// <summary>The system that runs, for notes that others may find: its machine's name and its kernel's boot. Containers have names of their
/// own and their host's kernel, and so its locks; a machine that was started again has another boot and its old name.</summary>
internal static class RunningSystem
{
    private const string BootFile = "/proc/sys/kernel/random/boot_id";

    private static readonly Lazy<string> Boot = new(() => File.Exists(BootFile) ? File.ReadAllText(BootFile).Trim() : "-");

    public static string Name => $"{Environment.MachineName} {Boot.Value}";

    /// <summary>Whether this is the system of that name, or the same machine before it was started again.</summary>
    public static bool IsThis(string name)
    {
        var parts = name.Trim().Split(' ', 2);
        return parts[0] == Environment.MachineName || (parts.Length > 1 && parts[1] == Boot.Value);
    }
}
