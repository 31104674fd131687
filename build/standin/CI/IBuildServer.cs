namespace Nuke.Common.CI;

/// <summary>A host that is a CI server.</summary>
public interface IBuildServer
{
    string Branch { get; }

    string Commit { get; }
}
