namespace ConcurrentTesting.VsTest;

/// <summary>Looks for the loggers that run settings name before anything runs: VSTest refuses a run with one that it does not find, each
/// batch anew.</summary>
/// <remarks>It looks in more files than VSTest does, and takes what it cannot read for what is looked for, so that it refuses nothing that
/// VSTest would take.</remarks>
internal static class LoggerFinder
{
    private const string FriendlyNameAttribute = "Microsoft.VisualStudio.TestPlatform.ObjectModel.FriendlyNameAttribute";

    // VSTest looks for loggers in files with this ending; its own loggers are in other files too.
    private const string LoggerEnding = "TestLogger.dll";

    private static readonly EnumerationOptions AnyDepth = Files(isDeep: true);
    private static readonly EnumerationOptions TopOnly = Files(isDeep: false);

    /// <param name="assetsFile">What NuGet restored for the assembly's project; null where there is none.</param>
    /// <exception cref="ConcurrentTestException">A logger is nowhere to be found.</exception>
    public static void Check(TestAssembly assembly, string? assetsFile, RunSettingsDocument runSettings, VsTestLocation location)
    {
        var document = runSettings.For(assembly);
        var missing = document.LoggerNames.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var file in missing.Count == 0 ? [] : Files(assembly, assetsFile, document, location))
        {
            if (NamesIn(file) is not { } names)
                return;
            missing.ExceptWith(names);
            if (missing.Count == 0)
                return;
        }

        if (missing.FirstOrDefault() is { } name)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"{document.Origin}: there is no logger '{name}' for {assembly.Source}. Check its friendlyName, add the package that brings it, or name its folder in TestAdaptersPaths.");
        }
    }

    private static IEnumerable<string> Files(
        TestAssembly assembly, string? assetsFile, RunSettingsDocument document, VsTestLocation location)
    {
        var sdk = Path.GetDirectoryName(location.Console)!;
        string[] folders =
        [
            Path.GetDirectoryName(assembly.Path)!, sdk,
            .. assetsFile is null ? [] : PackageFolders.WithBuildFiles(assetsFile, assembly.TargetFramework),
        ];
        return FilesIn(folders, TopOnly).Concat(FilesIn([Path.Combine(sdk, "Extensions"), .. document.AdapterPaths], AnyDepth))
            .OrderByDescending(file => file.EndsWith(LoggerEnding, StringComparison.OrdinalIgnoreCase));
    }

    private static IEnumerable<string> FilesIn(IEnumerable<string> folders, EnumerationOptions options) =>
        folders.Where(Directory.Exists).SelectMany(folder => Directory.EnumerateFiles(folder, "*.dll", options));

    // Returns null where nobody can tell.
    private static List<string>? NamesIn(string file)
    {
        try
        {
            using var metadata = AssemblyMetadata.Open(file);
            return metadata is null ? [] : [.. metadata.TypeNames.SelectMany(metadata.AttributesOf)
                .Where(attribute => attribute.Type == FriendlyNameAttribute).Select(attribute => attribute.Arguments.FirstOrDefault())
                .OfType<string>()];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            return null;
        }
    }

    // Hidden files are looked at too, as VSTest does.
    private static EnumerationOptions Files(bool isDeep) => new()
    {
        MatchCasing = MatchCasing.CaseInsensitive,
        AttributesToSkip = FileAttributes.None,
        RecurseSubdirectories = isDeep,
    };
}
