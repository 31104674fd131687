using System.Collections.Immutable;
using ConcurrentTesting.Record;

namespace ConcurrentTesting.Run.Merging;

/// <summary>What lies in the folders that are to be merged.</summary>
/// <param name="Parts">Each try of each part, in any order.</param>
/// <param name="WithoutResults">Folders of tries that came to nothing.</param>
/// <param name="Flaws">What is wrong with the others.</param>
internal sealed record PartFolders(
    ImmutableArray<PartFolder> Parts, ImmutableArray<string> WithoutResults, ImmutableArray<string> Flaws)
{
    /// <exception cref="ConcurrentTestException">The merged results would take the place of a part.</exception>
    public static PartFolders Find(ConcurrentTestSettings settings)
    {
        var found = new PartFolders([], [], []);
        var plans = new KnownPlans();
        var paths = settings.MergeFolders.Select(path => Full(path, settings)).SelectMany(FoldersOf);
        foreach (var path in paths.Distinct(StringComparer.Ordinal))
        {
            if (path == Full(settings.ResultsDirectory, settings))
            {
                throw new ConcurrentTestException(
                    ConcurrentTestExitCode.BadSettings,
                    $"--test-merge {path} is the folder that the merged results take: give another --test-results-directory.");
            }

            found = found.With(path, plans);
        }

        return found;
    }

    private static string Full(string path, ConcurrentTestSettings settings) =>
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, settings.WorkingDirectory));

    // A folder that is no part's may hold those of all parts, as they were downloaded.
    private static IEnumerable<string> FoldersOf(string path) =>
        Directory.Exists(path) && !IsOfRun(path) && Directory.GetDirectories(path) is { Length: > 0 } inner
            ? inner.Order(StringComparer.Ordinal)
            : [path];

    private static bool IsOfRun(string path) => new[] { ArtifactNames.Part, ArtifactNames.Journal, ArtifactNames.Plan, ArtifactNames.Log }
        .Any(name => File.Exists(Path.Combine(path, name)));

    private PartFolders With(string path, KnownPlans plans)
    {
        try
        {
            return PartFolder.Read(path, plans) is { } part
                ? this with { Parts = Parts.Add(part) }
                : this with { WithoutResults = WithoutResults.Add(path) };
        }
        catch (PartFlawException exception)
        {
            return this with { Flaws = Flaws.Add(exception.Message) };
        }
    }
}
