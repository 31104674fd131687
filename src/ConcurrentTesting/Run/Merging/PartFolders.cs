namespace ConcurrentTesting.Run.Merging;

/// <summary>What lies in the folders that are to be merged.</summary>
/// <param name="Parts">Each try of each part, in any order.</param>
/// <param name="WithoutResults">Folders of tries that came to nothing.</param>
/// <param name="Flaws">What is wrong with the others.</param>
internal sealed record PartFolders(
    ImmutableArray<PartFolder> Parts, ImmutableArray<string> WithoutResults, ImmutableArray<string> Flaws)
{
    /// <param name="journals">Reads the parts' beside them.</param>
    /// <exception cref="ConcurrentTestException">The merged results would take the place of a part.</exception>
    public static async Task<PartFolders> FindAsync(ConcurrentTestSettings settings, PartJournals journals)
    {
        var paths = settings.MergeFolders.Select(path => Full(path, settings)).SelectMany(FoldersOf).Distinct(StringComparer.Ordinal)
            .ToList();
        if (paths.Find(path => path == Full(settings.ResultsDirectory, settings)) is { } taken)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-merge {taken} is the folder that the merged results take: give another --test-results-directory.");
        }

        // Only reading all their files shows that they are as they were left.
        var plans = new KnownPlans();
        var read = await Task.WhenAll(paths.Select(path => Task.Run(() => ReadAsync(path, plans, journals))));
        return new PartFolders(
            [.. read.Select(one => one.Part).OfType<PartFolder>()],
            [.. read.Where(one => one is { Part: null, Flaw: null }).Select(one => one.Path)],
            [.. read.Select(one => one.Flaw).OfType<string>()]);
    }

    private static string Full(string path, ConcurrentTestSettings settings) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, settings.WorkingDirectory));

    // A folder that is no part may hold the folders of all parts, as they were downloaded.
    private static IEnumerable<string> FoldersOf(string path) =>
        Directory.Exists(path) && !IsOfRun(path) && Directory.GetDirectories(path) is { Length: > 0 } inner
            ? inner.Order(StringComparer.Ordinal)
            : [path];

    private static bool IsOfRun(string path) => new[] { ArtifactNames.Part, ArtifactNames.Journal, ArtifactNames.Plan, ArtifactNames.Log }
        .Any(name => File.Exists(Path.Combine(path, name)));

    private static async Task<(string Path, PartFolder? Part, string? Flaw)> ReadAsync(
        string path, KnownPlans plans, PartJournals journals)
    {
        try
        {
            return (path, await PartFolder.ReadAsync(path, plans, journals), null);
        }
        catch (PartFlawException exception)
        {
            return (path, null, exception.Message);
        }
    }
}
