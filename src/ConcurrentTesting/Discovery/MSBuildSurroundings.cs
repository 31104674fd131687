using System.Collections;

namespace ConcurrentTesting.Discovery;

/// <summary>What MSBuild reads beside the files of a project: the SDK, the environment, and files that it looks for by name.</summary>
internal static class MSBuildSurroundings
{
    // These variables change from shell to shell and mean nothing to a build.
    private static readonly string[] VolatileVariables = ["_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES", "TERM"];

    private static readonly string[] NuGetFiles = ["NuGet.Config", "NuGet.config", "nuget.config"];

    // MSBuild looks for these in every folder above a project, so one that appears changes the result.
    private static readonly string[] FilesFoundByName =
    [
        "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", "Directory.Build.rsp",
        ".editorconfig", ".globalconfig", "Directory.Solution.props", "Directory.Solution.targets", .. NuGetFiles,
    ];

    // These folders lie beside dotnet; one of them changes when an SDK, a pack or a workload comes or goes.
    private static readonly string[] SdkFolders =
    [
        "sdk", "sdk-manifests", "packs", "metadata/workloads", "shared/Microsoft.NETCore.App", "shared/Microsoft.AspNetCore.App",
    ];

    /// <summary>A short text that is another one where the SDK or the environment is another.</summary>
    public static string Print(string dotnet)
    {
        var root = Path.GetDirectoryName(dotnet)!;
        var folders = SdkFolders.SelectMany(name => WithFolders(Path.Combine(root, name)))
            .Select(folder => $"{folder}={Directory.GetLastWriteTimeUtc(folder).Ticks}");
        var configurations = UsersNuGetFiles().Select(file => $"{file}={FileStamp.Of(file)}");
        return TextHash.Of($"{dotnet}|{string.Join('|', folders.Concat(configurations))}|{EnvironmentText()}");
    }

    public static IEnumerable<string> FoundByName(string project) =>
        Folders.Up(Path.GetDirectoryName(project)).SelectMany(folder => FilesFoundByName.Select(name => Path.Combine(folder, name)));

    public static bool IsFoundByName(string path) => FilesFoundByName.Contains(Path.GetFileName(path), StringComparer.Ordinal);

    // The SDK notes a workload in a folder of its own, and a pack of a new version lies beside the old one.
    private static IEnumerable<string> WithFolders(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateDirectories(folder).SelectMany(below => new[] { below, Path.Combine(below, "InstalledWorkloads") })
            .Where(Directory.Exists).Order(StringComparer.Ordinal).Prepend(folder)
        : [];

    // https://learn.microsoft.com/nuget/consume-packages/configuring-nuget-behavior#config-file-locations-and-uses
    private static IEnumerable<string> UsersNuGetFiles()
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var data = Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData);
        return new[] { Path.Combine(home, ".nuget", "NuGet"), Path.Combine(home, ".config", "NuGet"), Path.Combine(data, "NuGet") }
            .Distinct(StringComparer.Ordinal)
            .SelectMany(folder => NuGetFiles.Select(name => Path.Combine(folder, name)));
    }

    private static string EnvironmentText() =>
        string.Join(
            '\n',
            Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .Where(variable => !VolatileVariables.Contains((string)variable.Key))
                .Select(variable => $"{variable.Key}={variable.Value}")
                .Order(StringComparer.Ordinal));
}
