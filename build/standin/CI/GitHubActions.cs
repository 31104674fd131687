using Nuke.Common.IO;

namespace Nuke.Common.CI.GitHubActions;

/// <summary>https://docs.github.com/actions/reference/workflow-commands-for-github-actions</summary>
public class GitHubActions : Host, IBuildServer
{
    internal GitHubActions()
    {
    }

    public static new GitHubActions Instance => Host.Instance as GitHubActions;

    public string Sha => Environment.GetEnvironmentVariable("GITHUB_SHA");

    public string Ref => Environment.GetEnvironmentVariable("GITHUB_REF");

    public AbsolutePath StepSummaryFile => Environment.GetEnvironmentVariable("GITHUB_STEP_SUMMARY");

    string IBuildServer.Branch => Ref;

    string IBuildServer.Commit => Sha;

    internal static bool IsRunningGitHubActions => Environment.GetEnvironmentVariable("GITHUB_ACTIONS") == "true";

    protected internal override IDisposable WriteBlock(string text)
    {
        Console.WriteLine($"::group::{text}");
        return new WhenDisposed(() => Console.WriteLine("::endgroup::"));
    }

    protected internal override void ReportWarning(string text, string details = null) => Console.WriteLine($"::warning::{Escape(text)}");

    protected internal override void ReportError(string text, string details = null) => Console.WriteLine($"::error::{Escape(text)}");

    private static string Escape(string text) =>
        text.Replace("%", "%25", StringComparison.Ordinal)
            .Replace("\r", "%0D", StringComparison.Ordinal)
            .Replace("\n", "%0A", StringComparison.Ordinal);
}
