namespace ConcurrentTesting.Reports.RunJson;

/// <summary>What a comparison needs of another run's run.json.</summary>
internal static class ComparedDocument
{
    /// <exception cref="ConcurrentTestException">The file is missing or damaged.</exception>
    public static ComparedRun Read(string file) => Of(RunJsonFile.Read(file));

    public static ComparedRun Of(RunDocument run) => new(
        run.Run,
        run.Workers,
        run.WallSeconds,
        run.Summary.TestSeconds,
        run.Summary.Passed,
        run.Summary.Failed,
        run.Summary.Skipped,
        run.Summary.Queries,
        [.. run.Tests.Select(
            test => new ComparedTest(test.Id, $"{test.Class}.{test.Name}", test.Outcome, test.Seconds, test.Figures.Queries))]);
}
