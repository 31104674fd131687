using System.Collections;
using System.Security.Cryptography;
using System.Text;

namespace ConcurrentTesting.Discovery;

/// <summary>What MSBuild reads beside the files of a project: the SDK, the environment, and files that it looks for by name.</summary>
internal static class MSBuildSurroundings
{
    // Change from shell to shell and mean nothing to a build.
    private static readonly string[] VolatileVariables = ["_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES", "TERM"];

    // Looked for in every folder above a project: one that appears changes the result.
    private static readonly string[] FilesFoundByName =
    [
        "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", "Directory.Build.rsp",
        "NuGet.config", "nuget.config", "NuGet.Config", ".editorconfig", ".globalconfig",
    ];

    /// <summary>A short text that is another one where the SDK or the environment is another.</summary>
    public static string Print(string dotnet)
    {
        var sdks = new DirectoryInfo(Path.Combine(Path.GetDirectoryName(dotnet)!, "sdk"));
        return Hash($"{dotnet}|{(sdks.Exists ? sdks.LastWriteTimeUtc.Ticks : 0)}|{EnvironmentText()}");
    }

    public static IEnumerable<string> FoundByName(string project)
    {
        for (var folder = Path.GetDirectoryName(project); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            foreach (var name in FilesFoundByName)
                yield return Path.Combine(folder, name);
        }
    }

    public static bool IsFoundByName(string path) => FilesFoundByName.Contains(Path.GetFileName(path), StringComparer.Ordinal);

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string EnvironmentText() =>
        string.Join(
            '\n',
            Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .Where(variable => !VolatileVariables.Contains((string)variable.Key))
                .Select(variable => $"{variable.Key}={variable.Value}")
                .Order(StringComparer.Ordinal));
}
