namespace ConcurrentTesting.VsTest;

/// <summary>How the platform's test host is started for a test assembly.</summary>
/// <param name="Folder">The folder that it works in.</param>
///
/// <remarks>
/// https://github.com/microsoft/vstest/blob/main/src/Microsoft.TestPlatform.TestHostProvider/Hosting/DotnetTestHostManager.cs
/// </remarks>
internal sealed record TestHostCommand(string DotNet, ImmutableArray<string> Arguments, string Folder)
{
    private const string Program = "testhost.dll";

    /// <summary>Null where the assembly's folder has not all that it takes, so that the platform has to look for it.</summary>
    /// <param name="source">The assembly's absolute path.</param>
    public static TestHostCommand? For(VsTestLocation location, string source)
    {
        var folder = Path.GetDirectoryName(source)!;
        var program = Path.Combine(folder, Program);
        var runtimeConfig = Path.ChangeExtension(source, ".runtimeconfig.json");
        var dependencies = Path.ChangeExtension(source, ".deps.json");
        return File.Exists(program) && File.Exists(runtimeConfig) && File.Exists(dependencies)
            ? new TestHostCommand(location.DotNet, ["exec", "--runtimeconfig", runtimeConfig, "--depsfile", dependencies, program], folder)
            : null;
    }

    /// <summary>All arguments of a test host that connects to a port of 127.0.0.1 and ends when this process does.</summary>
    public IEnumerable<string> ArgumentsFor(int port) =>
    [
        .. Arguments,
        "--port", port.ToString(CultureInfo.InvariantCulture),
        "--endpoint", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"),
        "--role", "client",
        "--parentprocessid", Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        "--telemetryoptedin", "false",
    ];
}
