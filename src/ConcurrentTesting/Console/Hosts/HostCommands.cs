using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Console.Hosts;

/// <summary>What a CI server is told by lines on the standard output. Texts of tests are escaped as the server's own rules say, so that
/// none is a command.</summary>
internal static class HostCommands
{
    /// <summary>Servers show few annotations a step, and nobody reads more.</summary>
    public const int MostAnnotations = 10;

    private const int LongestMessage = 1000;

    public static ImmutableArray<string> Of(RunRecord run, Redactor redactor) => run.Settings.List ? [] : run.Settings.Host switch
    {
        "GitHubActions" => [.. Annotations(run, redactor).Select(
            annotation => GitHub(annotation, FolderInWorkspace(run.Settings.RootDirectory)))],
        "AzurePipelines" => [.. Annotations(run, redactor).Select(Azure), .. AzureFiles(run)],
        "TeamCity" => [.. TeamCityMessages.Of(run, redactor)],
        _ => [],
    };

    /// <summary>The first real failures, where they are in the repository; where no test failed and the run did, the reason of
    /// that.</summary>
    private static List<Annotation> Annotations(RunRecord run, Redactor redactor)
    {
        var failures = FailureCluster.Of(run.FailedEntries).Where(cluster => cluster.Kind != FailureKind.NotRun).Take(MostAnnotations)
            .Select(cluster => Of(cluster, run.Settings, redactor)).ToList();
        return failures.Count > 0 || run.ExitCode == ConcurrentTestExitCode.Success
            ? failures
            : [new Annotation("ConcurrentTest", Safe(run.Reason, redactor), null, null)];
    }

    private static Annotation Of(FailureCluster cluster, ConcurrentTestSettings settings, Redactor redactor)
    {
        var (file, line) = Split(FailureLocation.Of(cluster.First, settings.RootDirectory));
        var title = FailureText.Name(cluster.First, redactor) + (cluster.IsMany ? $" and {cluster.Tests.Length - 1} more" : "");
        var message = string.IsNullOrWhiteSpace(cluster.First.Final.Message)
            ? FailureKinds.Text(cluster.Kind)
            : Safe(cluster.First.Final.Message, redactor);
        return new Annotation(title, message, file, line);
    }

    private static string Safe(string text, Redactor redactor) => PlainText.Cap(PlainText.Escape(redactor.Redact(text)), LongestMessage);

    // A host can show a file beside its line only where the file is in the repository.
    private static (string? File, string? Line) Split(string? place) =>
        place is null || Path.IsPathRooted(place) || place.LastIndexOf(':') is not (> 0 and var colon)
        ? (null, null)
        : (place[..colon], place[(colon + 1)..]);

    // https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    private static string GitHub(Annotation annotation, string folder)
    {
        var place = annotation.File is { } file ? $"file={GitHubProperty(folder + file)},line={annotation.Line}," : "";
        return $"::error {place}title={GitHubProperty(annotation.Title)}::{GitHubText(annotation.Message)}";
    }

    // GitHub takes files as relative to its checkout, below which the build's root may be.
    private static string FolderInWorkspace(string rootDirectory)
    {
        if (Environment.GetEnvironmentVariable("GITHUB_WORKSPACE") is not { Length: > 0 } workspace)
            return "";
        var folder = Path.GetRelativePath(workspace, rootDirectory).Replace('\\', '/');
        return folder == "." || folder.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(folder) ? "" : folder + "/";
    }

    private static string GitHubText(string text) => text.Replace("%", "%25", StringComparison.Ordinal)
        .Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal);

    private static string GitHubProperty(string text) =>
        GitHubText(text).Replace(":", "%3A", StringComparison.Ordinal).Replace(",", "%2C", StringComparison.Ordinal);

    // https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
    private static string Azure(Annotation annotation)
    {
        var place = annotation.File is { } file ? $"sourcepath={AzureText(file)};linenumber={annotation.Line};" : "";
        return $"##vso[task.logissue type=error;{place}]{AzureText($"{annotation.Title}: {annotation.Message}")}";
    }

    private static IEnumerable<string> AzureFiles(RunRecord run)
    {
        // What one of several machines ran would count twice, beside what the merge of all says.
        if (!run.HasArtifacts || run.Shard is not null || (run.Settings.Queue is not null && run.Parts.IsEmpty))
            yield break;
        yield return $"##vso[task.uploadsummary]{AzureText(Path.Combine(run.Settings.ResultsDirectory, "summary.md"))}";
        yield return $"##vso[artifact.upload containerfolder=test-results;artifactname=test-results]{AzureText(run.Settings.ResultsDirectory)}";
    }

    private static string AzureText(string text) => text
        .Replace("%", "%AZP25", StringComparison.Ordinal).Replace("\r", "%0D", StringComparison.Ordinal).Replace(
            "\n", "%0A", StringComparison.Ordinal)
        .Replace("]", "%5D", StringComparison.Ordinal).Replace(";", "%3B", StringComparison.Ordinal);

    private sealed record Annotation(string Title, string Message, string? File, string? Line);
}
