namespace ConcurrentTesting.Reports.Text;

/// <summary>A failed test as it is printed: a header, the message, the stack with places that an editor opens, the end of what it wrote.
/// Safe to print, and short enough to be read.</summary>
internal static class FailureText
{
    private const int LongestName = 300;
    private const int LongestMessage = 4000;
    private const int MostMessageLines = 60;
    private const int MostFrames = 40;
    private const int MostOutputLines = 20;
    private const int LongestOutputLine = 500;

    /// <summary>Header and body, in lines.</summary>
    public static string Full(TestRecord test, ConcurrentTestSettings settings, Redactor redactor)
    {
        var text = new StringBuilder(Header(test, redactor));
        AddMessage(text, Message(test.Final, settings.RootDirectory), redactor);
        AddStack(text, test, settings.RootDirectory, redactor);
        AddOutput(text, test, redactor);
        return text.ToString();
    }

    /// <summary>Header and output of a failure whose message and stack were printed before.</summary>
    /// <param name="first">The test that they were printed of.</param>
    public static string Again(TestRecord test, string first, Redactor redactor)
    {
        var text = new StringBuilder(Header(test, redactor));
        AddLine(text, "  ", $"same message and stack as {first}");
        AddOutput(text, test, redactor);
        return text.ToString();
    }

    /// <summary>One line: what failed, and where it ran.</summary>
    public static string Header(TestRecord test, Redactor redactor)
    {
        var attempt = test.Final;
        string[] details =
            [test.Assembly.Source, FailureKinds.Where(test, attempt), attempt.Number > 1
                ? string.Create(CultureInfo.InvariantCulture, $"attempt {attempt.Number}")
                : ""];
        return $"{Verdict(FailureKinds.Of(test))}  {Name(test, redactor)}  [{string.Join(", ", details.Where(detail => detail.Length > 0))}]";
    }

    /// <summary>The test's whole name on one line.</summary>
    public static string Name(TestRecord test, Redactor redactor) =>
        PlainText.Cap(PlainText.OneLine(redactor.Redact(test.FullName)), LongestName);

    /// <summary>Where the test's code is, as <c>file:line</c>; null where it is not known.</summary>
    public static string? Place(TestRecord test, string rootDirectory) => test.SourceFile is not { Length: > 0 } file ? null
        : PlainText.OneLine(
            StackTraceText.RelativePath(file, rootDirectory)) + (test.Line is { } line
                ? string.Create(CultureInfo.InvariantCulture, $":{line}")
                : "");

    /// <summary>An attempt's message. That of a crash ends with the stack of what the process did last, in which only the user's own part
    /// tells something.</summary>
    public static string? Message(TestAttempt attempt, string rootDirectory) =>
        attempt.Message is { } message && FailureKinds.Of(attempt) == FailureKind.Crashed
            ? StackTraceText.TrimWithin(message, rootDirectory)
            : attempt.Message;

    /// <summary>An attempt's stack without the frames that are not the user's at both ends, with places relative to the root.</summary>
    public static string? Stack(TestAttempt attempt, string rootDirectory) =>
        attempt.StackTrace is { } stack ? string.Join('\n', StackTraceText.Trim(stack, rootDirectory)) : null;

    private static string Verdict(FailureKind kind) => kind switch
    {
        FailureKind.NoResult => "NO RESULT",
        FailureKind.Unfinished => "UNFINISHED",
        FailureKind.NotRun => "NOT RUN",
        FailureKind.TimedOut => "TIMEOUT",
        FailureKind.Crashed => "CRASH",
        _ => "FAIL",
    };

    private static void AddMessage(StringBuilder text, string? message, Redactor redactor)
    {
        if (string.IsNullOrWhiteSpace(message))
        {
            AddLine(text, "  ", "(no message)");
            return;
        }

        var lines = PlainText.Lines(PlainText.Cap(redactor.Redact(message), LongestMessage)).ToList();
        foreach (var line in lines.Take(MostMessageLines))
            AddLine(text, "  ", line);
        AddRest(text, "  ", lines.Count - MostMessageLines, "lines");
    }

    private static void AddStack(StringBuilder text, TestRecord test, string rootDirectory, Redactor redactor)
    {
        var frames = test.Final.StackTrace is { } stack ? StackTraceText.Trim(redactor.Redact(stack), rootDirectory) : [];
        foreach (var frame in frames.Take(MostFrames))
            AddLine(text, "    ", PlainText.Cap(PlainText.OneLine(frame), LongestOutputLine));
        AddRest(text, "    ", frames.Length - MostFrames, "frames");
        if (!frames.Any(frame => frame.Contains(" in ", StringComparison.Ordinal)) && Place(test, rootDirectory) is { } place)
            AddLine(text, "    ", $"in {place}");
    }

    private static void AddOutput(StringBuilder text, TestRecord test, Redactor redactor)
    {
        AddOutput(text, "output", test.Final.StandardOutput, redactor);
        AddOutput(text, "error output", test.Final.StandardError, redactor);
    }

    private static void AddOutput(StringBuilder text, string what, string? output, Redactor redactor)
    {
        var all = redactor.Redact(output ?? "").AsSpan().TrimEnd();
        if (all.IsEmpty)
            return;
        var start = StartOfLastLines(all, MostOutputLines);
        var earlier = all[..start].Count('\n');
        var lines = PlainText.Lines(all[start..].ToString()).ToList();
        AddLine(text, "  ", earlier == 0
            ? $"{what}:"
            : string.Create(CultureInfo.InvariantCulture, $"{what} (last {lines.Count} of {earlier + lines.Count} lines):"));
        foreach (var line in lines)
            AddLine(text, "  | ", PlainText.Cap(line, LongestOutputLine));
    }

    // The lines are counted from the end, because a test may have written megabytes.
    private static int StartOfLastLines(ReadOnlySpan<char> text, int lines)
    {
        var start = text.Length;
        for (var i = 0; i < lines && start > 0; i++)
            start = text[..(start - 1)].LastIndexOf('\n') + 1;
        return start;
    }

    private static void AddRest(StringBuilder text, string indent, int count, string what)
    {
        if (count > 0)
            AddLine(text, indent, string.Create(CultureInfo.InvariantCulture, $"... ({count} more {what})"));
    }

    private static void AddLine(StringBuilder text, string indent, string line) => text.Append('\n').Append(indent).Append(line);
}
