using System.Diagnostics;

namespace ConcurrentTesting.Hook;

/// <summary>VSTest tells a test process of the cases that it runs, where it is asked to. It costs up to half a percent of short
/// tests.</summary>
internal static class CaseEvents
{
    private static readonly string[] MSTestFiles =
        ["MSTestAdapter.PlatformServices.dll", "Microsoft.VisualStudio.TestPlatform.MSTestAdapter.PlatformServices.dll"];

    // MSTest 3.11 is the first that was seen to have a context flow with its tests. The files of MSTest 1 and 2 have the version 14.
    private static readonly Version MSTestTellsTests = new(3, 1100);
    private static readonly Version OlderMSTest = new(14, 0);

    /// <summary>False where the framework itself tells which test runs.</summary>
    public static bool AreNeeded(TestAssembly assembly) => assembly.Framework switch
    {
        TestFramework.XUnit3 or TestFramework.NUnit => false,
        TestFramework.MSTest => MSTestOf(assembly) is not { } version || version < MSTestTellsTests || version >= OlderMSTest,
        _ => true,
    };

    private static Version? MSTestOf(TestAssembly assembly)
    {
        var folder = Path.GetDirectoryName(assembly.Path)!;
        if (MSTestFiles.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists) is not { } file)
            return null;
        var version = FileVersionInfo.GetVersionInfo(file);
        return new Version(version.FileMajorPart, version.FileMinorPart);
    }
}
