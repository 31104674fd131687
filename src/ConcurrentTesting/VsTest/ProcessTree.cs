using System.ComponentModel;
using System.Diagnostics;

namespace ConcurrentTesting.VsTest;

/// <summary>A process with everything that it and its children have started.</summary>
internal static class ProcessTree
{
    /// <summary>Ends all of them. On Linux no process is stopped before it is killed, unlike in the runtime's own method: if this process
    /// were ended between the two, a stopped process would stay for good.</summary>
    /// <exception cref="InvalidOperationException">The process was never started.</exception>
    public static void Kill(Process root)
    {
        if (!OperatingSystem.IsLinux())
        {
            root.Kill(entireProcessTree: true);
            return;
        }

        var below = Below(root.Id);
        // The root is killed first, because a dead process starts no further ones.
        root.Kill();
        foreach (var id in below)
            Kill(id);
    }

    /// <summary>Waits for its end; who gives up waiting ends all of them.</summary>
    /// <exception cref="OperationCanceledException">It was not waited for any longer.</exception>
    public static async Task WaitAsync(Process root, CancellationToken cancellationToken)
    {
        try
        {
            await root.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Kill(root);
            throw;
        }
    }

    private static List<int> Below(int root)
    {
        var children = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .ToLookup(ParentOf);
        var below = new List<int>(children[root]);
        for (var index = 0; index < below.Count; index++)
            below.AddRange(children[below[index]]);
        return below;
    }

    /// <summary>A signal or a debugger has stopped the process; false where the system does not tell.</summary>
    public static bool IsStopped(int id) => OperatingSystem.IsLinux() && StatOf(id) is ["T" or "t", ..];

    private static int ParentOf(int id) => StatOf(id) is [_, var parent, ..] ? int.Parse(parent, CultureInfo.InvariantCulture) : 0;

    // The fields begin with the state. The name before it stands in parentheses and may hold any character
    // (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
    private static string[] StatOf(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The process ended meanwhile.
            return [];
        }
    }

    private static void Kill(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // The process ended by itself meanwhile.
        }
    }
}
