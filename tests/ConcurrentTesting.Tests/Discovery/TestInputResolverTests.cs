using ConcurrentTesting.Discovery;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Discovery;

/// <summary>What is named and is not there, or is passed over, is said.</summary>
public sealed class TestInputResolverTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_project_that_a_solution_lists_and_that_is_not_there_is_a_bad_setting()
    {
        _folder.Write("Shop.slnx", """<Solution><Project Path="tests/Shop.tests/Shop.tests.csproj" /><Project Path="tests/Gone/GoneSpecs.csproj" /><Project Path="src/Phone/Phone.csproj" /></Solution>""");
        var there = _folder.Write("tests/Shop.Tests/Shop.Tests.csproj", "<Project />");
        Assert.SkipWhen(File.Exists(there.ToUpperInvariant()), "The file system takes both spellings for one.");

        var failure = Should.Throw<ConcurrentTestException>(() => Resolve("Shop.slnx"));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.Split('\n').Length.ShouldBe(2);
        failure.Message.ShouldContain($"there is {there}");
        failure.Message.ShouldContain("'!tests/Shop.tests/Shop.tests.csproj'");
        Should.Throw<ConcurrentTestException>(() => Resolve("Shop.slnx", "!tests/Shop.tests/*")).Message.ShouldNotContain("there is");
        Resolve("Shop.slnx", "!tests/Shop.tests/*", "!tests/Gone").Projects.ShouldBeEmpty();
    }

    [Fact]
    public void A_folder_that_is_a_link_and_has_a_project_is_named()
    {
        _folder.Write("shared/Shared.csproj", "<Project />");
        _folder.Write("data/1.txt", "");
        _folder.Write("tests/Own/Own.csproj", "<Project />");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "tests", "shared"), Path.Combine(_folder.Path, "shared"));
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "tests", "data"), Path.Combine(_folder.Path, "data"));

        var inputs = Resolve("tests");

        inputs.Projects.ShouldHaveSingleItem().Path.ShouldEndWith("Own.csproj");
        inputs.SkippedLinks.ShouldBe([Path.Combine(_folder.Path, "tests", "shared")]);
        Resolve("tests", "!tests/shared").SkippedLinks.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("tests", true)]
    [InlineData("tests/*.csproj", true)]
    [InlineData("tests", false)]
    [InlineData("tests/*.csproj", false)]
    public void What_a_path_is_relative_to_is_only_said_of_a_relative_one(string path, bool isRelative)
    {
        var failure = Should.Throw<ConcurrentTestException>(() => Resolve(isRelative ? path : Path.Combine(_folder.Path, path)));

        failure.Message.ShouldContain(Path.Combine(_folder.Path, "tests"));
        failure.Message.Contains("Paths are relative to", StringComparison.Ordinal).ShouldBe(isRelative);
    }

    private TestInputs Resolve(params string[] projects) =>
        TestInputResolver.Resolve(new ConcurrentTestSettings { WorkingDirectory = _folder.Path, TestProjects = [.. projects] });
}
