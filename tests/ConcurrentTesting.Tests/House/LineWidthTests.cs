using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.House;

/// <summary>Lines are at most as wide as the formatter's own setting says, where no text of their own is wider.</summary>
public partial class LineWidthTests
{
    private const int Widest = 140;

    // A text that leaves so little of a line cannot be broken, or would be harder to find.
    private const int LongText = 60;

    [Fact]
    public void No_line_of_the_engine_is_too_wide() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "ConcurrentTesting"), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Path.Combine(Repository.Root, "src", "ConcurrentTesting"), file))
            .Where(file => file.Split(Path.DirectorySeparatorChar)[0] is var room && room is not ("bin" or "obj"))
            .SelectMany(TooWide)
            .ShouldBeEmpty();

    private static IEnumerable<string> TooWide(string file)
    {
        var isInText = false;
        foreach (var (number, line) in File.ReadLines(Path.Combine(Repository.Root, "src", "ConcurrentTesting", file)).Index())
        {
            var begunInText = isInText;
            isInText ^= RawText().Count(line) % 2 == 1;
            if (line.Length > Widest && !begunInText && !isInText && !Text().Matches(line).Any(text => text.Length >= LongText))
                yield return $"{file}:{number + 1} has {line.Length} characters";
        }
    }

    [GeneratedRegex("\"\"\"")]
    private static partial Regex RawText();

    [GeneratedRegex("""
        "(?:[^"\\]|\\.)*"
        """)]
    private static partial Regex Text();
}
