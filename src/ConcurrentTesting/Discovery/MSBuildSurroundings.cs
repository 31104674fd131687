using System.Collections;

namespace ConcurrentTesting.Discovery;

/// <summary>What MSBuild reads beside the files of a project: the SDK, the environment, and files that it looks for by name.</summary>
internal static class MSBuildSurroundings
{
    // Change from shell to shell and mean nothing to a build.
    private static readonly string[] VolatileVariables = ["_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES", "TERM"];

    private static readonly string[] NuGetFiles = ["NuGet.Config", "NuGet.config", "nuget.config"];

    // Looked for in every folder above a project: one that appears changes the result.
    private static readonly string[] FilesFoundByName =
    [
        "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", "Directory.Build.rsp",
        ".editorconfig", ".globalconfig", "Directory.Solution.props", "Directory.Solution.targets", .. NuGetFiles,
    ];

    // Beside dotnet; an SDK, a pack or a workload that comes or goes changes one of them.
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

    // A workload is noted in a folder of its SDK's; a pack of another version lies beside the one before.
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
