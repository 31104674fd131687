namespace Nuke.Common.CI.GitHubActions;

/// <summary>What a build says of the workflow that NUKE would generate; the stand-in generates none.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class GitHubActionsAttribute(string name, GitHubActionsImage image, params GitHubActionsImage[] images) : Attribute
{
    public string Name { get; } = name;

    public IReadOnlyList<GitHubActionsImage> Images { get; } = [image, .. images];

    public GitHubActionsTrigger[] On { get; set; } = [];

    public string[] InvokedTargets { get; set; } = [];

    public string[] ImportSecrets { get; set; } = [];

    public string[] CacheIncludePatterns { get; set; } = [];

    public string PublishCondition { get; set; }
}

public enum GitHubActionsImage
{
    UbuntuLatest,
}

public enum GitHubActionsTrigger
{
    Push,
    PullRequest,
}
