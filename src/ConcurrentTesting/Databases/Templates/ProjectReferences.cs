using System.Xml;
using System.Xml.Linq;

namespace ConcurrentTesting.Databases.Templates;

/// <summary>What a project is made of outside of its folder: projects, files and imports, as far as their text tells, without MSBuild.
/// Where a path is made of properties, it is the whole repository.</summary>
/// <param name="Paths">Files and folders that are there, absolute.</param>
/// <param name="AreWhole">False where there is more of which nobody knows where it lies.</param>
internal sealed record ProjectReferences(IReadOnlyList<string> Paths, bool AreWhole)
{
    private static readonly string[] FileItems =
        ["ProjectReference", "Reference", "Compile", "EmbeddedResource", "Content", "None", "Resource"];

    // These files tell versions of packages, and may refer to other files.
    private static readonly string[] FilesFoundByName = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"];

    private static readonly string[] Installed =
    [
        "$(MSBuildExtensionsPath", "$(MSBuildToolsPath", "$(MSBuildBinPath", "$(MSBuildSDKsPath", "$(VSToolsPath", "$(NuGetPackageRoot",
        "$(Pkg",
    ];

    private static readonly string[] Built =
    [
        "$(IntermediateOutputPath", "$(BaseIntermediateOutputPath", "$(OutputPath", "$(BaseOutputPath", "$(OutDir", "$(TargetDir",
        "$(TargetPath",
    ];

    // These begin properties, items and items' metadata.
    private static readonly string[] Values = ["$(", "@(", "%("];

    public static ProjectReferences Of(string project)
    {
        var folder = Path.GetDirectoryName(project)!;
        var repository = RepositoryOf(folder);
        var read = new List<string>();
        var paths = new List<string>();
        var isWhole = true;
        var open = new Queue<string>(FoundByName(folder, repository).Prepend(project));
        while (open.TryDequeue(out var file))
        {
            if (read.Contains(file))
                continue;
            read.Add(file);
            foreach (var reference in ReferencesIn(file))
            {
                var found = Resolve(reference, file, folder);
                isWhole &= (found ?? repository) is not null;
                paths.Add(found ?? repository ?? folder);
                if (reference.IsImport && File.Exists(found))
                    open.Enqueue(found);
            }
        }

        return new ProjectReferences(Outside(folder, read.Skip(1).Concat(SourcesOf(read)).Concat(paths)), isWhole);
    }

    private static IEnumerable<string> FoundByName(string folder, string? repository) =>
        Folders.Up(folder).TakeWhile(up => repository is null || up == repository || Folders.Contains(repository, up))
            .SelectMany(up => FilesFoundByName.Select(name => Path.Combine(up, name))).Where(File.Exists);

    // The sources of a shared project lie beside its list of them.
    private static IEnumerable<string> SourcesOf(IEnumerable<string> files) =>
        files.Where(file => file.EndsWith(".projitems", StringComparison.OrdinalIgnoreCase)).Select(file => Path.GetDirectoryName(file)!);

    private static IReadOnlyList<string> Outside(string folder, IEnumerable<string> paths) =>
        [.. paths.Where(path => Path.Exists(path) && path != folder && !Folders.Contains(folder, path)).Distinct()];

    private static IEnumerable<Reference> ReferencesIn(string file)
    {
        try
        {
            return
            [
                .. XDocument.Load(file).Descendants().SelectMany(element => element.Name.LocalName switch
                {
                    "Import" => Split(element.Attribute("Project")?.Value, isImport: true),
                    // An assembly that a reference stands for.
                    "HintPath" => Split(element.Value, isImport: false),
                    var name when FileItems.Contains(name) => Split(element.Attribute("Include")?.Value, isImport: false),
                    _ => [],
                }),
            ];
        }
        catch (XmlException)
        {
            // The file is no project of MSBuild's, or one that MSBuild cannot read either.
            return [];
        }
    }

    private static IEnumerable<Reference> Split(string? value, bool isImport) =>
        (value ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(text => !IsElsewhere(text))
            .Select(text => new Reference(text.Replace('\\', Path.DirectorySeparatorChar), isImport));

    // SDKs and packages do not change under their version. Outputs are built from what counts already. Files that MSBuild looks for above a
    // project are found by their names.
    private static bool IsElsewhere(string text) =>
        Installed.Concat(Built).Any(beginning => text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
        || (text.Contains("FileAbove", StringComparison.Ordinal)
            && Array.Exists(FilesFoundByName, name => text.Contains(name, StringComparison.Ordinal)));

    /// <returns>For a pattern, the folder that it begins in; null where that is not known.</returns>
    private static string? Resolve(Reference reference, string file, string projectFolder)
    {
        var own = Path.GetDirectoryName(file)! + Path.DirectorySeparatorChar;
        var text = reference.Text.Replace("$(MSBuildThisFileDirectory)", own, StringComparison.OrdinalIgnoreCase)
            .Replace("$(MSBuildProjectDirectory)", projectFolder, StringComparison.OrdinalIgnoreCase);
        if (Array.Exists(Values, value => text.Contains(value, StringComparison.Ordinal)))
            return null;
        var wildcard = text.AsSpan().IndexOfAny('*', '?');
        if (wildcard >= 0)
            text = Path.GetDirectoryName(text[..wildcard] + "x") ?? "";
        // Items are relative to the project wherever they are written, imports to the file that has them.
        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(text, reference.IsImport ? own : projectFolder));
    }

    private static string? RepositoryOf(string folder) =>
        Folders.Up(folder).FirstOrDefault(up => Path.Exists(Path.Combine(up, ".git")));

    private sealed record Reference(string Text, bool IsImport);
}
