namespace ConcurrentTesting.Discovery;

/// <summary>What evaluations read beside SDKs and packages.</summary>
/// <param name="Imports">Files that were imported.</param>
/// <param name="LookedFor">What <see cref="FileStamp"/> can tell of and another answer would change them, be it there or not.</param>
/// <param name="Doubt">The first thing of which it is not known what it looks for; null: there is none.</param>
internal sealed partial record EvaluationReads(ImmutableArray<string> Imports, ImmutableArray<string> LookedFor, string? Doubt)
{
    // SDKs and packages set these properties, and conditions on files often use them.
    private static readonly string[] KnownProperties =
    [
        "MSBuildExtensionsPath", "MSBuildExtensionsPath32", "MSBuildExtensionsPath64", "MSBuildToolsPath", "MSBuildBinPath",
        "MSBuildSDKsPath", "MSBuildToolsVersion", "MSBuildUserExtensionsPath", "MSBuildProjectExtensionsPath", "MSBuildStartupDirectory",
        "MSBuildRuntimeType", "NetCoreRoot", "NetCoreTargetingPackRoot", "NETCoreSdkVersion", "BundledNETCoreAppTargetFrameworkVersion",
        "NuGetPackageRoot", "OS", "BaseIntermediateOutputPath", "IntermediateOutputPath", "BaseOutputPath", "OutputPath", "OutDir",
        "ArtifactsPath", "Configuration", "Platform", "TargetFramework", "AssemblyName", "TargetName", "RootNamespace", "VSToolsPath",
        "VisualStudioVersion",
    ];

    /// <summary>The properties whose values MSBuild has to tell before it can be said what projects look for. Those of the environment are
    /// known, and what is in it shall be in no file.</summary>
    public static IEnumerable<string> NamesFor(IEnumerable<ProjectInput> projects, Dictionary<string, string> environment)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var open = new Queue<string>(projects
            .SelectMany(project => MSBuildSurroundings.FoundByName(project.Path).Concat([project.Path, project.Path + ".user"]))
            .Where(file => Path.GetExtension(file) is ".props" or ".targets" or ".user" || TestInputResolver.IsProject(file)));
        while (open.TryDequeue(out var file))
        {
            var text = texts.ContainsKey(file) ? "" : TextOf(file);
            texts.TryAdd(file, text);
            foreach (var imported in ImportsIn(text, Path.GetDirectoryName(file)!))
                open.Enqueue(imported);
        }

        return EvaluationText.NamesIn(texts.Values).Concat(KnownProperties).Distinct(StringComparer.OrdinalIgnoreCase)
            .Except(environment.Keys, StringComparer.OrdinalIgnoreCase);
    }

    // MSBuild itself will complain of a file that cannot be read.
    private static string TextOf(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file) : "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    // Only imports whose path is written out are found: MSBuild tells the others too late to ask about them.
    private static IEnumerable<string> ImportsIn(string text, string folder) =>
        Import().Matches(text)
            .Select(match => match.Groups["path"].Value.Replace(
                "$(MSBuildThisFileDirectory)", folder + Path.DirectorySeparatorChar, StringComparison.OrdinalIgnoreCase))
            .Where(path => path.AsSpan().IndexOfAny("$*?") < 0)
            .Select(path => Path.GetFullPath(EvaluationPath.OfText(path), folder));

    /// <param name="log">What MSBuild logged.</param>
    /// <param name="projects">Those that were evaluated.</param>
    /// <param name="values">What properties are.</param>
    /// <param name="roots">Folders in which nothing is looked at: packages, SDKs.</param>
    /// <param name="sdk">The folder of <c>dotnet</c>.</param>
    public static EvaluationReads Of(
        string log, IReadOnlyCollection<string> projects, ILookup<string, string> values, List<string> roots, string sdk)
    {
        var folders = projects.Select(project => Path.GetDirectoryName(project)!).Distinct(StringComparer.Ordinal).ToList();
        var read = EvaluationLog.Read(log, folders);
        ImmutableArray<string> imports = [.. read.Imported.Where(path => !roots.Exists(root => Folders.Contains(root, path)))];

        var scan = new EvaluationScan(projects, values);
        foreach (var pattern in read.Patterns.Where(pattern => !Folders.Contains(sdk, pattern)))
            scan.AddPattern(pattern);
        scan.Add(imports.Concat(projects).Distinct(StringComparer.Ordinal).Where(File.Exists));
        return new EvaluationReads(
            imports,
            [.. read.LookedFor.Where(path => !Folders.Contains(sdk, path)).Concat(scan.LookedFor).Distinct(StringComparer.Ordinal)],
            read.Imported.Count > 0 ? scan.Doubt : "MSBuild logged no import");
    }

    [GeneratedRegex(@"<Import\s[^>]*?Project\s*=\s*""(?<path>[^""]+)""")]
    private static partial Regex Import();
}
