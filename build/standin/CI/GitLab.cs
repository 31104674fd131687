namespace Nuke.Common.CI.GitLab;

/// <summary>https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections</summary>
public class GitLab : Host, IBuildServer
{
    private int _sections;

    internal GitLab()
    {
    }

    string IBuildServer.Branch => Environment.GetEnvironmentVariable("CI_COMMIT_REF_NAME");

    string IBuildServer.Commit => Environment.GetEnvironmentVariable("CI_COMMIT_SHA");

    internal static bool IsRunningGitLab => Environment.GetEnvironmentVariable("GITLAB_CI") == "true";

    protected internal override IDisposable WriteBlock(string text)
    {
        var section = $"nuke_{++_sections}";
        Console.WriteLine($"\e[0Ksection_start:{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}:{section}\r\e[0K{text}");
        return new WhenDisposed(() => Console.WriteLine($"\e[0Ksection_end:{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}:{section}\r\e[0K"));
    }
}
