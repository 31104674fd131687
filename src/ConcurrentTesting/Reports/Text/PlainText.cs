using System.Buffers;

namespace ConcurrentTesting.Reports.Text;

/// <summary>Makes text from tests safe to print: what would steer a terminal or give orders to a CI server is shown instead of obeyed.
/// Letters of every script and emoji stay as they are.</summary>
internal static partial class PlainText
{
    private static readonly SearchValues<char> Suspicious = SearchValues.Create(
        [.. Enumerable.Range(0, char.MaxValue + 1).Select(code => (char)code).Where(c => IsUnsafe(c) || char.IsSurrogate(c))]);

    /// <summary>Text of any number of lines, each made safe; tabs stay.</summary>
    public static string Escape(string text) =>
        text.Contains('\n', StringComparison.Ordinal) ? string.Join('\n', Lines(text)) : EscapeLine(text);

    /// <summary>The safe lines of a text, without empty ones at its end.</summary>
    public static IEnumerable<string> Lines(string text) =>
        text.ReplaceLineEndings("\n").TrimEnd().Split('\n').Select(line => EscapeLine(line.TrimEnd()));

    /// <summary>Text as exactly one line: line breaks and tabs are shown as <c>\n</c>, <c>\r</c> and <c>\t</c>.</summary>
    public static string OneLine(string text) =>
        EscapeLine(text.IndexOfAny(['\n', '\t']) < 0
            ? text
            : text.Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal));

    /// <summary>At most <paramref name="length"/> characters of a text, never half a character, with a note of what was left out.</summary>
    public static string Cap(string text, int length)
    {
        if (text.Length <= length)
            return text;
        var end = char.IsHighSurrogate(text[length - 1]) ? length - 1 : length;
        return string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, end)}... ({text.Length - end} more characters)");
    }

    private static string EscapeLine(string line)
    {
        if (line.AsSpan().ContainsAny(Suspicious))
            line = EscapeCharacters(ColourSequence().Replace(line, ""));
        return line.Contains("::", StringComparison.Ordinal) || line.Contains("##", StringComparison.Ordinal) ? Disarm(line) : line;
    }

    private static string EscapeCharacters(string line)
    {
        var safe = new StringBuilder(line.Length + 16);
        // EnumerateRunes gives U+FFFD for half a surrogate pair.
        foreach (var rune in line.EnumerateRunes())
        {
            if (!rune.IsBmp || !IsUnsafe((char)rune.Value))
                safe.Append(rune.ToString());
            else
                safe.Append(rune.Value == '\r' ? "\\r" : string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"));
        }

        return safe.ToString();
    }

    // Control characters, line separators and characters that reverse the direction of text are unsafe (https://trojansource.codes).
    private static bool IsUnsafe(char c) =>
        (char.IsControl(c) && c != '\t') || c is (>= '\u2028' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    // GitHub reads "::command::" at the start of a line, Azure Pipelines and TeamCity "##…[" anywhere.
    private static string Disarm(string line)
    {
        line = WorkflowCommand().Replace(line, "$1: :");
        return ServiceMessage().Replace(line, "# #$1");
    }

    [GeneratedRegex(@"\x1B\[[0-9;:]*m")]
    private static partial Regex ColourSequence();

    [GeneratedRegex(@"^(\s*)::")]
    private static partial Regex WorkflowCommand();

    [GeneratedRegex(@"##((?:vso|teamcity)?\[)")]
    private static partial Regex ServiceMessage();
}
