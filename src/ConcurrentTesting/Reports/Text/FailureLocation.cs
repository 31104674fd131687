namespace ConcurrentTesting.Reports.Text;

/// <summary>Where a failure is to be looked at.</summary>
internal static partial class FailureLocation
{
    /// <summary><c>tests/Shop.Tests/BasketTests.cs:17</c>: the first line of the stack whose file is in the repository, else the test's own
    /// place; null where neither is known.</summary>
    public static string? Of(TestRecord test, string rootDirectory)
    {
        if (test.Final.StackTrace is not { } stack)
            return FailureText.Place(test, rootDirectory);
        var places = StackTraceText.Trim(stack, rootDirectory).Select(frame => Frame().Match(frame).Groups["place"].Value)
            .Where(place => place.Length > 0 && !Path.IsPathRooted(place)).ToList();
        var own = FailureText.Place(test, rootDirectory);
        // Libraries that were built deterministically name their own sources as if they were below this root.
        return places.Find(place => IsThere(place, rootDirectory))
            ?? (own is not null && IsThere(own, rootDirectory) ? own : places.FirstOrDefault() ?? own);
    }

    private static bool IsThere(string place, string rootDirectory) =>
        place.LastIndexOf(':') is > 0 and var colon && File.Exists(Path.Combine(rootDirectory, place[..colon]));

    [GeneratedRegex(@" in (?<place>.+:\d+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Frame();
}
