namespace ConcurrentTesting.Execution;

/// <summary>An error of an adapter or of VSTest that fails no run, because something else in the run's record tells the same.</summary>
/// <param name="Reason">Why it is harmless.</param>
internal sealed record HarmlessError(string Reason, Func<AdapterError, BatchEnd, bool> Is);

/// <summary>All errors that are harmless. Every other one is a failure of its own.</summary>
internal static class HarmlessErrors
{
    private const string FailedTest = " [FAIL]";

    /// <summary>The known ones, each with its reason.</summary>
    public static ImmutableArray<HarmlessError> Known { get; } =
    [
        new(
            "xunit's adapters tell each failed test as an error too; the test's own result says all of it.",
            (error, _) => IsEcho(error.Message)),
        new(
            "NUnit tells of a set-up that threw; each of its tests has failed with the same message.",
            (error, end) => error.Kind == AdapterErrorKind.SetUp && end.Failed.Count > 0),
        new(
            "A test host that died says so as an error, after which no test begins; how it ended is judged by itself.",
            (error, end) => error.Kind == AdapterErrorKind.Other && end.Fault is not null && !(error.At < end.LastStart)),
    ];

    /// <summary>Whether the text is an xunit adapter's echo of a failed test, of which there may be thousands.</summary>
    public static bool IsEcho(string text) => text.EndsWith(FailedTest, StringComparison.Ordinal);

    public static bool Contains(AdapterError error, BatchEnd end) => Known.Any(harmless => harmless.Is(error, end));
}
