using System.ComponentModel;
using System.Diagnostics;

namespace ConcurrentTesting.VsTest;

/// <summary>The processes of one session. All of them inherit a variable with the session's name, so that on Linux they are found also when
/// their parent is gone (xunit v3's child outlives a killed test host); elsewhere the tree below the console is all that can be
/// found.</summary>
internal sealed class SessionProcesses
{
    public const string MarkerVariable = "CONCURRENT_TEST_SESSION";

    private readonly byte[] _marker;

    public SessionProcesses(string session)
    {
        Session = session;
        _marker = Encoding.UTF8.GetBytes($"{MarkerVariable}={session}");
    }

    public static SessionProcesses New() => new(Guid.NewGuid().ToString("N"));

    /// <summary>The marker's value, unique on this machine.</summary>
    public string Session { get; }

    /// <summary>The first process of the session by start time, or null if there is none or this system does not tell.</summary>
    public int? FindConsole()
    {
        using var processes = new ProcessList(Marked());
        return processes.OrderBy(StartTime).FirstOrDefault()?.Id;
    }

    /// <summary>Ends the console with everything below it, and everything else that bears the session's mark.</summary>
    public void Kill(int? console)
    {
        if (console is { } id)
            KillTree(id);

        // A process that is being started while others are killed has the mark too: look until none is left.
        for (var round = 0; round < 10; round++)
        {
            using var left = new ProcessList(Marked());
            if (left.Count == 0)
                return;
            left.ForEach(Kill);
        }
    }

    private static void KillTree(int id)
    {
        if (TryGet(id) is not { } process)
            return;
        using (process)
            Kill(process);
    }

    private static void Kill(Process process)
    {
        try
        {
            ProcessTree.Kill(process);
        }
        catch (Exception exception) when (exception is InvalidOperationException
            or Win32Exception or AggregateException or NotSupportedException)
        {
            // The process ended by itself meanwhile.
        }
    }

    private IEnumerable<Process> Marked()
    {
        if (!OperatingSystem.IsLinux())
            yield break;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id) && id != Environment.ProcessId && HasMark(folder)
                && TryGet(id) is { } process)
                yield return process;
        }
    }

    private bool HasMark(string folder)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(folder, "environ")).AsSpan().IndexOf(_marker) >= 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static Process? TryGet(int id)
    {
        try
        {
            return Process.GetProcessById(id);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static DateTime StartTime(Process process)
    {
        try
        {
            return process.StartTime;
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            return DateTime.MaxValue;
        }
    }

    private sealed class ProcessList(IEnumerable<Process> processes) : List<Process>(processes), IDisposable
    {
        public void Dispose() => ForEach(process => process.Dispose());
    }
}
