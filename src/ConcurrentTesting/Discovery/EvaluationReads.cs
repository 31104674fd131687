using System.Collections.Immutable;

namespace ConcurrentTesting.Discovery;

/// <summary>What evaluations read beside SDKs and packages.</summary>
/// <param name="Imports">Files that were imported.</param>
/// <param name="LookedFor">What <see cref="FileStamp"/> can tell of and another answer would change them, be it there or not.</param>
/// <param name="Doubt">The first thing of which it is not known what it looks for; null: there is none.</param>
internal sealed record EvaluationReads(ImmutableArray<string> Imports, ImmutableArray<string> LookedFor, string? Doubt)
{
    // What SDKs and packages set, and conditions on files are often made of, beside what the files found by name use.
    private static readonly string[] KnownProperties =
    [
        "MSBuildExtensionsPath", "MSBuildExtensionsPath32", "MSBuildExtensionsPath64", "MSBuildToolsPath", "MSBuildBinPath",
        "MSBuildSDKsPath", "MSBuildToolsVersion", "MSBuildUserExtensionsPath", "MSBuildProjectExtensionsPath", "MSBuildStartupDirectory",
        "MSBuildRuntimeType", "NetCoreRoot", "NetCoreTargetingPackRoot", "NETCoreSdkVersion", "BundledNETCoreAppTargetFrameworkVersion",
        "NuGetPackageRoot", "OS", "BaseIntermediateOutputPath", "IntermediateOutputPath", "BaseOutputPath", "OutputPath", "OutDir",
        "ArtifactsPath", "Configuration", "Platform", "TargetFramework", "AssemblyName", "TargetName", "RootNamespace", "VSToolsPath",
        "VisualStudioVersion",
    ];

    /// <summary>
    /// The properties whose values MSBuild has to tell before it can be said what projects look for. Those of the environment are known,
    /// and what is in it shall be in no file.
    /// </summary>
    public static IEnumerable<string> NamesFor(IEnumerable<ProjectInput> projects, Dictionary<string, string> environment)
    {
        var files = projects
            .SelectMany(project => MSBuildSurroundings.FoundByName(project.Path).Concat([project.Path, project.Path + ".user"]))
            .Where(file => Path.GetExtension(file) is not (".json" or ".rsp" or ".config")).Distinct(StringComparer.Ordinal);
        return EvaluationText.NamesIn(files).Concat(KnownProperties).Distinct(StringComparer.OrdinalIgnoreCase)
            .Except(environment.Keys, StringComparer.OrdinalIgnoreCase);
    }

    /// <param name="log">What MSBuild logged.</param>
    /// <param name="projects">Those that were evaluated.</param>
    /// <param name="values">What properties are.</param>
    /// <param name="roots">Where nothing is looked at: packages, SDKs.</param>
    /// <param name="sdk">The folder of <c>dotnet</c>.</param>
    public static EvaluationReads Of(
        string log, IReadOnlyCollection<string> projects, ILookup<string, string> values, List<string> roots, string sdk)
    {
        var folders = projects.Select(project => Path.GetDirectoryName(project)!).Distinct(StringComparer.Ordinal).ToList();
        var read = EvaluationLog.Read(log, folders);
        ImmutableArray<string> imports = [.. read.Imported.Where(path => !roots.Exists(root => RepositoryRoot.Contains(root, path)))];

        var scan = new EvaluationScan(projects, values);
        foreach (var pattern in read.Patterns.Where(pattern => !RepositoryRoot.Contains(sdk, pattern)))
            scan.AddPattern(pattern);
        scan.Add(imports.Concat(projects).Distinct(StringComparer.Ordinal).Where(File.Exists));
        return new EvaluationReads(
            imports,
            [.. read.LookedFor.Where(path => !RepositoryRoot.Contains(sdk, path)).Concat(scan.LookedFor).Distinct(StringComparer.Ordinal)],
            read.Imported.Count > 0 ? scan.Doubt : "MSBuild logged no import");
    }
}
