using ConcurrentTesting;

namespace Nuke.ConcurrentTest;

/// <summary>What the console ends with, after NUKE's own summary: how fast it was, or why nothing ran, and the counts.</summary>
internal static class LastLines
{
    public static void Print(ConcurrentTestResult result)
    {
        var lines = Of(result);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Console.WriteLine(string.Join(Environment.NewLine, lines));
    }

    public static string FirstLine(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        return lines.Length == 1 ? lines[0] : $"{lines[0]} (and {lines.Length - 1} more)";
    }

    private static IReadOnlyList<string> Of(ConcurrentTestResult result) =>
        result.ClosingLines.Count > 0 ? result.ClosingLines : [FirstLine(result.Reason), "0 passed, 0 failed, 0 skipped"];
}
