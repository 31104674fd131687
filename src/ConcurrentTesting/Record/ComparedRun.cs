namespace ConcurrentTesting.Record;

/// <summary>Another run that this one is held against, as far as a comparison needs it; null figures were not measured.</summary>
internal sealed record ComparedRun(
    string Run, int Workers, double WallSeconds, double TestSeconds, int Passed, int Failed, int Skipped, long? Queries,
    ImmutableArray<ComparedTest> Tests);

/// <param name="Outcome">The name of a <see cref="TestOutcome"/>.</param>
internal sealed record ComparedTest(string Id, string FullName, string Outcome, double Seconds, long? Queries);
