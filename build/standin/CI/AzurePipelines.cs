namespace Nuke.Common.CI.AzurePipelines;

/// <summary>https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands</summary>
public class AzurePipelines : Host, IBuildServer
{
    internal AzurePipelines()
    {
    }

    public static new AzurePipelines Instance => Host.Instance as AzurePipelines;

    public string SourceBranch => Environment.GetEnvironmentVariable("BUILD_SOURCEBRANCH");

    public string SourceVersion => Environment.GetEnvironmentVariable("BUILD_SOURCEVERSION");

    string IBuildServer.Branch => SourceBranch;

    string IBuildServer.Commit => SourceVersion;

    internal static bool IsRunningAzurePipelines => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("TF_BUILD"));

    public void PublishTestResults(
        string title,
        AzurePipelinesTestResultsType type,
        IEnumerable<string> files,
        bool? mergeResults = null,
        string platform = null,
        string configuration = null,
        bool? publishRunAttachments = null)
    {
        var properties = new Dictionary<string, object>
        {
            ["type"] = type,
            ["resultFiles"] = string.Join(',', files),
            ["mergeResults"] = mergeResults,
            ["platform"] = platform,
            ["config"] = configuration,
            ["runTitle"] = $"'{title}'",
            ["publishRunAttachments"] = publishRunAttachments,
        };
        var given = properties.Where(property => property.Value is not null).Select(property => $"{property.Key}={Escape($"{property.Value}")}");
        Console.WriteLine($"##vso[results.publish {string.Join(';', given)}]");
    }

    protected internal override IDisposable WriteBlock(string text)
    {
        Console.WriteLine($"##[group]{text}");
        return new WhenDisposed(() => Console.WriteLine($"##[endgroup]{text}"));
    }

    protected internal override void ReportWarning(string text, string details = null) =>
        Console.WriteLine($"##vso[task.logissue type=warning]{Escape(text)}");

    protected internal override void ReportError(string text, string details = null) =>
        Console.WriteLine($"##vso[task.logissue type=error]{Escape(text)}");

    private static string Escape(string text) =>
        text.Replace("\r", "%0D", StringComparison.Ordinal)
            .Replace("\n", "%0A", StringComparison.Ordinal)
            .Replace("]", "%5D", StringComparison.Ordinal)
            .Replace(";", "%3B", StringComparison.Ordinal);
}

public enum AzurePipelinesTestResultsType
{
    JUnit,
    NUnit,
    VSTest,
    XUnit,
    CTest,
}
