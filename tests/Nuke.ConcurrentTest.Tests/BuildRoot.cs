using System.Diagnostics;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>A folder of its own for a build that is started as a process, so that nothing of this repository's is touched.</summary>
internal sealed class BuildRoot : IDisposable
{
    private static readonly string[] AmbientPrefixes = ["NUKE_", "TEST_", "GITHUB_", "WORKERS", "TF_BUILD", "API_KEY", "VSCODE_", "IDEA_", "TERMINAL_EMULATOR"];

    public BuildRoot()
    {
        Folder = Directory.CreateTempSubdirectory("build-root-").FullName;
        Directory.CreateDirectory(Path.Combine(Folder, ".nuke"));
    }

    public string Folder { get; }

    /// <summary>What the build finds in .nuke/parameters.json.</summary>
    public BuildRoot WithParameters(string json)
    {
        File.WriteAllText(Path.Combine(Folder, ".nuke", "parameters.json"), json);
        return this;
    }

    public string Write(string name, string content)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Starts a build with this root; the environment has nothing of the one that the tests run in.</summary>
    public BuildProcess Start(string build, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo("dotnet", [build, .. arguments, "--root", Folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Folder,
        };
        foreach (var name in start.Environment.Keys.Where(name => AmbientPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))).ToList())
            start.Environment.Remove(name);
        start.Environment["TERM"] = "dumb";
        start.Environment["NUKE_TELEMETRY_OPTOUT"] = "1";
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new BuildProcess(start);
    }

    public async Task<BuildOutcome> RunAsync(string arguments, CancellationToken cancellationToken, params (string Name, string Value)[] variables)
    {
        using var process = Start(TestPaths.ExampleBuild, arguments.Split(' '), variables.ToDictionary(variable => variable.Name, variable => variable.Value));
        return await process.EndAsync(cancellationToken);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
