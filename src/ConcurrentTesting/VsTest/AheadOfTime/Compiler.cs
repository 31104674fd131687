using System.Runtime.InteropServices;

namespace ConcurrentTesting.VsTest.AheadOfTime;

/// <summary>crossgen2, which compiles assemblies ahead for one version of the runtime. Its package comes from the user's feeds by a restore
/// when it is needed first.</summary>
/// <param name="runtime">The version of the runtime, and of the compiler.</param>
/// <param name="dotNetRoot">The folder beside whose <c>shared</c> the runtimes are.</param>
internal sealed class Compiler(CompiledCache cache, Version runtime, string dotNet, string dotNetRoot, ILogger log)
{
    private const string Package = "microsoft.netcore.app.crossgen2.linux-x64";
    private static readonly string[] Frameworks = ["Microsoft.NETCore.App", "Microsoft.AspNetCore.App"];

    public CompiledCache Cache => cache;

    // From this number on, nice could not start the compiler.
    private const int FirstNotStarted = 125;

    // From this number on, a signal ended the compiler.
    private const int FirstSignal = 128;

    private string PackageFolder => Path.Combine(cache.Folder, "packages", Package, $"{runtime}");

    private string Program => Path.Combine(PackageFolder, "tools", "crossgen2");

    // NuGet writes the metadata file when the whole package is there.
    private bool IsInstalled => File.Exists(Path.Combine(PackageFolder, ".nupkg.metadata")) && File.Exists(Program);

    /// <summary>Null where this machine has a platform that no compiler was tried for.</summary>
    public static string? Platform =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "linux-x64" : null;

    /// <summary>Compiles assemblies one after another until all are done or the token is cancelled.</summary>
    /// <param name="folder">Below the repository, so that its feeds are asked.</param>
    public async Task CompileAsync(ImmutableArray<string> assemblies, string folder, CancellationToken cancellationToken)
    {
        if (!IsInstalled && !await RestoreAsync(folder, cancellationToken))
            return;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var done = 0;
        foreach (var assembly in assemblies)
        {
            var hash = CompiledCache.HashOf(assembly);
            if (cache.Find(hash) is null && !cache.IsRefused(hash) && await CompileAsync(assembly, hash, cancellationToken))
                done++;
        }

        log.LogDebug("{Count} assemblies were compiled ahead for runtime {Runtime}; the next run starts with them", done, runtime);
    }

    private async Task<bool> RestoreAsync(string folder, CancellationToken cancellationToken)
    {
        var project = Path.Combine(folder, "ahead-of-time", "Compiler.csproj");
        Directory.CreateDirectory(Path.GetDirectoryName(project)!);
        await File.WriteAllTextAsync(project, $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net{runtime.Major}.{runtime.Minor}</TargetFramework>
                <ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally>
                <RestorePackagesPath>{Path.Combine(cache.Folder, "packages")}</RestorePackagesPath>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup><PackageDownload Include="{Package}" Version="[{runtime}]" /></ItemGroup>
            </Project>
            """, cancellationToken);

        // The repository's files for all projects must not apply to this one.
        foreach (var file in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" })
            await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(project)!, file), "<Project />", cancellationToken);
        var restored = await DotNetCommand.RunAsync(
            dotNet, ["restore", project, "-v", "q", "-nologo"], Path.GetDirectoryName(project)!, null, cancellationToken);
        if (restored.ExitCode == 0 && IsInstalled)
            return true;
        log.LogDebug(
            "Nothing is compiled ahead: the package {Package} {Runtime} could not be had: {Reason}", Package, runtime,
            FirstLineOf(restored));
        return false;
    }

    private async Task<bool> CompileAsync(string assembly, string hash, CancellationToken cancellationToken)
    {
        var output = cache.TemporaryOf(hash);
        try
        {
            // The tests of the run need the cores more, so the compiler runs with low priority.
            string[] arguments =
            [
                "-n", "19", Program, assembly, "-o", output, "--targetos", "linux", "--targetarch", "x64", "-O",
                .. Frameworks.Select(name => Path.Combine(dotNetRoot, "shared", name, $"{runtime}")).Where(Directory.Exists)
                    .SelectMany(folder => new[] { "-r", Path.Combine(folder, "*.dll") }),
                "-r", Path.Combine(Path.GetDirectoryName(assembly)!, "*.dll"),
            ];
            var compiled = await DotNetCommand.RunAsync("nice", arguments, cache.Folder, null, cancellationToken);
            if (compiled.ExitCode is >= FirstNotStarted and < FirstSignal)
                throw new IOException($"crossgen2 could not be started: {FirstLineOf(compiled)}");
            var isMade = compiled.ExitCode == 0 && File.Exists(output);
            if (compiled.ExitCode >= FirstSignal)
                cache.AddEnded(hash);
            else
                cache.Add(hash, isMade ? output : null);
            if (!isMade)
                log.LogDebug("{Assembly} cannot be compiled ahead: {Reason}", assembly, FirstLineOf(compiled));
            return isMade;
        }
        finally
        {
            File.Delete(output);
        }
    }

    private static string FirstLineOf(DotNetResult result) => result.Output.Trim().Split('\n')[0];
}
