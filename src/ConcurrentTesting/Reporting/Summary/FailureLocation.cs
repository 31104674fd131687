using System.Globalization;
using System.Text.RegularExpressions;
using ConcurrentTesting.Results;

namespace ConcurrentTesting.Reporting.Summary;

/// <summary>Where a failure is to be looked at.</summary>
internal static partial class FailureLocation
{
    /// <summary><c>tests/Shop.Tests/BasketTests.cs:17</c>: the first line of the stack that is in the repository, else the test's own place; null where neither is known.</summary>
    public static string? Of(TestRecord test, string rootDirectory)
    {
        foreach (Match frame in Frames().Matches(test.Final.StackTrace ?? ""))
        {
            if (Relative(frame.Groups["file"].Value, rootDirectory) is { } file)
            {
                return $"{file}:{frame.Groups["line"].Value}";
            }
        }

        return test.SourceFile is { } source
            ? string.Create(CultureInfo.InvariantCulture, $"{Relative(source, rootDirectory) ?? source}:{test.Line ?? 1}")
            : null;
    }

    private static string? Relative(string file, string rootDirectory)
    {
        var relative = Path.GetRelativePath(rootDirectory, file);
        return Path.IsPathRooted(relative) || relative.StartsWith("..", StringComparison.Ordinal) ? null : relative.Replace('\\', '/');
    }

    [GeneratedRegex(@" in (?<file>[^\r\n]+):line (?<line>\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex Frames();
}
