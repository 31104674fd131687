using System.Xml.Linq;

namespace ConcurrentTesting.VsTest;

/// <summary>Finds the data collectors that run settings ask for before anything runs: VSTest runs the tests without one that it does not
/// find, and says so where nobody looks.</summary>
internal static class CollectorFinder
{
    private const string FriendlyNameAttribute =
        "Microsoft.VisualStudio.TestPlatform.ObjectModel.DataCollection.DataCollectorFriendlyNameAttribute";
    private const string UriAttribute = "Microsoft.VisualStudio.TestPlatform.ObjectModel.DataCollection.DataCollectorTypeUriAttribute";

    // VSTest takes files with this ending for collectors.
    private const string FilePattern = "*collector.dll";

    private static readonly EnumerationOptions AnyCase = new() { MatchCasing = MatchCasing.CaseInsensitive };
    private static readonly EnumerationOptions AnyDepth = new() { MatchCasing = MatchCasing.CaseInsensitive, RecurseSubdirectories = true };

    /// <param name="assetsFile">What NuGet restored for the assembly's project; null where there is none.</param>
    /// <exception cref="ConcurrentTestException">A collector is nowhere to be found.</exception>
    public static AssemblyCollectors Find(
        TestAssembly assembly, string? assetsFile, RunSettingsDocument runSettings, VsTestLocation location)
    {
        var document = runSettings.For(assembly);
        if (!IsAnythingAsked(document))
            return AssemblyCollectors.None;

        var found = Available(assembly, assetsFile, document, location).ToList();
        var files = document.Collectors.Select(collector => FileOf(collector, found) ?? throw Missing(collector, assembly, document))
            .ToList();
        var added = IsCoverageMissing(document) ? Preferred(assembly, found) : null;
        if (added is not null)
            files.Add(added.File);
        var collectors = Collectors(assembly, location, files) with
        {
            Added = added?.FriendlyName,
            CollectCoverage = document.CollectCoverage || document.Collectors.Any(CoverageSettings.IsCoverage),
        };
        CheckInProcess(assembly, document, collectors);
        return collectors;
    }

    private static bool IsAnythingAsked(RunSettingsDocument document) =>
        document.CollectCoverage || document.Collectors.Count > 0 || document.InProcessCollectors.Count > 0;

    private static bool IsCoverageMissing(RunSettingsDocument document) =>
        document.CollectCoverage && !document.Collectors.Any(CoverageSettings.IsCoverage);

    private static AssemblyCollectors Collectors(TestAssembly assembly, VsTestLocation location, List<string> files) => new()
    {
        Folders = [.. files.Select(file => Path.GetDirectoryName(file)!).Where(folder => IsOutOfTheWay(folder, assembly, location))
            .Distinct()],
        Coverlet = files.Find(file => Path.GetFileName(file).Equals(CoverageSettings.CoverletFile, StringComparison.OrdinalIgnoreCase)),
    };

    private static AvailableCollector Preferred(TestAssembly assembly, List<AvailableCollector> found) =>
        found.Find(collector => CoverageSettings.IsCoverlet(collector.FriendlyName, collector.Uri))
        ?? found.Find(collector => CoverageSettings.IsMicrosoft(collector.FriendlyName, collector.Uri))
        ?? throw BadSettings(
            $"--test-coverage: {assembly.Source} has no coverage collector. Add the package coverlet.collector to its project.");

    private static string? FileOf(XElement collector, List<AvailableCollector> found)
    {
        var (name, uri) = (CoverageSettings.NameOf(collector), CoverageSettings.UriOf(collector));
        return found.Find(available => Same(available.FriendlyName, name) || Same(available.Uri, uri))?.File;
    }

    private static bool Same(string? first, string? second) =>
        first is not null && first.Equals(second, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<AvailableCollector> Available(
        TestAssembly assembly, string? assetsFile, RunSettingsDocument document, VsTestLocation location)
    {
        var beside = Path.GetDirectoryName(assembly.Path)!;
        string[] folders =
        [
            // `dotnet publish` puts the collectors of packages there.
            beside, Path.Combine(beside, "Microsoft.CodeCoverage"),
            .. assetsFile is null ? [] : PackageFolders.WithBuildFiles(assetsFile, assembly.TargetFramework),
            Path.Combine(Path.GetDirectoryName(location.Console)!, "Extensions"),
        ];
        return Files(folders, AnyCase).Concat(Files(document.AdapterPaths, AnyDepth)).SelectMany(Read);
    }

    private static IEnumerable<string> Files(IEnumerable<string> folders, EnumerationOptions options) =>
        folders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, FilePattern, options));

    private static IEnumerable<AvailableCollector> Read(string file)
    {
        using var metadata = AssemblyMetadata.Open(file);
        if (metadata is null)
            yield break;
        foreach (var type in metadata.TypeNames)
        {
            var attributes = metadata.AttributesOf(type).ToList();
            var (name, uri) = (ArgumentOf(attributes, FriendlyNameAttribute), ArgumentOf(attributes, UriAttribute));
            if (name is not null || uri is not null)
                yield return new AvailableCollector(file, name, uri);
        }
    }

    private static string? ArgumentOf(List<AttributeFacts> attributes, string type) =>
        attributes.Find(attribute => attribute.Type == type)?.Arguments.FirstOrDefault() as string;

    private static bool IsOutOfTheWay(string folder, TestAssembly assembly, VsTestLocation location) =>
        folder != Path.GetDirectoryName(assembly.Path)
            && !folder.StartsWith(Path.GetDirectoryName(location.Console)!, StringComparison.Ordinal);

    private static void CheckInProcess(TestAssembly assembly, RunSettingsDocument document, AssemblyCollectors collectors)
    {
        string[] folders = [Path.GetDirectoryName(assembly.Path)!, .. document.AdapterPaths, .. collectors.Folders];
        foreach (var collector in document.InProcessCollectors)
        {
            var file = (string?)collector.Attribute("codebase");
            if (string.IsNullOrEmpty(file) || !folders.Any(folder => File.Exists(Path.Combine(folder, file))))
            {
                throw BadSettings(
                    $"{document.Origin}: the in-process data collector '{CoverageSettings.NameOf(collector)}' cannot be loaded: its codebase '{file}' is not there for {assembly.Source}. Correct the path, or take the collector out.");
            }
        }
    }

    private static ConcurrentTestException Missing(XElement collector, TestAssembly assembly, RunSettingsDocument document) =>
        BadSettings(
            $"{document.Origin}: there is no data collector '{CoverageSettings.NameOf(collector) ?? CoverageSettings.UriOf(collector)}' for {assembly.Source}. {Remedy(collector)}");

    private static string Remedy(XElement collector) =>
        CoverageSettings.IsCoverlet(collector)
            ? "Add the package coverlet.collector to its project, or take the collector out of the run settings."
        : CoverageSettings.IsMicrosoft(collector)
            ? "Add the package Microsoft.CodeCoverage to its project, or take the collector out of the run settings."
        : "Check its friendlyName, add the package that brings it, or name its folder in TestAdaptersPaths.";

    private static ConcurrentTestException BadSettings(string message) => new(ConcurrentTestExitCode.BadSettings, message);

    private sealed record AvailableCollector(string File, string? FriendlyName, string? Uri);
}
