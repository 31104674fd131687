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
            var file = StackTraceText.RelativePath(frame.Groups["file"].Value, rootDirectory);
            if (file != frame.Groups["file"].Value)
            {
                return $"{file}:{frame.Groups["line"].Value}";
            }
        }

        return FailureText.Place(test, rootDirectory);
    }

    [GeneratedRegex(@" in (?<file>[^\r\n]+):line (?<line>\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex Frames();
}
