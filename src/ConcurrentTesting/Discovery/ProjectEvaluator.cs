using System.Xml.Linq;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Discovery;

/// <summary>Asks MSBuild, never guesses, where projects put their assemblies: all projects of one SDK in one process, which costs little
/// more than one project does. Answers are kept until a file that they came from changes.</summary>
/// <remarks>The question is put the way NuGet's restore puts its own: by a target imported through
/// <c>CustomAfterMicrosoftCommonTargets</c>, in an evaluation that builds nothing.</remarks>
internal sealed class ProjectEvaluator(ConcurrentTestSettings settings, string dotnet, ILogger logger)
{
    private const string DescribeTargets = """
        <Project>
          <!-- What the project and those that it refers to read; what is told by no item is not known. -->
          <Target Name="ConcurrentTestInputs" Returns="@(ConcurrentTestInput)">
            <ItemGroup Condition="'$(IsCrossTargetingBuild)' == 'true'">
              <_ConcurrentTestInputFramework Include="$(TargetFrameworks)" />
            </ItemGroup>
            <MSBuild Condition="'$(IsCrossTargetingBuild)' == 'true'" Projects="$(MSBuildProjectFullPath)" Targets="ConcurrentTestInputs"
                     Properties="TargetFramework=%(_ConcurrentTestInputFramework.Identity)" ContinueOnError="true">
              <Output TaskParameter="TargetOutputs" ItemName="ConcurrentTestInput" />
            </MSBuild>
            <MSBuild Condition="'$(IsCrossTargetingBuild)' != 'true'" Projects="@(ProjectReference)" Targets="ConcurrentTestInputs"
                     RemoveProperties="TargetFramework" ContinueOnError="true" SkipNonexistentTargets="true">
              <Output TaskParameter="TargetOutputs" ItemName="ConcurrentTestInput" />
            </MSBuild>
            <ItemGroup Condition="'$(IsCrossTargetingBuild)' != 'true'">
              <_ConcurrentTestHint Include="@(Reference->'%(HintPath)')" Condition="'%(Reference.HintPath)' != ''" />
              <_ConcurrentTestRead Include="@(Compile);@(Content);@(None);@(EmbeddedResource);@(Resource);@(Page);@(ApplicationDefinition)" />
              <_ConcurrentTestRead Include="@(AdditionalFiles);@(EditorConfigFiles);@(GlobalAnalyzerConfigFiles);@(Analyzer);@(Protobuf)" />
              <_ConcurrentTestRead Include="@(UpToDateCheckInput);@(CustomAdditionalCompileInputs);@(ProjectReference);@(_ConcurrentTestHint)" />
              <ConcurrentTestInput Include="@(_ConcurrentTestRead->'%(FullPath)')" />
              <ConcurrentTestInput Include="$(MSBuildProjectFullPath)">
                <WrittenList Condition="'$(CleanFile)' != ''">$([MSBuild]::NormalizePath('$(MSBuildProjectDirectory)', '$(IntermediateOutputPath)', '$(CleanFile)'))</WrittenList>
                <AssetsFile>$(ProjectAssetsFile)</AssetsFile>
              </ConcurrentTestInput>
            </ItemGroup>
          </Target>
          <Target Name="ConcurrentTestDescribe" DependsOnTargets="ConcurrentTestInputs" Returns="@(ConcurrentTestDescription)">
            <ItemGroup Condition="'$(IsCrossTargetingBuild)' == 'true'">
              <_ConcurrentTestFramework Include="$(TargetFrameworks)" />
            </ItemGroup>
            <MSBuild Condition="'$(IsCrossTargetingBuild)' == 'true'" Projects="$(MSBuildProjectFullPath)" Targets="ConcurrentTestDescribe"
                     Properties="TargetFramework=%(_ConcurrentTestFramework.Identity)" BuildInParallel="true">
              <Output TaskParameter="TargetOutputs" ItemName="ConcurrentTestDescription" />
            </MSBuild>
            <PropertyGroup>
              <_ConcurrentTestIsRestored Condition="'$(ProjectAssetsFile)' == '' or Exists('$(ProjectAssetsFile)')">true</_ConcurrentTestIsRestored>
            </PropertyGroup>
            <ItemGroup Condition="'$(IsCrossTargetingBuild)' != 'true'">
              <ConcurrentTestDescription Include="$(MSBuildProjectFullPath)">
                <TargetFramework>$(TargetFramework)</TargetFramework>
                <TargetPath>$(TargetPath)</TargetPath>
                <IsTestProject>$(IsTestProject)</IsTestProject>
                <IsTestingPlatformApplication>$(IsTestingPlatformApplication)</IsTestingPlatformApplication>
                <IsRestored>$(_ConcurrentTestIsRestored)</IsRestored>
                <!-- As Microsoft.TestPlatform.targets hands it to VSTest. -->
                <RunSettingsFilePath>$([MSBuild]::ValueOrDefault('$(VSTestSetting)', '$(RunSettingsFilePath)'))</RunSettingsFilePath>
                <VSTestTestCaseFilter>$(VSTestTestCaseFilter)</VSTestTestCaseFilter>
                UNUSED PROPERTIES
                <Packages>@(PackageReference, '|')</Packages>
                <PackageRoot>$(NuGetPackageRoot)</PackageRoot>
                <AssetsFile>$(ProjectAssetsFile)</AssetsFile>
                <Inputs>@(ConcurrentTestInput->Distinct(), '|')</Inputs>
                <WrittenLists>@(ConcurrentTestInput->'%(WrittenList)', '|')</WrittenLists>
                <AllAssetsFiles>@(ConcurrentTestInput->'%(AssetsFile)', '|')</AllAssetsFiles>
                <Properties>KNOWN PROPERTIES</Properties>
              </ConcurrentTestDescription>
            </ItemGroup>
          </Target>
        </Project>
        """;

