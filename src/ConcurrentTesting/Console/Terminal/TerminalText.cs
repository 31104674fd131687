using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Console.Terminal;

/// <summary>Gives printed text the colours and links of a terminal: the verdict at the beginning of a line, the values that a failure
/// compares, and the places in the code.</summary>
internal static partial class TerminalText
{
    // None of them is "all as it was", so that the colours of the build's own logger around the text stay.
    private const string Bad = "\e[31m";
    private const string Good = "\e[32m";
    private const string Strong = "\e[1m";
    private const string Marked = "\e[7m";
    private const string AsBefore = "\e[22;27;39m";
    private const string NotMarked = "\e[27m";

    /// <param name="text">Safe to print.</param>
    public static string On(ConsoleSurface surface, string text, string rootDirectory)
    {
        if (!surface.HasColours && !surface.HasLinks)
            return text;
        var lines = text.Split('\n');
        var isFailure = Failure().IsMatch(lines[0]);
        var values = isFailure ? ValueDifference.In(lines) : [];
        for (var number = 0; number < lines.Length; number++)
        {
            var line = lines[number];
            if (surface.HasColours)
                line = Coloured(line, [.. values.Where(value => value.Line == number)]);
            lines[number] = surface.HasLinks && isFailure ? Linked(line, rootDirectory) : line;
        }

        return string.Join('\n', lines);
    }

    private static string Coloured(string line, ImmutableArray<ComparedValue> values)
    {
        var verdict = Verdict().Match(line);
        if (verdict.Success)
            return $"{Strong}{(verdict.Value == "PASSED" ? Good : Bad)}{verdict.Value}{AsBefore}{line[verdict.Length..]}";
        var text = new StringBuilder();
        var at = 0;
        foreach (var value in values)
        {
            text.Append(line.AsSpan()[at..value.Value.Start.Value]).Append(value.IsExpected ? Good : Bad)
                .Append(line.AsSpan()[value.Value.Start..value.Differing.Start]);
            if (!value.Differing.Start.Equals(value.Differing.End))
                text.Append(Marked).Append(line.AsSpan()[value.Differing]).Append(NotMarked);
            text.Append(line.AsSpan()[value.Differing.End..value.Value.End]).Append(AsBefore);
            at = value.Value.End.Value;
        }

        return text.Append(line.AsSpan(at)).ToString();
    }

    private static string Linked(string line, string rootDirectory)
    {
        var place = Place().Match(line);
        if (!place.Success)
            return line;
        var file = Path.GetFullPath(place.Groups["file"].Value, rootDirectory);
        var number = int.TryParse(place.Groups["line"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 1;
        // A place that a test made up gets no link.
        return File.Exists(file)
            ? string.Concat(line.AsSpan(0, place.Groups["place"].Index), TerminalLinks.To(file, number, place.Groups["place"].Value))
            : line;
    }

    [GeneratedRegex("^(?:FAIL|CRASH|TIMEOUT|NO RESULT|NOT RUN)  ", RegexOptions.CultureInvariant)]
    private static partial Regex Failure();

    [GeneratedRegex(
        "^(?:PASSED|FAILED|FAIL|CRASH|TIMEOUT|NO RESULT|NOT RUN|INCOMPLETE|CANCELLED|REFUSED|BAD SETTINGS)(?=  )",
        RegexOptions.CultureInvariant)]
    private static partial Regex Verdict();

    [GeneratedRegex(@"^    (?:.* )?in (?<place>(?<file>[^\0]+):(?<line>\d+))$", RegexOptions.CultureInvariant)]
    private static partial Regex Place();
}
