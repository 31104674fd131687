using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Discovery;

/// <summary>Builds test projects: through a filter over their solution, so that what depends on the solution's folder and configuration is
/// right and what projects share is built once; where there is no solution, or it does not build them, one after another. No build server
/// or node is left behind.</summary>
internal sealed class ProjectBuilder(ConcurrentTestSettings settings, string dotnet, ILogger logger)
{
    /// <summary>A lock in the temporary directory, held while a run builds.</summary>
    public const string LockName = "test-build.lock";

    private static readonly string[] CommonArguments =
        ["-nologo", "-verbosity:quiet", "-terminalLogger:off", "-nodeReuse:false", "-consoleLoggerParameters:NoSummary"];

    /// <summary>Restores the packages of projects.</summary>
    public Task RestoreAsync(IReadOnlyCollection<ProjectInput> projects, CancellationToken cancellationToken) =>
        RunAsync("restore", projects, cancellationToken);

    /// <summary>Builds projects and what they refer to.</summary>
    /// <exception cref="ConcurrentTestException">Something does not build; the message holds the first errors.</exception>
    public Task BuildAsync(IReadOnlyCollection<ProjectInput> projects, CancellationToken cancellationToken) =>
        RunAsync("build", projects, cancellationToken);

    private async Task RunAsync(string command, IReadOnlyCollection<ProjectInput> projects, CancellationToken cancellationToken)
    {
        // Runs in one checkout go on beside each other, but two builds of one project would write the same files.
        Directory.CreateDirectory(settings.TemporaryDirectory);
        using var alone = await FileLock.ExclusiveAsync(
            Path.Combine(settings.TemporaryDirectory, LockName), TimeProvider.System, cancellationToken);
        var failures = new List<string>();
        foreach (var group in projects.GroupBy(project => SolutionBuild.Of(project, settings.Configuration)?.Solution))
            failures.AddRange(await RunGroupAsync(command, group.Key, [.. group.Select(project => project.Path)], cancellationToken));
        if (failures.Count > 0)
            throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, string.Join('\n', failures));
    }

    private async Task<IReadOnlyList<string>> RunGroupAsync(
        string command, string? solution, ImmutableArray<string> projects, CancellationToken cancellationToken)
    {
        if (solution is not null)
            return Failure(command, solution, await RunFilteredAsync(command, solution, projects, cancellationToken));

        var failures = new List<string>();
        foreach (var project in projects)
        {
            failures.AddRange(
                Failure(command, project, await RunOneAsync(command, project, Path.GetDirectoryName(project)!, cancellationToken)));
        }

        return failures;
    }

    private async Task<DotNetResult> RunFilteredAsync(
        string command, string solution, ImmutableArray<string> projects, CancellationToken cancellationToken)
    {
        var folder = Path.GetDirectoryName(solution)!;
        var temporary = Directory.CreateTempSubdirectory("concurrent-test-").FullName;
        try
        {
            var filter = Path.Combine(temporary, Path.GetFileNameWithoutExtension(solution) + ".slnf");
            var content =
                new { solution = new { path = solution, projects = projects.Select(project => Path.GetRelativePath(folder, project)) } };
            await File.WriteAllTextAsync(filter, JsonSerializer.Serialize(content), cancellationToken);
            ResponseFile.PassOn(ResponseFile.FindFor(solution), temporary);
            return await RunOneAsync(command, filter, folder, cancellationToken);
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    private async Task<DotNetResult> RunOneAsync(string command, string target, string folder, CancellationToken cancellationToken)
    {
        string[] arguments = [command, target, .. Options(command, target), "--disable-build-servers", .. CommonArguments];
        logger.LogDebug("dotnet {Arguments}", string.Join(' ', arguments));
        var result = await DotNetCommand.RunAsync(dotnet, arguments, folder, BuildEnvironment(), cancellationToken);
        logger.LogTrace("{Output}", result.Output);
        return result;
    }

    // A single framework can be asked of a project, but not of a solution.
    private string[] Options(string command, string target) => command switch
    {
        "restore" => [],
        _ when settings.Framework is { } framework && TestInputResolver.IsProject(target) =>
            ["--configuration", settings.Configuration, "--framework", framework],
        _ => ["--configuration", settings.Configuration],
    };

    private Dictionary<string, string> BuildEnvironment() =>
        new(ProcessEnvironment.For(settings)) { ["MSBUILDDISABLENODEREUSE"] = "1", ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0" };

    private IReadOnlyList<string> Failure(string command, string target, DotNetResult result) =>
        result.ExitCode == 0
            ? []
            : [$"{Path.GetRelativePath(settings.RootDirectory, target)} does not {command}:\n{BuildErrors.Describe(result.Output, settings.RootDirectory)}"];
}