    private const string NoSuchTarget = "MSB4057";

    // Such a package sets IsTestProject or IsTestingPlatformApplication.
    private static readonly string[] TestPackages =
    [
        "Microsoft.NET.Test.Sdk", "MSTest", "MSTest.TestAdapter", "NUnit3TestAdapter", "TUnit", "xunit.runner.visualstudio", "xunit.v3",
        "xunit.v3.mtp-off", "xunit.v3.mtp-v1", "xunit.v3.mtp-v2",
    ];

    private readonly EvaluationCache _cache = new(settings, dotnet);
    private readonly ImmutableArray<string> _left = [.. RunWrites.Of(settings)];

    /// <summary>Evaluates each project in each of its target frameworks.</summary>
    public async Task<EvaluationResult> EvaluateAsync(IReadOnlyCollection<ProjectInput> projects, CancellationToken cancellationToken)
    {
        var stamps = new Dictionary<string, string>(StringComparer.Ordinal);
        var known = projects.Select(project => (Project: project, Evaluations: _cache.Find(project, stamps))).ToList();
        var missing = known.Where(entry => entry.Evaluations is null).Select(entry => entry.Project).ToList();
        logger.LogDebug("{Known} of {All} project evaluations are up to date", projects.Count - missing.Count, projects.Count);

        var fresh = new List<EvaluationResult>();
        foreach (var group in missing.GroupBy(project => (Sdk: SdkFolder(project.Path), Arguments: ArgumentsOf(project))))
            fresh.Add(await AskAsync(group.Key.Sdk, group.Key.Arguments, [.. group], cancellationToken));
        return new EvaluationResult(
            [.. known.SelectMany(entry => entry.Evaluations ?? []), .. fresh.SelectMany(result => result.Projects)],
            [.. fresh.SelectMany(result => result.Errors)],
            [.. fresh.SelectMany(result => result.Strangers)]);
    }

    // A project that belongs to a solution is built with it, so the response file beside the solution counts.
    private string ArgumentsOf(ProjectInput project) =>
        ResponseFile.FindFor(SolutionBuild.Of(project, settings.Configuration)?.Solution ?? project.Path);

