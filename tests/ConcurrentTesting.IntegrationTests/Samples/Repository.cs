namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Where things are in the checkout that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>The suite of a hundred classes of cheap rows, which make the trouble they are asked for.</summary>
    public const string Troubled = "Troubled.XUnit2";

    private const string SharedPrefix = "SharedSetUp.";

    /// <summary>Suites whose classes all share one set-up, a kind each.</summary>
    public static string[] SharedSetUps { get; } = [.. new[] { "Assembly", "Collection", "NUnit", "MSTest", "XUnit3" }.Select(SharedSetUp)];

    public static string SharedSetUp(string kind) => SharedPrefix + kind;

    public static string Root { get; } = FindRoot();

    /// <summary>The repository's own build, which runs the engine as any user's build does.</summary>
    public static string Build => Existing(Path.Combine(Root, "build", "bin", "Debug", "_build.dll"));

    public static string Schema(string engine) => Existing(Path.Combine(Root, "tests", "samples", "Lending", "schema", engine), isFolder: true);

    public static string Project(string suite) => Existing(Path.Combine(Root, "tests", "samples", $"Lending.{suite}.Tests", $"Lending.{suite}.Tests.csproj"));

    /// <param name="suite">A sample suite by its framework, or a troubled one by its name, such as <see cref="Troubled"/>, or one of <see cref="SharedSetUps"/>, or a path.</param>
    public static string Assembly(string suite, string framework = "net10.0") => Path.IsPathRooted(suite) ? Existing(suite)
        : suite.StartsWith("Troubled.", StringComparison.Ordinal)
        ? Existing(Path.Combine(Root, "tests", "troubled", suite, "bin", "Debug", framework, $"{suite}.dll"))
        : suite.StartsWith(SharedPrefix, StringComparison.Ordinal) ? Existing(Path.Combine(Root, "tests", "shared-setup", suite, "bin", "Debug", framework, $"{suite}.dll"))
        : Existing(Path.Combine(Root, "tests", "samples", $"Lending.{suite}.Tests", "bin", "Debug", framework, $"Lending.{suite}.Tests.dll"));

    public static string SerialRunSettings => Existing(Path.Combine(Root, "tests", "samples", "serial.runsettings"));

    private static string Existing(string path, bool isFolder = false) =>
        (isFolder ? Directory.Exists(path) : File.Exists(path)) ? path : throw new FileNotFoundException($"{path} is missing: ./build.sh Compile builds what these tests run.");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Nuke.Plugin.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests are not in their checkout.");
        return folder.FullName;
    }
}
