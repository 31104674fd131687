namespace ConcurrentTesting.Discovery;

/// <summary>What a project may say to <c>dotnet test</c> by properties that a run does not follow, and what does the same here. Without a
/// word a suite would lose its coverage by them.</summary>
internal static class UnusedProperties
{
    private const string Collectors =
        "name the data collector in your .runsettings; --test-coverage true collects coverage with the package coverlet.collector or Microsoft.CodeCoverage";

    private static readonly ImmutableArray<(ImmutableArray<string> Names, string Instead)> All =
    [
        (["VSTestCollect"], Collectors),
        (["CollectCoverage"], "--test-coverage true collects coverage, with the package coverlet.collector in place of coverlet.msbuild"),
        (["VSTestBlame", "VSTestBlameCrash", "VSTestBlameHang"],
            "--test-timeout ends a test that hangs, and a test that ends its process is named; for dumps name the data collector blame in your .runsettings"),
        (["VSTestLogger"], "the run writes TRX, JUnit, HTML and JSON by itself; name other loggers in your .runsettings"),
        (["VSTestTestAdapterPath"], "name the folders as TestAdaptersPaths in your .runsettings"),
        (["VSTestCLIRunSettings"], "write these settings into your .runsettings"),
    ];

    public static IEnumerable<string> Names => All.SelectMany(kind => kind.Names);

    public static bool IsSet(string value) =>
        value.Trim() is { Length: > 0 } set && !set.Equals("false", StringComparison.OrdinalIgnoreCase);

    /// <summary>A line for each kind of them.</summary>
    /// <param name="assemblies">What is run of the projects; one whose coverage is collected needs no property for that.</param>
    public static IEnumerable<string> WarningsOf(
        IReadOnlyCollection<ProjectEvaluation> projects, IReadOnlyCollection<TestAssembly> assemblies)
    {
        var covered = assemblies.Where(assembly => assembly.Collectors.CollectCoverage).Select(assembly => assembly.Path).ToHashSet();
        foreach (var (names, instead) in All)
        {
            var isCoverage = names is ["VSTestCollect" or "CollectCoverage"];
            var setting = projects.Where(project => assemblies.Any(assembly => assembly.Path == project.TargetPath)
                && project.UnusedProperties.Intersect(names).Any() && !(isCoverage && covered.Contains(project.TargetPath))).ToList();
            if (setting.Count > 0)
                yield return $"{Told(setting)}: {string.Join(", ", setting.SelectMany(project => project.UnusedProperties).Where(names.Contains).Distinct())}, a property for dotnet test, is not used here. Instead, {instead}.";
        }
    }

    private static string Told(List<ProjectEvaluation> projects)
    {
        var names = projects.Select(project => Path.GetFileNameWithoutExtension(project.Project)).Distinct().ToList();
        return string.Join(", ", names.Take(3)) + (names.Count > 3 ? $" and {names.Count - 3} more" : "");
    }
}
