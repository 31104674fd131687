namespace ConcurrentTesting.Discovery;

/// <summary>A project that may hold tests.</summary>
/// <param name="Path">Its absolute path.</param>
/// <param name="IsNamed">
/// The user named this very file; otherwise it was found in a folder, by a glob or in a solution, and counts only if it is a test project.
/// </param>
/// <param name="Solution">The solution it was named by, absolute; null: none was given.</param>
internal sealed record ProjectInput(string Path, bool IsNamed, string? Solution = null);

/// <summary>A built assembly that may hold tests.</summary>
/// <param name="IsNamed">As with <see cref="ProjectInput"/>.</param>
internal sealed record AssemblyInput(string Path, bool IsNamed);

/// <summary>What <c>--test-projects</c> comes to on disk. A file that is reached in two ways is there once.</summary>
/// <param name="SkippedLinks">Folders that are links, are not followed, and have a project.</param>
internal sealed record TestInputs(
    ImmutableArray<ProjectInput> Projects, ImmutableArray<AssemblyInput> Assemblies, ImmutableArray<string> SkippedLinks);
