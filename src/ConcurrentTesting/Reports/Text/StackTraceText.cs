namespace ConcurrentTesting.Reports.Text;

/// <summary>A stack trace as a reader wants it: from the failing line of the test's own code outwards, with places that an editor
/// opens.</summary>
internal static partial class StackTraceText
{
    private static readonly ImmutableArray<string> NoiseAtTheEnds =
    [
        "Xunit.", "NUnit.", "Microsoft.VisualStudio.TestPlatform.", "Microsoft.VisualStudio.TestTools.", "Microsoft.Testing.",
        "Shouldly.", "FluentAssertions.", "AwesomeAssertions.", "ConcurrentTesting.",
        "System.Reflection.", "System.RuntimeMethodHandle.", "System.RuntimeType.", "System.Runtime.CompilerServices.",
        "System.Runtime.ExceptionServices.",
        "System.Threading.ExecutionContext.", "System.Threading.Tasks.", "System.Threading.Thread", "System.Threading.PortableThreadPool",
        "InvokeStub_",
    ];

    private static StringComparison PathComparison =>
        OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;

    /// <summary>The frames without those of the test framework, the assertion library and reflection at both ends, files relative to
    /// <paramref name="rootDirectory"/> as <c>file:line</c>. All frames where nothing else would be left.</summary>
    public static ImmutableArray<string> Trim(string stackTrace, string rootDirectory)
    {
        var lines = WithoutRepetition(
            stackTrace.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        var first = Array.FindIndex(lines, line => !IsNoise(line, rootDirectory));
        var last = Array.FindLastIndex(lines, line => !IsNoise(line, rootDirectory));
        var kept = first < 0 ? lines : lines[first..(last + 1)];
        return [.. kept.Select(line => WithPlace(line, rootDirectory))];
    }

    /// <summary>A text with the frames in it trimmed, as a process that ends itself writes them behind its reason.</summary>
    public static string TrimWithin(string text, string rootDirectory)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var kept = new List<string>(lines.Length);
        for (var start = 0; start < lines.Length;)
        {
            var end = start;
            while (end < lines.Length && IndentedFrame().IsMatch(lines[end]))
                end++;
            if (end > start)
                kept.AddRange(Trim(string.Join('\n', lines[start..end]), rootDirectory).Select(frame => $"   {frame}"));
            else
                kept.Add(lines[end++]);
            start = end;
        }

        return string.Join('\n', kept);
    }

    /// <summary>A file relative to the root where it is below it, with forward slashes.</summary>
    public static string RelativePath(string file, string rootDirectory)
    {
        // Deterministic builds map the repository's root to /_/.
        if (file.StartsWith("/_/", StringComparison.Ordinal))
            return file[3..];
        return IsBelow(file, rootDirectory) ? Slashed(file)[(Root(rootDirectory).Length + 1)..] : file;
    }

    // NUnit numbers the stacks of several assertions; for a single one it gives the same stack twice.
    private static string[] WithoutRepetition(string[] lines)
    {
        var first = Array.FindIndex(lines, line => NumberedFrame().IsMatch(line));
        return first > 0
            && lines[first..].Select(line => NumberedFrame().Replace(line, "at ")).SequenceEqual(lines[..first]) ? lines[..first] : lines;
    }

    private static bool IsNoise(string line, string rootDirectory)
    {
        // .NET writes "--- End of stack trace from previous location ---" between stacks.
        if (line.StartsWith("---", StringComparison.Ordinal))
            return true;
        var frame = Frame().Match(line);
        return frame.Success
            && !IsBelow(frame.Groups["file"].Value, rootDirectory)
            && NoiseAtTheEnds.Any(prefix => frame.Groups["call"].ValueSpan.StartsWith(prefix, StringComparison.Ordinal));
    }

    // The user's own sources count whatever their namespace is.
    private static bool IsBelow(string file, string rootDirectory) => Root(rootDirectory) is var root
        && file.Length > root.Length && file[root.Length] is '/' or '\\' && Slashed(file).StartsWith(root, PathComparison);

    private static string Root(string rootDirectory) => Slashed(rootDirectory).TrimEnd('/');

    private static string Slashed(string path) => path.Replace('\\', '/');

    private static string WithPlace(string line, string rootDirectory)
    {
        var frame = Frame().Match(line);
        if (!frame.Groups["file"].Success)
            return line;
        var file = RelativePath(frame.Groups["file"].Value, rootDirectory);
        return $"{frame.Groups["number"].Value}at {frame.Groups["call"].Value} in {file}:{frame.Groups["line"].Value}";
    }

    [GeneratedRegex(@"^\d+\)\s+at ")]
    private static partial Regex NumberedFrame();

    [GeneratedRegex(@"^\s+at \S")]
    private static partial Regex IndentedFrame();

    [GeneratedRegex(@"^(?<number>(?:\d+\)\s+)?)at (?<call>.+?)(?: in (?<file>.+):line (?<line>\d+))?$")]
    private static partial Regex Frame();
}
