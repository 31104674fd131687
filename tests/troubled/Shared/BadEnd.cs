using System.Globalization;
using System.Runtime.InteropServices;

namespace Troubled;

/// <summary>
/// Ends of a test process. A variable <c>TROUBLED_…</c> names one: <c>failfast</c>, <c>exit</c>, <c>abort</c>, <c>kill</c> (as an out-of-memory kill would), <c>thread</c> (an exception on another thread) or
/// <c>hang</c>; with <c>-once</c> behind it only the first time in a run. <c>TROUBLED_END_DELAY</c> says after how many milliseconds it comes.
/// </summary>
public static partial class BadEnd
{
    private const int Kill = 9;
    private const string Once = "-once";

    public static void IfAsked(string kind)
    {
        var how = Environment.GetEnvironmentVariable($"TROUBLED_{kind}");
        if (string.IsNullOrEmpty(how))
            return;
        if (!how.EndsWith(Once, StringComparison.Ordinal))
            Come(how);
        else if (Trouble.IsAskedOnce(kind, how))
            Come(how[..^Once.Length]);
    }

    private static void Come(string how)
    {
        if (Environment.GetEnvironmentVariable("TROUBLED_END_DELAY") is { Length: > 0 } delay)
            Thread.Sleep(int.Parse(delay, CultureInfo.InvariantCulture));
        switch (how)
        {
            case "failfast":
                Environment.FailFast($"TROUBLED asks for {how}.");
                break;
            case "exit":
                Environment.Exit(0);
                break;
            case "abort":
                Abort();
                break;
            case "kill":
                _ = Signal(Environment.ProcessId, Kill);
                break;
            case "thread":
                new Thread(() => throw new InvalidOperationException($"TROUBLED asks for {how}.")).Start();
                break;
        }

        // The end comes from elsewhere: a signal, another thread, whoever watches.
        Thread.Sleep(Timeout.Infinite);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);

    [LibraryImport("libc", EntryPoint = "abort")]
    private static partial void Abort();
}
