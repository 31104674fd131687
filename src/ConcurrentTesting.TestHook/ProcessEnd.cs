using System.ComponentModel;
using System.Diagnostics;

namespace ConcurrentTesting.TestHook;

/// <summary>Ends this process and what its tests started, at once and without a word: nobody is left to hear it.</summary>
internal static class ProcessEnd
{
    // Every process of one vstest.console session inherits it; the engine's SessionProcesses sets it.
    private const string SessionVariable = "CONCURRENT_TEST_SESSION";

    public static void Now()
    {
        try
        {
            if (OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable(SessionVariable) is { Length: > 0 } session)
                EndSession(Encoding.UTF8.GetBytes($"{SessionVariable}={session}"));
        }
        finally
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }
    }

    private static void EndSession(byte[] mark)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && id != Environment.ProcessId && HasMark(folder, mark))
                End(id);
        }
    }

    private static bool HasMark(string folder, byte[] mark)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(folder, "environ")).AsSpan().IndexOf(mark) >= 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void End(int id)
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
