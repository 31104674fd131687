using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

/// <summary>What a test process wrote to its error stream as it crashed: why, and then the stack.</summary>
internal static class LastWords
{
    private const int MostLines = 3;

    /// <summary>Null where the host did not say that the process crashed, or the process wrote nothing.</summary>
    /// <param name="fault">What the host said.</param>
    public static string? In(string fault) =>
        fault.IndexOf(TestProcess.CrashedWith, StringComparison.Ordinal) is >= 0 and var at
            && fault[(at + TestProcess.CrashedWith.Length)..].Trim() is { Length: > 0 } written ? written : null;

    /// <summary>
    /// On one line why the process crashed. .NET writes the reason that <c>Environment.FailFast</c> was given, or an assertion's text, on a
    /// line of its own.
    /// </summary>
    public static string Reason(string written)
    {
        var lines = written.Split('\n').TakeWhile(line => !IsFrame(line)).Select(line => line.Trim()).Where(line => line.Length > 0)
            .ToList();
        return lines.Count == 0
            ? FirstLine.Marked(written)
            : string.Join(' ', lines.Take(MostLines)) + (lines.Count > MostLines ? " …" : "");
    }

    /// <summary>The frames, from the innermost on; empty where none were written.</summary>
    public static string Stack(string written) => string.Join('\n', written.Split('\n').SkipWhile(line => !IsFrame(line)));

    /// <summary>What a host said of a process that is gone, as a sentence for another one after it.</summary>
    public static string Sentence(string fault) =>
        FirstLine.Sentence(In(fault) is { } written ? $"The test process crashed: {Reason(written)}" : fault);

    private static bool IsFrame(string line) => line.TrimStart().StartsWith("at ", StringComparison.Ordinal);
}
