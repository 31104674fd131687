using System.Globalization;
using ConcurrentTesting;

namespace Nuke.ConcurrentTest;

/// <summary>What the console ends with, after NUKE's own summary: how fast it was, or why it ended, and the counts.</summary>
internal static class LastLines
{
    public static void Print(ConcurrentTestResult result) => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        Console.WriteLine(SpeedOrReason(result));
        Console.WriteLine(Counts(result));
    };

    public static string Counts(ConcurrentTestResult result) =>
        string.Create(CultureInfo.InvariantCulture, $"{result.Passed} passed, {result.Failed} failed, {result.Skipped} skipped");

    public static string SpeedOrReason(ConcurrentTestResult result)
    {
        if (result.TestSeconds <= 0 || result.WallSeconds <= 0)
            return FirstLine(result.Reason);

        var speed = string.Create(
            CultureInfo.InvariantCulture,
            $"{result.WallSeconds:0.0} s for {result.TestSeconds:0.0} s of tests: {result.TestSeconds / result.WallSeconds:0.0} times as fast as one after another");
        return result.Efficiency is { } efficiency
            ? speed + string.Create(CultureInfo.InvariantCulture, $", efficiency {100 * efficiency:0} %")
            : speed;
    }

    public static string FirstLine(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        return lines.Length == 1 ? lines[0] : $"{lines[0]} (and {lines.Length - 1} more)";
    }
}
