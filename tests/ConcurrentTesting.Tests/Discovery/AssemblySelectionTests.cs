using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Discovery;

/// <summary>Assemblies that VSTest cannot run are refused with what has to be done to them.</summary>
public sealed class AssemblySelectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("selection-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("MSTest.TestFramework", "<UseVSTest>true</UseVSTest>")]
    [InlineData("xunit.v3.core", "Add the packages xunit.runner.visualstudio and Microsoft.NET.Test.Sdk")]
    [InlineData("nunit.framework", "Add the packages NUnit3TestAdapter and Microsoft.NET.Test.Sdk")]
    public void Project_for_the_testing_platform_alone_is_told_how_VSTest_can_run_it(string framework, string remedy)
    {
        var assembly = Write("Shop.Tests", framework, "Microsoft.Testing.Platform");

        Refusal(assembly).ShouldContain(remedy);
    }

    [Fact]
    public void Project_without_an_adapter_is_told_which_to_add()
    {
        var assembly = Write("Shop.Tests", "MSTest.TestFramework");

        Refusal(assembly).ShouldContain("Add the packages MSTest.TestAdapter and Microsoft.NET.Test.Sdk");
    }

    private static string Refusal(string assembly)
    {
        var settings = new ConcurrentTestSettings();
        var problems = new DiscoveryProblems();
        var selection = new AssemblySelection(settings, RunSettingsDocument.Load(settings, NullLogger.Instance), new VsTestLocation("dotnet", "10.0.100", "vstest.console.dll"), problems);

        selection.Select([new AssemblyCandidate(assembly, "net10.0", null, null, IsNamed: true)]).ShouldBeEmpty();
        return Should.Throw<ConcurrentTestException>(() => problems.ThrowIfAny()).Message;
    }

    // An assembly with nothing in it but its references.
    private string Write(string name, params string[] references)
    {
        var metadata = new MetadataBuilder();
        metadata.AddModule(0, metadata.GetOrAddString($"{name}.dll"), metadata.GetOrAddGuid(Guid.NewGuid()), default, default);
        metadata.AddAssembly(metadata.GetOrAddString(name), new Version(1, 0, 0, 0), default, default, default, AssemblyHashAlgorithm.None);
        metadata.AddTypeDefinition(default, default, metadata.GetOrAddString("<Module>"), default, MetadataTokens.FieldDefinitionHandle(1), MetadataTokens.MethodDefinitionHandle(1));
        foreach (var reference in references)
            metadata.AddAssemblyReference(metadata.GetOrAddString(reference), new Version(1, 0, 0, 0), default, default, default, default);
        var image = new BlobBuilder();
        new ManagedPEBuilder(new PEHeaderBuilder(imageCharacteristics: Characteristics.Dll), new MetadataRootBuilder(metadata), new BlobBuilder()).Serialize(image);

        var path = Path.Combine(_folder, $"{name}.dll");
        File.WriteAllBytes(path, image.ToArray());
        return path;
    }
}