    // The project's folder decides which SDK's MSBuild answers.
    private static string SdkFolder(string project)
    {
        var own = Path.GetDirectoryName(project)!;
        return Folders.Up(own).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "global.json"))) ?? Path.GetPathRoot(own)!;
    }

    private async Task<EvaluationResult> AskAsync(
        string sdkFolder, string arguments, ImmutableArray<ProjectInput> projects, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("concurrent-test-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "describe.targets"), Targets(projects), cancellationToken);
            Question(folder, projects).Save(Path.Combine(folder, "describe.proj"));
            ResponseFile.PassOn(arguments, folder);
            var begun = DateTime.UtcNow;
            var result = await DotNetCommand.RunAsync(
                dotnet, Arguments(folder, projects.Length), sdkFolder, Environment(), cancellationToken);
            var answers = ReadAnswers(Path.Combine(folder, "answer.json"));
            var reads = ReadsOf(projects, answers, folder);
            var evaluations = WithReads(answers, reads, folder);
            Remember(projects, evaluations, reads, begun);
            var errors = BuildErrors.Parse(result.Output);
            var answered = answers.Select(answer => answer.Evaluation.Project).ToHashSet();
            var unanswered = projects.Where(project => !answered.Contains(project.Path)).ToList();
            var silent = unanswered.Where(project => !errors.Any(error => IsOf(project.Path, error))).ToList();
            // MSBuild that fails at one project answers for none of the others, so those are asked again without it.
            var again = silent.Count > 0 && silent.Count < projects.Length
                ? await AskAsync(sdkFolder, arguments, [.. silent], cancellationToken)
                : EvaluationResult.Empty;
            if (again != EvaluationResult.Empty)
                unanswered = [.. unanswered.Except(silent)];
            return Told(evaluations, unanswered, errors, result.Output).And(again);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string Targets(ImmutableArray<ProjectInput> projects) => DescribeTargets
        .Replace(
            "KNOWN PROPERTIES", string.Join('|', EvaluationReads.NamesFor(projects, Environment()).Select(name => $"{name}=$({name})")),
            StringComparison.Ordinal)
        .Replace(
            "UNUSED PROPERTIES", string.Concat(UnusedProperties.Names.Select(name => $"<{name}>$({name})</{name}>")),
            StringComparison.Ordinal);

    private XDocument Question(string folder, ImmutableArray<ProjectInput> projects)
    {
        var targets = Path.Combine(folder, "describe.targets");
        var properties =
            $"Configuration={Escape(settings.Configuration)};CustomAfterMicrosoftCommonTargets={targets};CustomAfterMicrosoftCommonCrossTargetingTargets={targets}";
        return new XDocument(
            new XElement(
                "Project",
                new XAttribute("DefaultTargets", "Describe"),
                new XElement(
                    "ItemGroup",
                    projects.Select(project => new XElement(
                        "TestProject",
                        new XAttribute("Include", Escape(project.Path)),
                        new XElement("AdditionalProperties", SolutionProperties(project))))),
                new XElement(
                    "Target",
                    new XAttribute("Name", "Describe"),
                    new XAttribute("Returns", "@(Description)"),
                    new XElement(
                        "MSBuild",
                        new XAttribute("Projects", "@(TestProject)"),
                        new XAttribute("Targets", "ConcurrentTestDescribe"),
                        new XAttribute("Properties", properties),
                        new XAttribute("BuildInParallel", "true"),
                        new XAttribute("ContinueOnError", "true"),
                        new XElement(
                            "Output", new XAttribute("TaskParameter", "TargetOutputs"), new XAttribute("ItemName", "Description"))))));
    }

    // Output folders are often given relative to $(SolutionDir), which only a build of the solution sets. The solution's configuration is
    // the project's only where the solution says so.
    private string SolutionProperties(ProjectInput project) =>
        string.Join(';', SolutionValues(project).Select(property => $"{property.Name}={Escape(property.Value)}"));

    private IEnumerable<(string Name, string Value)> SolutionValues(ProjectInput project)
    {
        if (SolutionBuild.Of(project, settings.Configuration) is not { Solution: var solution } build)
            return [];
        return
        [
            ("Configuration", build.Configuration), ("Platform", build.Platform),
            ("SolutionDir", Path.GetDirectoryName(solution) + Path.DirectorySeparatorChar), ("SolutionPath", solution),
            ("SolutionName", Path.GetFileNameWithoutExtension(solution)), ("SolutionFileName", Path.GetFileName(solution)),
            ("SolutionExt", Path.GetExtension(solution)),
        ];
    }

    private static string Escape(string value) =>
        value.Replace("%", "%25", StringComparison.Ordinal).Replace(";", "%3B", StringComparison.Ordinal).Replace(
            "$", "%24", StringComparison.Ordinal)
            .Replace("@", "%40", StringComparison.Ordinal).Replace("*", "%2A", StringComparison.Ordinal).Replace(
                "?", "%3F", StringComparison.Ordinal);

    private static IEnumerable<string> Arguments(string folder, int projects) =>
    [
        "msbuild",
        Path.Combine(folder, "describe.proj"),
        "-nologo",
        "-nodeReuse:false",
        // A second node costs more than it saves on a handful of projects.
        projects > 12 ? "-maxCpuCount" : "-maxCpuCount:1",
        "-verbosity:quiet",
        "-getTargetResult:Describe",
        $"-getResultOutputFile:{Path.Combine(folder, "answer.json")}",
        $"-fileLoggerParameters:Verbosity=detailed;Encoding=UTF-8;LogFile={Path.Combine(folder, "imports.log")}",
    ];

    private Dictionary<string, string> Environment() =>
        new(ProcessEnvironment.For(settings))
        {
            // The log then names each import, in English.
            ["MSBUILDLOGIMPORTS"] = "1",
            ["DOTNET_CLI_UI_LANGUAGE"] = "en",
            ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
        };

    private static ImmutableArray<Answer> ReadAnswers(string file)
    {
        if (!File.Exists(file))
            return [];
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        return document.RootElement.TryGetProperty("TargetResults", out var results)
            && results.TryGetProperty("Describe", out var describe)
            && describe.TryGetProperty("Items", out var items)
                ? [.. items.EnumerateArray().Select(ReadAnswer)]
                : [];
    }

    private static Answer ReadAnswer(JsonElement item)
    {
        var project = Text(item, "Identity");
        var runSettings = Text(item, "RunSettingsFilePath");
        var folder = Path.GetDirectoryName(project)!;
        var assets = Text(item, "AssetsFile") is { Length: > 0 } file ? Path.GetFullPath(file, folder) : null;
        return new Answer(
            new ProjectEvaluation(
                project,
                Text(item, "TargetFramework"),
                Text(item, "TargetPath"),
                IsTrue(item, "IsTestProject") || IsTrue(item, "IsTestingPlatformApplication"),
                IsTrue(item, "IsRestored") && RestoredPackages.Of(assets).All(File.Exists),
                runSettings.Length > 0 ? Path.GetFullPath(runSettings, folder) : null)
            {
                AssetsFile = assets,
                RefersToTestPackage = Values(item, "Packages").Any(IsTestPackage),
                Inputs = Paths(item, "Inputs"),
                WrittenLists = Paths(item, "WrittenLists"),
                AllAssetsFiles = Paths(item, "AllAssetsFiles"),
                Filter = Text(item, "VSTestTestCaseFilter") is { Length: > 0 } filter ? filter : null,
                UnusedProperties = [.. UnusedProperties.Names.Where(name => UnusedProperties.IsSet(Text(item, name)))],
            },
            Text(item, "PackageRoot"),
            [.. Values(item, "Properties").Select(property => property.Split('=', 2)).Where(property => property.Length == 2)
                .Select(property => (property[0], property[1]))]);
    }

    private static string[] Values(JsonElement item, string name) =>
        Text(item, name).Split('|', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static ImmutableArray<string> Paths(JsonElement item, string name) =>
        [.. Values(item, name).Select(Path.GetFullPath).Distinct(StringComparer.Ordinal)];

    private static string Text(JsonElement item, string name) => item.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private static bool IsTrue(JsonElement item, string name) => Text(item, name).Equals("true", StringComparison.OrdinalIgnoreCase);

    // SDKs and packages do not change under their version, and the question's own folder is removed in a moment.
    private List<string> RootsOf(ImmutableArray<Answer> answers, string folder) =>
        [.. answers.Select(answer => answer.PackageRoot).Append(Path.GetDirectoryName(dotnet)!).Append(folder)
            .Where(root => root.Length > 0).Distinct()];

    private EvaluationReads ReadsOf(ImmutableArray<ProjectInput> projects, ImmutableArray<Answer> answers, string folder)
    {
        List<string> files = [.. projects.Select(project => project.Path)
            .Concat(answers.SelectMany(answer => answer.Evaluation.Inputs ?? []).Where(TestInputResolver.IsProject))
            .Distinct(StringComparer.Ordinal)];
        var values = answers.SelectMany(answer => answer.Properties).Concat(projects.SelectMany(SolutionValues))
            .Concat(Environment().Select(variable => (Name: variable.Key, variable.Value))).Distinct()
            .ToLookup(value => value.Name, value => value.Value, StringComparer.OrdinalIgnoreCase);
        return EvaluationReads.Of(
            Path.Combine(folder, "imports.log"), files, values, RootsOf(answers, folder), Path.GetDirectoryName(dotnet)!);
    }

    private ImmutableArray<ProjectEvaluation> WithReads(ImmutableArray<Answer> answers, EvaluationReads reads, string folder)
    {
        var roots = RootsOf(answers, folder);
        return [.. answers.Select(answer => answer.Evaluation with
        {
            Imports = [.. reads.Imports.Concat(reads.LookedFor).Distinct(StringComparer.Ordinal)],
            Doubt = reads.Doubt,
            Inputs = Kept(answer.Evaluation, roots),
        })];
    }

    // The repository, with its thousands of sources, is looked at as a whole, so they are left out here.
    private ImmutableArray<string>? Kept(ProjectEvaluation evaluation, List<string> roots)
    {
        var repository = RepositoryRoot.Of(evaluation.Project);
        return evaluation.Inputs is { IsEmpty: false } inputs
            ? [.. inputs.Where(input => TestInputResolver.IsProject(input)
                || (!roots.Exists(root => Folders.Contains(root, input))
                    && (!Folders.Contains(repository, input) || IsLeftOut(repository, input))))]
            : null;
    }

    private bool IsLeftOut(string repository, string input) =>
        FolderPrint.MayLeaveOut(Path.GetRelativePath(repository, input)) || RunWrites.Holds(_left, input);

    private void Remember(
        ImmutableArray<ProjectInput> projects, ImmutableArray<ProjectEvaluation> evaluations, EvaluationReads reads, DateTime begun)
    {
        if (reads.Doubt is { } doubt)
            logger.LogDebug("Each run evaluates its projects: what decides this is not known: {Doubt}", doubt);
        foreach (var project in reads.Doubt is null ? projects : [])
        {
            ImmutableArray<ProjectEvaluation> own =
                [.. evaluations.Where(evaluation => evaluation.Project == project.Path)];
            if (own.Length > 0 && own.All(evaluation => evaluation.IsRestored))
                _cache.Keep(project, own, reads, begun);
        }
    }

    private static bool IsTestPackage(string package) => TestPackages.Contains(package, StringComparer.OrdinalIgnoreCase);

    // Such a project was evaluated, but has no common targets that could import the question.
    private static bool IsStranger(string project, IReadOnlyList<BuildError> errors) => errors.Any(
        error => IsOf(project, error) && error.Text.Contains(NoSuchTarget, StringComparison.Ordinal)
            && error.Text.Contains("\"ConcurrentTestDescribe\"", StringComparison.Ordinal));

    private static EvaluationResult Told(
        ImmutableArray<ProjectEvaluation> evaluations, List<ProjectInput> unanswered, IReadOnlyList<BuildError> errors, string output)
    {
        var byKind = unanswered.Select(project => project.Path).ToLookup(project => IsStranger(project, errors));
        return new EvaluationResult(evaluations, [.. byKind[false].Select(project => ErrorOf(project, errors, output))], [.. byKind[true]]);
    }

    private static EvaluationError ErrorOf(string project, IReadOnlyList<BuildError> errors, string output)
    {
        var all = errors.Where(error => IsOf(project, error)).DefaultIfEmpty(errors is [var other, ..] ? other : null).ToList();
        var reason = (all.Find(error => error is { HasCode: true }) ?? all[0])?.Text
            ?? output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault()
            ?? "it gave no answer";
        return new EvaluationError(project, reason);
    }

    private static bool IsOf(string project, BuildError error) =>
        error.Project == project || error.Text.StartsWith(project, StringComparison.Ordinal);

    private sealed record Answer(ProjectEvaluation Evaluation, string PackageRoot, ImmutableArray<(string Name, string Value)> Properties);
}
