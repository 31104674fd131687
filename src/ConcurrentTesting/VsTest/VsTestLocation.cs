namespace ConcurrentTesting.VsTest;

/// <summary>Where VSTest is: the <c>dotnet</c> that runs everything, and the vstest.console of the SDK that applies in a folder.</summary>
/// <param name="DotNet">The absolute path of the <c>dotnet</c> executable.</param>
/// <param name="SdkVersion">The SDK's version, for example <c>10.0.401</c>.</param>
/// <param name="Console">The absolute path of <c>vstest.console.dll</c>.</param>
internal sealed record VsTestLocation(string DotNet, string SdkVersion, string Console)
{
    private static readonly string ExecutableName = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";

    /// <summary>Finds the SDK that a <c>global.json</c> in <paramref name="directory"/> or above it selects, else the newest one.</summary>
    /// <exception cref="ConcurrentTestException">
    /// There is no dotnet, the SDK that is asked for is not installed, or it has no VSTest.
    /// </exception>
    public static async Task<VsTestLocation> FindAsync(string directory, CancellationToken cancellationToken)
    {
        var dotnet = FindDotNet();
        if (SdkResolver.Find(dotnet, directory) is { } known && File.Exists(ConsoleIn(known)))
            return new VsTestLocation(dotnet, Path.GetFileName(known), ConsoleIn(known));
        var version = await FindSdkVersionAsync(dotnet, directory, cancellationToken);
        var sdk = await FindSdkDirectoryAsync(dotnet, version, directory, cancellationToken);
        var console = ConsoleIn(sdk);
        return File.Exists(console)
            ? new VsTestLocation(dotnet, version, console)
            : throw Incomplete($"The .NET SDK {version} has no {console}: repair or reinstall the SDK.");
    }

    /// <summary>The folder in which the runtimes are, through any links of the executable; null where they are not.</summary>
    public string? RuntimesRoot =>
        Path.GetDirectoryName(Path.GetFullPath(File.ResolveLinkTarget(DotNet, returnFinalTarget: true)?.FullName ?? DotNet)) is { } folder
            && Directory.Exists(Path.Combine(folder, "shared")) ? folder : null;

    private static string ConsoleIn(string sdk) => Path.Combine(sdk, "vstest.console.dll");

    /// <summary>The dotnet that was said to be the host, else the one that runs this process, else the first in PATH, else the usual
    /// folders.</summary>
    public static string FindDotNet() =>
        DotNetCandidates().FirstOrDefault(File.Exists)
        ?? throw Incomplete(
            $"No {ExecutableName} was found by DOTNET_HOST_PATH, PATH or DOTNET_ROOT: install the .NET SDK or add its folder to PATH.");

    private static IEnumerable<string> DotNetCandidates()
    {
        if (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } hostPath)
            yield return hostPath;
        if (Environment.ProcessPath is { } process && Path.GetFileName(process).Equals(ExecutableName, StringComparison.OrdinalIgnoreCase))
            yield return process;
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
            Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            yield return Resolve(Path.Combine(folder.Trim(), ExecutableName));
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root)
            yield return Path.Combine(root, ExecutableName);
        yield return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "dotnet", ExecutableName);
        yield return Path.Combine("/usr/share/dotnet", ExecutableName);
        yield return Path.Combine("/usr/local/share/dotnet", ExecutableName);
    }

    // PATH often holds a link; SDKs and runtimes are beside what it points to.
    private static string Resolve(string path) =>
        File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;

    private static async Task<string> FindSdkVersionAsync(string dotnet, string directory, CancellationToken cancellationToken)
    {
        var (exitCode, output) = await DotNetCommand.RunAsync(dotnet, ["--version"], directory, null, cancellationToken);
        var firstLine = FirstLine.Of(output);
        return exitCode == 0 && firstLine.Length > 0
            ? firstLine
            : throw Incomplete(
                $"No .NET SDK applies in {directory} ('{dotnet} --version' ended with {exitCode}: {firstLine}): install the SDK that its global.json asks for.");
    }

    private static async Task<string> FindSdkDirectoryAsync(
        string dotnet, string version, string directory, CancellationToken cancellationToken)
    {
        var usual = Path.Combine(Path.GetDirectoryName(dotnet)!, "sdk", version);
        if (Directory.Exists(usual))
            return usual;

        // A line is "10.0.401 [/usr/share/dotnet/sdk]".
        var sdks = await DotNetCommand.RunAsync(dotnet, ["--list-sdks"], directory, null, cancellationToken);
        var line = sdks.Output.Split('\n', StringSplitOptions.TrimEntries).LastOrDefault(
            line => line.StartsWith(version + " [", StringComparison.Ordinal));
        return line is not null
            ? Path.Combine(line[(version.Length + 2)..].TrimEnd(']'), version)
            : throw Incomplete(
                $"The .NET SDK {version} applies in {directory}, but '{dotnet} --list-sdks' does not say where it is: repair the installation.");
    }

    private static ConcurrentTestException Incomplete(string message) => new(ConcurrentTestExitCode.Incomplete, message);
}
