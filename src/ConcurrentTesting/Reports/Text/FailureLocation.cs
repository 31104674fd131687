using System.Text.RegularExpressions;
using ConcurrentTesting.Record;

namespace ConcurrentTesting.Reports.Text;

/// <summary>Where a failure is to be looked at.</summary>
internal static partial class FailureLocation
{
    /// <summary>
    /// <c>tests/Shop.Tests/BasketTests.cs:17</c>: the first line of the stack that is in the repository, else the test's own place; null
    /// where neither is known.
    /// </summary>
    public static string? Of(TestRecord test, string rootDirectory) => test.Final.StackTrace is { } stack
        ? StackTraceText.Trim(stack, rootDirectory)
            .Select(frame => Frame().Match(frame).Groups["place"].Value)
            .FirstOrDefault(place => place.Length > 0 && !Path.IsPathRooted(place)) ?? FailureText.Place(test, rootDirectory)
        : FailureText.Place(test, rootDirectory);

    [GeneratedRegex(@" in (?<place>.+:\d+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Frame();
}
