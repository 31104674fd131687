using ConcurrentTesting;

namespace Nuke.ConcurrentTest;

/// <summary>
/// What the console ends with, after NUKE's own summary: what to do next, how fast it was, or why nothing ran, and the counts.
/// </summary>
internal static class LastLines
{
    /// <param name="settings">Those of a run that left artifacts; null where it left none.</param>
    public static void Print(ConcurrentTestResult result, ConcurrentTestSettings? settings)
    {
        IReadOnlyList<string> lines = [.. Next(result, settings), .. Of(result)];
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine(string.Join(Environment.NewLine, lines));
    }

    /// <summary>How the failed tests are run again, and where the report is.</summary>
    public static IEnumerable<string> Next(ConcurrentTestResult result, ConcurrentTestSettings? settings)
    {
        if (settings is null)
            yield break;
        if (result.Failed > 0)
            yield return $"Run again: {(OperatingSystem.IsWindows() ? @".\build.ps1" : "./build.sh")} {nameof(IConcurrentTest.ConcurrentTest)}{settings.RepeatedArguments} --test-only-failed";
        if (Path.Combine(settings.ResultsDirectory, "report.html") is var report && File.Exists(report))
            yield return $"Report: {new Uri(Path.GetFullPath(report)).AbsoluteUri}";
    }

    private static IReadOnlyList<string> Of(ConcurrentTestResult result) =>
        result.ClosingLines.Count > 0 ? result.ClosingLines : [result.Reason, "0 passed, 0 failed, 0 skipped"];
}
