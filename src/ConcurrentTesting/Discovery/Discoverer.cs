using System.Collections.Concurrent;
using System.Reflection;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Discovery;

/// <summary>Turns what the user names as test projects into every test case that a serial run would run: it finds, builds, inspects,
/// discovers and sorts.</summary>
/// <param name="watch">Hears of each assembly as soon as it is discovered; null: nobody.</param>
/// <param name="cache">Knows tests that need not be discovered again; null: none.</param>
/// <param name="phase">Begins a phase, <c>build</c> or <c>discovery</c>, which ends with the returned scope.</param>
internal sealed class Discoverer(
    ConcurrentTestSettings settings, RunSettingsDocument runSettings, VsTestLocation location, DirectAssemblies direct, int seed,
    ILogger logger, IRunObserver observer, Func<string, IDisposable> phase, IDiscoveryWatch? watch = null,
    DiscoveryCache? cache = null)
{
    private readonly ProjectEvaluator _evaluator = new(settings, location.DotNet, logger);
    private readonly ProjectBuilder _builder = new(settings, location.DotNet, logger);
    private readonly BuildState _build = new(settings, location.DotNet, Environment.GetEnvironmentVariable, logger);
    private readonly DiscoveryProblems _problems = new();
    private readonly ConcurrentDictionary<string, TestFilter> _filters = new(StringComparer.Ordinal);

    /// <summary>The longest time to discover one assembly; null: as the settings have it.</summary>
    public TimeSpan? DiscoveryBound { get; init; }

    /// <summary>Hears all that was said of an assembly in which tests were found and of which an error was told beside them; null:
    /// nobody.</summary>
    public Action<TestAssembly, ImmutableArray<SessionMessage>>? ToldErrors { get; init; }

    /// <summary>Builds what has to be built and discovers all tests. A catalog without tests is not an error here.</summary>
    /// <exception cref="ConcurrentTestException">
    /// Nothing was found, something is missing or does not build, the filter does not parse, or an assembly cannot be run; with several
    /// problems the message has a line for each.
    /// </exception>
    public async Task<TestCatalog> DiscoverAsync(CancellationToken cancellationToken)
    {
        // A filter that does not parse is refused before anything is built.
        TestFilter.Parse(settings.Filter, runSettings.TestCaseFilter);
        var inputs = TestInputResolver.Resolve(settings);
        foreach (var link in inputs.SkippedLinks)
        {
            logger.LogWarning(
                "{Link} is a link and is not followed, so that the tests of its project do not run: name the project or the folder that it leads to with --test-projects, or leave it out with '!'",
                link);
        }

        var assemblies = await BuildAsync(inputs, cancellationToken);
        using var discovering = phase(PhaseNames.Discovery);
        var discovery = new AssemblyDiscovery(
            settings, runSettings, location, direct, seed, logger, observer, _problems,
            found => watch?.Discovered(found.Assembly, Sort([found])),
            (assembly, known) => watch?.Expected(assembly, PartOf(assembly, known)), cache)
        {
            Bound = DiscoveryBound ?? AssemblyDiscovery.BoundOf(settings),
            ToldErrors = ToldErrors,
        };
        var discovered = await discovery.DiscoverAsync(assemblies, watch?.Found(assemblies) ?? assemblies, cancellationToken);
        _problems.ThrowIfAny();
        return Sort(discovered);
    }

    private async Task<ImmutableArray<TestAssembly>> BuildAsync(TestInputs inputs, CancellationToken cancellationToken)
    {
        using var building = phase(PhaseNames.Build);
        return Select(await PrepareAsync(inputs.Projects, cancellationToken), inputs);
    }

    // Which of the found projects are test projects is known once their packages are restored.
    private async Task<ImmutableArray<ProjectEvaluation>> PrepareAsync(
        ImmutableArray<ProjectInput> inputs, CancellationToken cancellationToken)
    {
        var found = inputs.Where(input => !input.IsNamed).ToList();
        var tests = found.Count > 0 ? await FindTestProjectsAsync(found, cancellationToken) : [];
        ImmutableArray<ProjectInput> projects = [.. inputs.Where(input => input.IsNamed || tests.Contains(input.Path))];
        if (settings.NoBuild || projects.IsEmpty || _build.IsUpToDate(projects))
            return await EvaluateAsync(projects, cancellationToken);
        var before = _build.Before(projects);
        await _builder.BuildAsync(projects, cancellationToken);
        var evaluations = await EvaluateAsync(projects, cancellationToken);
        _build.Keep(projects, before, evaluations);
        return evaluations;
    }

    private async Task<ImmutableHashSet<string>> FindTestProjectsAsync(
        IReadOnlyCollection<ProjectInput> found, CancellationToken cancellationToken)
    {
        var result = await _evaluator.EvaluateAsync(found, cancellationToken);
        var unrestored = result.Projects.Where(project => !project.IsRestored).Select(project => project.Project).ToHashSet();
        if (unrestored.Count > 0 && !settings.NoBuild)
        {
            await _builder.RestoreAsync([.. found.Where(input => unrestored.Contains(input.Path))], cancellationToken);
            result = await _evaluator.EvaluateAsync(found, cancellationToken);
        }

        foreach (var stranger in result.Strangers)
            logger.LogWarning("{Project} does not import the common MSBuild targets. It is left out.", stranger);
        var errors = result.Errors.ToLookup(error => TestProjectNames.SpeaksOfTests(error.Project));
        foreach (var error in errors[true])
            _problems.Add($"{error} Repair it, or leave it out: --test-projects … '!{PathIn(error.Project)}'.");
        // A project for phones in the same solution cannot be built on every machine, and must not stop the run.
        foreach (var error in errors[false])
            logger.LogWarning("{Error} It is left out, because neither its name nor its text speaks of tests.", error);
        foreach (var project in result.Projects.Where(IsUnknown))
        {
            _problems.Add(
                $"{project.Project} is not restored, so that nobody knows whether it holds tests: run dotnet restore, let the run build (--test-build auto), or leave it out: --test-projects … '!{PathIn(project.Project)}'.");
        }

        // A build could take minutes and change none of these problems.
        _problems.ThrowIfAny();
        return [.. result.Projects.Where(project => project.IsTestProject && !IsThisBuild(project)).Select(project => project.Project)];
    }

    private async Task<ImmutableArray<ProjectEvaluation>> EvaluateAsync(
        ImmutableArray<ProjectInput> projects, CancellationToken cancellationToken)
    {
        var result = await _evaluator.EvaluateAsync(projects, cancellationToken);
        foreach (var error in result.Errors)
            _problems.Add(error.ToString());
        foreach (var stranger in result.Strangers)
            _problems.Add($"{stranger} cannot be evaluated by MSBuild: it does not import the common MSBuild targets");
        return result.Projects;
    }

    private string PathIn(string project) => Path.GetRelativePath(settings.WorkingDirectory, project).Replace('\\', '/');

    // The property that makes it a test project comes with a package, which has not been restored.
    private bool IsUnknown(ProjectEvaluation project) =>
        settings.NoBuild && project is { IsRestored: false, IsTestProject: false, RefersToTestPackage: true };

    // A build that ran itself as a test would build itself while it runs.
    private static bool IsThisBuild(ProjectEvaluation project) => project.TargetPath == Assembly.GetEntryAssembly()?.Location;

    private ImmutableArray<TestAssembly> Select(ImmutableArray<ProjectEvaluation> projects, TestInputs inputs)
    {
        var built = projects.Select(project => new AssemblyCandidate(
            project.TargetPath, project.TargetFramework.Length > 0 ? project.TargetFramework : null, project.Project,
            project.RunSettingsFile, IsNamed: true)
        { AssetsFile = project.AssetsFile, Filter = project.Filter });
        var given = inputs.Assemblies.Select(assembly => new AssemblyCandidate(assembly.Path, null, null, null, assembly.IsNamed));
        var assemblies = new AssemblySelection(settings, runSettings, location, _problems).Select(built.Concat(given));
        _problems.ThrowIfAny();
        foreach (var warning in UnusedProperties.WarningsOf(projects, assemblies))
            logger.LogWarning("{Warning}", warning);
        return assemblies.Length > 0
            ? assemblies
            : throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                $"No test project was found by '{string.Join(' ', settings.TestProjects)}' in {settings.WorkingDirectory}: check --test-projects.");
    }

    private TestFilter? FilterOf(TestAssembly assembly) =>
        assembly.Filter is { } given ? _filters.GetOrAdd(given, text => TestFilter.Parse(text)!) : null;

    private TestCatalog PartOf(TestAssembly assembly, KnownTests known) =>
        Sort([new DiscoveredAssembly(assembly, known.Found)]) with
        {
            Discovered = ImmutableDictionary<TestAssembly, int>.Empty.Add(assembly, known.Total),
        };

    private TestCatalog Sort(ImmutableArray<DiscoveredAssembly> discovered)
    {
        var units = ImmutableArray.CreateBuilder<TestUnit>();
        var notExecuted = ImmutableArray.CreateBuilder<TestEntry>();
        var names = ImmutableHashSet.CreateBuilder<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (assembly, found) in discovered)
        {
            var (run, notRun) = found.Select(assembly, FilterOf(assembly), runSettings.For(assembly));
            if (!settings.Together.IsEmpty)
                names.UnionWith(CatalogBuilder.Units(assembly, found.Entries(assembly)).SelectMany(TogetherNames.Of));
            units.AddRange(CatalogBuilder.Units(assembly, run));
            notExecuted.AddRange(notRun);
        }

        return new TestCatalog(
            [.. discovered.Select(entry => entry.Assembly)], units.ToImmutable(),
            notExecuted.ToImmutable())
        {
            Names = names.ToImmutable(),
            Discovered = discovered.ToImmutableDictionary(entry => entry.Assembly, entry => entry.Found.Count),
        };
    }
}
