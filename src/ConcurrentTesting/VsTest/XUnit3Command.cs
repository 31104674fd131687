using System.Diagnostics;
using System.Reflection;
using System.Xml.Linq;

namespace ConcurrentTesting.VsTest;

/// <summary>How the program of an xunit v3 suite is started so that it runs chosen tests and tells what happens, as its adapter
/// does.</summary>
/// <param name="Program">The app host, absolute.</param>
/// <param name="DotNetRoot">The folder of the runtime for an app host that is not told of another.</param>
/// <param name="Framework">The version of xunit v3 in it.</param>
/// <remarks>https://github.com/xunit/xunit/blob/main/src/xunit.v3.runner.utility/Runners/Xunit3ArgumentFactory.cs and
/// https://github.com/xunit/visualstudio.xunit/blob/main/src/xunit.runner.visualstudio/VsTestRunner.cs</remarks>
internal sealed record XUnit3Command(string Program, string? DotNetRoot, Version Framework)
{
    private const string FrameworkFile = "xunit.v3.core.dll";
    private const string DotNetRootVariable = "DOTNET_ROOT";
    private const string Section = "xUnit";
    private const string ExplicitElement = "Explicit";

    private static readonly Version FirstWithSynchronousMessages = new(0, 3);
    private static readonly Version FirstWithParallelMode = new(4, 0);

    // The run itself puts these elements there, and the arguments say the same.
    private static readonly string[] KnownElements =
        ["ParallelizeAssembly", "ParallelizeTestCollections", "MaxParallelThreads", "ParallelAlgorithm", "StopOnFail", ExplicitElement];

    /// <summary>The program waits for an answer to each message, so that none is lost when it dies.</summary>
    public bool IsSynchronous => Framework >= FirstWithSynchronousMessages;

    /// <summary>Null where the assembly's folder has not all that it takes.</summary>
    public static XUnit3Command? For(VsTestLocation location, TestAssembly assembly)
    {
        var program = Path.ChangeExtension(assembly.Path, OperatingSystem.IsWindows() ? ".exe" : null);
        var framework = Path.Combine(Path.GetDirectoryName(assembly.Path)!, FrameworkFile);
        try
        {
            return File.Exists(program) && File.Exists(framework) && AssemblyName.GetAssemblyName(framework).Version is { } version
                ? new XUnit3Command(program, location.RuntimesRoot, version)
                : null;
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What run settings say to xunit that no argument of ours says, by its name; null: nothing.</summary>
    public static string? UnknownSetting(XElement runSettings) =>
        runSettings.Elements(Section).Elements().Select(element => element.Name.LocalName)
            .FirstOrDefault(name => !KnownElements.Contains(name, StringComparer.Ordinal));

    /// <param name="arguments">A file with an argument a line: a command line has no room for thousands of tests.</param>
    public ProcessStartInfo StartWith(string arguments) =>
        new(Program, ["@@", arguments]) { WorkingDirectory = Path.GetDirectoryName(Program)!, RedirectStandardInput = true };

    /// <summary>The environment with what an app host needs to find its runtime.</summary>
    public ImmutableDictionary<string, string> Complete(ImmutableDictionary<string, string> environment) =>
        DotNetRoot is null || environment.ContainsKey(DotNetRootVariable) ? environment : environment.Add(DotNetRootVariable, DotNetRoot);

    /// <param name="runSettings">The root of a batch's run settings.</param>
    /// <param name="serialized">The tests as the adapter wrote them into their cases.</param>
    public IEnumerable<string> ArgumentsFor(XElement runSettings, IEnumerable<string> serialized) =>
    [
        "-automated", .. IsSynchronous ? ["sync"] : Array.Empty<string>(),
        Framework >= FirstWithParallelMode ? "-parallelMode" : "-parallel", "none",
        "-maxThreads", 1.ToString(CultureInfo.InvariantCulture),
        "-parallelAlgorithm", "conservative",
        .. runSettings.Element(Section)?.Element(ExplicitElement)?.Value.Trim() is { Length: > 0 } choice
            ? ["-explicit", choice]
            : Array.Empty<string>(),
        .. serialized.SelectMany(test => new[] { "-run", test }),
    ];
}
