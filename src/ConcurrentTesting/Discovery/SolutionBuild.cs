namespace ConcurrentTesting.Discovery;

/// <summary>The solution that a project is built through, and what the solution builds it as.</summary>
/// <param name="Solution">Its absolute path.</param>
/// <param name="Configuration">The project's own, which may be another than the solution's.</param>
/// <param name="Platform">The project's own, as MSBuild spells it: <c>AnyCPU</c>, <c>x64</c>.</param>
internal sealed record SolutionBuild(string Solution, string Configuration, string Platform)
{
    /// <summary>Null: the project is built by itself, because there is no solution, or it does not build the project in this
    /// configuration.</summary>
    public static SolutionBuild? Of(ProjectInput project, string configuration) =>
        (project.Solution ?? SolutionFile.FindFor(project.Path)) is { } solution
            ? SolutionFile.BuildOf(solution, project.Path, configuration)
            : null;
}
