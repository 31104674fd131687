using System.Reflection;
using ConcurrentTesting;
using ConcurrentTesting.Settings;
using PublicApiGenerator;
using Shouldly;
using Xunit;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>What the packages promise, help texts aside. After a change that is meant, copy the .received.txt file over the .approved.txt file in PublicApi.</summary>
public class PublicApiTests
{
    [Fact]
    public void The_engines_public_API_is_the_approved_one() => Approve(typeof(ConcurrentTestSettings).Assembly);

    [Fact]
    public void The_components_public_API_is_the_approved_one() => Approve(typeof(IConcurrentTest).Assembly);

    private static void Approve(Assembly assembly)
    {
        var options = new ApiGeneratorOptions
        {
            IncludeAssemblyAttributes = false,
            IncludeTypes = [.. assembly.GetExportedTypes().Where(type => type != typeof(ConcurrentTestHelp))],
            ExcludeAttributes = ["Nuke.Common.ParameterAttribute"],
        };
        var api = assembly.GeneratePublicApi(options).ReplaceLineEndings("\n") + "\n";
        var name = assembly.GetName().Name;
        var approved = Path.Combine(AppContext.BaseDirectory, "PublicApi", $"{name}.approved.txt");
        if (File.Exists(approved) && File.ReadAllText(approved).ReplaceLineEndings("\n") == api)
            return;

        var received = Path.Combine(TestPaths.Repository, "tests", "Nuke.ConcurrentTest.Tests", "PublicApi", $"{name}.received.txt");
        File.WriteAllText(received, api);
        api.ShouldBe(File.Exists(approved) ? File.ReadAllText(approved).ReplaceLineEndings("\n") : string.Empty, $"it was written to {received}");
    }
}
