using ConcurrentTesting.Catalog;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Discovery;

public sealed class TestAssemblyTests
{
    [Fact]
    public void A_copy_with_another_path_has_names_of_its_own()
    {
        var assembly = new TestAssembly("/repo/bin/Shop.Tests.dll", "net10.0", TestFramework.XUnit2, null);
        assembly.Source.ShouldBe("Shop.Tests (net10.0)");

        (assembly with { Path = "/repo/bin/Bar.dll" }).Source.ShouldBe("Bar (net10.0)");
        (assembly with { TargetFramework = "net8.0" }).Source.ShouldBe("Shop.Tests (net8.0)");
        (assembly with { Path = "/repo/bin/Bar.dll" }).Name.ShouldBe("Bar");
    }

    [Fact]
    public void Assemblies_are_the_same_whether_or_not_their_names_were_asked_for()
    {
        var asked = new TestAssembly("/repo/bin/Shop.Tests.dll", "net10.0", TestFramework.XUnit2, null);
        var other = asked with { };
        asked.Source.ShouldNotBeEmpty();

        asked.ShouldBe(other);
        asked.GetHashCode().ShouldBe(other.GetHashCode());
        asked.ToString().ShouldBe(other.ToString());
    }
}
