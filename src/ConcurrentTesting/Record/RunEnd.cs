namespace ConcurrentTesting.Record;

/// <summary>How a run's work came to its end, before the tests' outcomes are looked at.</summary>
/// <param name="ExitCode">Null where the work was done and the tests decide.</param>
internal sealed record RunEnd(ConcurrentTestExitCode? ExitCode, string Reason)
{
    public static RunEnd TestsDecide { get; } = new(null, "");
}
