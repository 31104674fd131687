using System.Reflection;

namespace Nuke.ConcurrentTest.Tests;

internal static class TestPaths
{
    public static string Repository => Metadata("RepositoryRoot");

    /// <summary>A user's build, built together with these tests.</summary>
    public static string ExampleBuild => Metadata("ExampleBuild");

    /// <summary>This repository's own build, where it was built.</summary>
    public static string OwnBuild => Path.Combine(Repository, "build", "bin", "Debug", "_build.dll");

    /// <summary>A sample suite, where it was built.</summary>
    public static string SampleSuite => Path.Combine(Repository, "tests", "samples", "Lending.NUnit.Tests", "bin", "Debug", "net10.0", "Lending.NUnit.Tests.dll");

    /// <summary>What its databases are made from.</summary>
    public static string SampleSchema => Path.Combine(Repository, "tests", "samples", "Lending", "schema", "sqlite");

    private static string Metadata(string key) =>
        typeof(TestPaths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
