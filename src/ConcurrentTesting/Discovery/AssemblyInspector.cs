using System.Runtime.Versioning;

namespace ConcurrentTesting.Discovery;

/// <summary>What an assembly and the files beside it tell about its tests.</summary>
/// <param name="TargetFramework">The moniker, <c>net10.0</c> or <c>net472</c>; null where the assembly does not say.</param>
/// <param name="HasAdapter">VSTest's adapter for its framework is beside it.</param>
/// <param name="IsTestingPlatform">It is, or can be, run by Microsoft.Testing.Platform.</param>
/// <param name="OtherAdapter">The file of an adapter for a framework that is not known here; null: none.</param>
internal sealed record AssemblyFacts(
    string? TargetFramework, TestFramework Framework, bool HasAdapter, bool IsTestingPlatform, string? OtherAdapter);

/// <summary>Reads what a test assembly is written with, without loading it.</summary>
internal static class AssemblyInspector
{
    private static readonly (string Assembly, TestFramework Framework)[] FrameworkAssemblies =
    [
        ("xunit.v3.core", TestFramework.XUnit3),
        ("xunit.core", TestFramework.XUnit2),
        ("nunit.framework", TestFramework.NUnit),
        ("MSTest.TestFramework", TestFramework.MSTest),
        ("Microsoft.VisualStudio.TestPlatform.TestFramework", TestFramework.MSTest),
    ];

    private static readonly (string File, TestFramework[] Frameworks)[] Adapters =
    [
        ("xunit.runner.visualstudio.testadapter.dll", [TestFramework.XUnit2, TestFramework.XUnit3]),
        ("xunit.runner.visualstudio.dotnetcore.testadapter.dll", [TestFramework.XUnit2]),
        ("NUnit3.TestAdapter.dll", [TestFramework.NUnit]),
        ("MSTest.TestAdapter.dll", [TestFramework.MSTest]),
        ("Microsoft.VisualStudio.TestPlatform.MSTest.TestAdapter.dll", [TestFramework.MSTest]),
    ];

    /// <summary>Inspects an assembly; null where the file is no .NET assembly.</summary>
    public static AssemblyFacts? Inspect(string path)
    {
        using var metadata = AssemblyMetadata.Open(path);
        if (metadata is null)
            return null;
        var references = metadata.References.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var beside = FilesBeside(path);
        var framework = FrameworkOf(references, beside);
        var adapter = Adapters.FirstOrDefault(adapter => beside.Contains(adapter.File) && adapter.Frameworks.Contains(framework));
        return new AssemblyFacts(
            TargetFrameworkOf(metadata),
            framework,
            adapter.File is not null,
            references.Contains("Microsoft.Testing.Platform") || references.Contains("TUnit.Core") || references.Contains("TUnit.Engine"),
            beside.FirstOrDefault(IsOtherAdapter));
    }

    private static HashSet<string> FilesBeside(string path) =>
        Directory.EnumerateFiles(Path.GetDirectoryName(path)!, "*.dll").Select(file => Path.GetFileName(file)).ToHashSet(
            StringComparer.OrdinalIgnoreCase);

    private static bool IsOtherAdapter(string file) =>
        file.EndsWith("TestAdapter.dll", StringComparison.OrdinalIgnoreCase)
        && !Adapters.Any(adapter => adapter.File.Equals(file, StringComparison.OrdinalIgnoreCase));

    // An assembly whose tests are all inherited refers to no framework itself: then the files beside it decide.
    private static TestFramework FrameworkOf(HashSet<string> references, HashSet<string> beside)
    {
        var referenced = FrameworkAssemblies.FirstOrDefault(entry => references.Contains(entry.Assembly));
        if (referenced.Assembly is not null)
            return referenced.Framework;
        return FrameworkAssemblies
            .FirstOrDefault(entry => beside.Contains(entry.Assembly + ".dll")
                && Adapters.Any(adapter => adapter.Frameworks.Contains(entry.Framework) && beside.Contains(adapter.File)))
            .Framework;
    }

    private static string? TargetFrameworkOf(AssemblyMetadata metadata)
    {
        var value = metadata.AssemblyAttributes.FirstOrDefault(
            attribute => attribute.Type == "System.Runtime.Versioning.TargetFrameworkAttribute")?.Arguments is [string name, ..]
            ? name
            : null;
        if (value is null)
            return null;
        var framework = new FrameworkName(value);
        return framework.Identifier switch
        {
            ".NETCoreApp" when framework.Version.Major < 5 => $"netcoreapp{framework.Version}",
            ".NETCoreApp" => $"net{framework.Version}",
            ".NETStandard" => $"netstandard{framework.Version}",
            ".NETFramework" => "net" + framework.Version.ToString().Replace(".", "", StringComparison.Ordinal),
            _ => value,
        };
    }
}
