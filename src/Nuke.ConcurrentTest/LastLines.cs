using ConcurrentTesting;

namespace Nuke.ConcurrentTest;

/// <summary>What the console ends with, after NUKE's own summary: what to do next, how fast it was, or why nothing ran, and the
/// counts.</summary>
internal static class LastLines
{
    public static void Print(ConcurrentTestResult result)
    {
        IReadOnlyList<string> lines = [.. Next(result), .. Of(result)];
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Write(lines);
    }

    /// <summary>Writes while the process ends. An exception there would give it another exit code.</summary>
    public static void Write(IReadOnlyList<string> lines)
    {
        try
        {
            Console.WriteLine(string.Join(Environment.NewLine, lines));
        }
        catch (IOException)
        {
            // The terminal has been closed, or nobody reads any more.
        }
    }

    /// <summary>How the failed tests are run again, and where the report is.</summary>
    public static IEnumerable<string> Next(ConcurrentTestResult result)
    {
        if (result.ResultsDirectory is not { } folder)
            yield break;
        if (result.Failed > 0)
        {
            var script = OperatingSystem.IsWindows() ? @".\build.ps1" : "./build.sh";
            yield return $"Run again: {script} {nameof(IConcurrentTest.ConcurrentTest)}{result.RepeatedArguments} --test-only-failed";
        }

        if (Path.Combine(folder, "report.html") is var report && File.Exists(report))
            yield return $"Report: {ConcurrentTestRun.ToPrintedAddress(report)}";
    }

    private static IReadOnlyList<string> Of(ConcurrentTestResult result) =>
        result.ClosingLines.Count > 0 ? result.ClosingLines : [result.Reason, "0 passed, 0 failed, 0 skipped"];
}
