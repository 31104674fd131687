using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Discovery;

/// <summary>An assembly that may be run, before anything is known of its inside.</summary>
/// <param name="TargetFramework">The moniker that its project gives; null where the assembly has to tell.</param>
/// <param name="IsNamed">It has to be a test assembly; otherwise it is left out if it is none.</param>
internal sealed record AssemblyCandidate(string Path, string? TargetFramework, string? ProjectFile, string? RunSettingsFile, bool IsNamed)
{
    /// <summary>Where NuGet's restore of its project wrote what the packages give; null where there is no project.</summary>
    public string? AssetsFile { get; init; }

    /// <summary>The filter that its project gives <c>dotnet test</c>; null: none.</summary>
    public string? Filter { get; init; }
}

/// <summary>Decides which assemblies can be run with VSTest, and says of each other one why not and what to do.</summary>
internal sealed class AssemblySelection(
    ConcurrentTestSettings settings, RunSettingsDocument runSettings, VsTestLocation location, DiscoveryProblems problems)
{
    private const string Supported = "xunit 2, xunit v3, NUnit and MSTest are supported";

    /// <exception cref="ConcurrentTestException">
    /// The framework that was asked for is none of any project's, a filter does not parse, or a collector or logger of the run settings
    /// is nowhere to be found.
    /// </exception>
    public ImmutableArray<TestAssembly> Select(IEnumerable<AssemblyCandidate> candidates)
    {
        var all = candidates.DistinctBy(candidate => candidate.Path).Select(candidate => (Candidate: candidate, Facts: Inspect(candidate)))
            .ToList();
        var wanted = all.Where(entry => IsWanted(Moniker(entry.Candidate, entry.Facts))).ToList();
        if (wanted.Count == 0 && all.Count > 0 && settings.Framework is not null)
        {
            var there = all.Select(entry => Moniker(entry.Candidate, entry.Facts)).Distinct().Order(StringComparer.Ordinal);
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"No test project has the target framework '{settings.Framework}': there are {string.Join(", ", there)}. Change --test-framework.");
        }

        return Numbered([.. wanted.Select(entry => ToTestAssembly(entry.Candidate, entry.Facts)).OfType<TestAssembly>()]);
    }

    // Several repositories may have an assembly of the same name.
    private static ImmutableArray<TestAssembly> Numbered(ImmutableArray<TestAssembly> assemblies)
    {
        var namesakes = assemblies.ToLookup(assembly => assembly.Source);
        return [.. assemblies.Select(
            assembly => assembly with { Ordinal = namesakes[assembly.Source].Count(
                other => string.CompareOrdinal(other.Path, assembly.Path) < 0) })];
    }

    private static AssemblyFacts? Inspect(AssemblyCandidate candidate) =>
        File.Exists(candidate.Path) ? AssemblyInspector.Inspect(candidate.Path) : null;

    private static string Moniker(AssemblyCandidate candidate, AssemblyFacts? facts) =>
        candidate.TargetFramework ?? facts?.TargetFramework ?? "unknown";

    private bool IsWanted(string moniker) =>
        settings.Framework is null || settings.Framework.Equals(moniker, StringComparison.OrdinalIgnoreCase);

    private TestAssembly? ToTestAssembly(AssemblyCandidate candidate, AssemblyFacts? facts)
    {
        if (!candidate.IsNamed
            && facts is null or { Framework: TestFramework.Unknown, OtherAdapter: null } or { IsTestingPlatform: false, HasAdapter: false })
            return null;
        var assembly = new TestAssembly(
            candidate.Path, Moniker(candidate, facts), facts?.Framework ?? TestFramework.Unknown, candidate.ProjectFile)
        {
            RunSettingsFile = candidate.RunSettingsFile,
        };
        if (Problem(assembly, facts) is not { } problem)
            return Completed(assembly, candidate);
        problems.Add($"{assembly.Source}: {problem}");
        return null;
    }

    private TestAssembly Completed(TestAssembly assembly, AssemblyCandidate candidate)
    {
        LoggerFinder.Check(assembly, candidate.AssetsFile, runSettings, location);
        return assembly with
        {
            Collectors = CollectorFinder.Find(assembly, candidate.AssetsFile, runSettings, location),
            // The parameter replaces the project's filter, as --filter does: both are the same property.
            Filter = TestFilter.Parse(settings.Filter ?? candidate.Filter, runSettings.For(assembly).TestCaseFilter)?.Text,
        };
    }

    private string? Problem(TestAssembly assembly, AssemblyFacts? facts)
    {
        if (!File.Exists(assembly.Path))
            return $"{assembly.Path} is not there. Build the project first, or leave out --test-build never.";
        if (facts is null)
            return $"{assembly.Path} is no .NET assembly. Name a test project or the .dll that it builds.";
        return FrameworkProblem(facts) ?? AdapterProblem(facts) ?? RuntimeProblem(assembly);
    }

    private static string? FrameworkProblem(AssemblyFacts facts) => facts switch
    {
        { Framework: not TestFramework.Unknown } => null,
        { OtherAdapter: { } adapter } => $"it is written with an unknown test framework (its adapter is {adapter}). Only {Supported}.",
        { IsTestingPlatform: true } =>
            $"it runs on Microsoft.Testing.Platform only, with a test framework that has no VSTest adapter. Only {Supported}.",
        _ => $"it refers to no known test framework. Name a test project; {Supported}.",
    };

    private static string? AdapterProblem(AssemblyFacts facts)
    {
        if (facts.HasAdapter)
            return null;
        var package = facts.Framework switch
        {
            TestFramework.NUnit => "NUnit3TestAdapter",
            TestFramework.MSTest => "MSTest.TestAdapter",
            _ => "xunit.runner.visualstudio",
        };
        return facts switch
        {
            { IsTestingPlatform: true, Framework: TestFramework.MSTest } =>
                "it is built for Microsoft.Testing.Platform only. Put <UseVSTest>true</UseVSTest> into a project of the SDK MSTest.Sdk, or add the packages MSTest.TestAdapter and Microsoft.NET.Test.Sdk to another, so that VSTest can run it.",
            { IsTestingPlatform: true } =>
                $"it is a Microsoft.Testing.Platform-only project. Add the packages {package} and Microsoft.NET.Test.Sdk to it, so that VSTest can run it.",
            _ => $"it has no VSTest adapter beside it. Add the packages {package} and Microsoft.NET.Test.Sdk to its project.",
        };
    }

    private string? RuntimeProblem(TestAssembly assembly)
    {
        if (assembly.TargetFramework.StartsWith("netstandard", StringComparison.OrdinalIgnoreCase))
            return "it is a library for several runtimes and cannot be run. Give the test project a target framework such as net10.0.";
        if (!assembly.TargetFramework.Contains('.', StringComparison.Ordinal))
        {
            return OperatingSystem.IsWindows()
                ? null
                : "it is for .NET Framework, which only Windows has. Choose another one with --test-framework.";
        }

        var dotnet = runSettings.For(assembly).DotNetHostPath ?? location.DotNet;
        var missing = new InstalledRuntimes(dotnet, Environment.GetEnvironmentVariable("DOTNET_ROLL_FORWARD")).Missing(
            assembly.Path, assembly.TargetFramework);
        return missing is null ? null : $"it needs the runtime {missing}. Install it, or choose another framework with --test-framework.";
    }
}
