using ConcurrentTesting.Discovery;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Discovery;

public sealed class SolutionFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Both_kinds_of_solution_list_their_projects()
    {
        var old = _folder.Write("Shop.sln", OldSolution);
        var current = _folder.Write("Shop.slnx", """
            <Solution><!-- all -->
              <Folder Name="/tests/"><Project Path="tests\A.Tests\A.Tests.csproj" /></Folder>
              <Project Path="src/B/B.csproj" />
            </Solution>
            """);

        SolutionFile.ReadProjects(old).ShouldBe([Full("tests/A.Tests/A.Tests.csproj"), Full("src/B/B.csproj")], ignoreOrder: true);
        SolutionFile.ReadProjects(current).ShouldBe([Full("tests/A.Tests/A.Tests.csproj"), Full("src/B/B.csproj")], ignoreOrder: true);
    }

    [Theory]
    [InlineData("""{ "solution": { "path": "Shop.slnx", "projects": [ "src\\B\\B.csproj" ] } }""")]
    [InlineData("""{ /* CI */ "solution": { "path": ".\\Shop.slnx", "projects": [ "src/B/B.csproj", ], }, } // end""")]
    [InlineData("""{ "$schema": 1, "solution": { "projects": [ "SRC\\b\\B.csproj" ], "path": "../filter/Shop.slnx" } }""")]
    public void A_filter_is_read_as_leniently_as_a_build_reads_it(string content)
    {
        _folder.Write("filter/Shop.slnx", """<Solution><Project Path="src/B/B.csproj" /><Project Path="src/C/C.csproj" /></Solution>""");
        var filter = _folder.Write("filter/Shop.slnf", "\uFEFF" + content);

        SolutionFile.ReadProjects(filter).ShouldBe([Full("filter/src/B/B.csproj")]);
        SolutionFile.RealSolution(filter).ShouldBe(Full("filter/Shop.slnx"));
    }

    [Theory]
    [InlineData("Shop.slnf", "{}", 1, "\"solution\"")]
    [InlineData("Shop.slnf", "", 1, "")]
    [InlineData("Shop.slnf", "[]", 1, "\"solution\"")]
    [InlineData("Shop.slnf", "{\n  \"solution\": null }", 2, "\"solution\"")]
    [InlineData("Shop.slnf", "{\n  \"solution\": { \"projects\": [] } }", 2, "\"path\"")]
    [InlineData("Shop.slnf", "{\n  \"solution\": {\n \"path\": 7, \"projects\": [] } }", 3, "\"path\"")]
    [InlineData("Shop.slnf", "{\n  \"solution\": { \"path\": \"Shop.slnx\" } }", 2, "\"projects\"")]
    [InlineData("Shop.slnf", "{\n  \"solution\": { \"path\": \"Shop.slnx\",\n\n \"projects\": [ 1 ] } }", 4, "\"projects\"")]
    [InlineData("Shop.slnf", "{\n  \"solution\": { \"path\": \"Nowhere.sln\", \"projects\": [] } }", 2, "Nowhere.sln")]
    [InlineData("Shop.slnf", "{\n  \"solution\": { \"path\": \"Shop.slnx\", \"projects\": [\n \"src\\\\D\\\\D.csproj\" ] } }", 3, "D.csproj is not in")]
    [InlineData("Shop.slnf", "{\n  \"solution\": { \"path\" \"Shop.slnx\" } }", 2, "")]
    [InlineData("Broken.slnx", "<Solution>\n  <Project Path=\"a.csproj\">\n</Solution>", 3, "")]
    public void What_cannot_be_read_is_named_with_its_line(string name, string content, int line, string reason)
    {
        _folder.Write("Shop.slnx", """<Solution><Project Path="src/B/B.csproj" /></Solution>""");
        var path = _folder.Write(name, content);

        foreach (var read in new Action[] { () => SolutionFile.ReadProjects(path), () => _ = SolutionFile.RealSolution(path) })
        {
            if (Xunit.Record.Exception(read) is not { } exception)
                continue;
            var refusal = exception.ShouldBeOfType<ConcurrentTestException>();
            refusal.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
            refusal.Message.ShouldContain($"{path}, line {line},");
            refusal.Message.ShouldContain(reason);
        }

        Xunit.Record.Exception(() => SolutionFile.ReadProjects(path)).ShouldNotBeNull();
    }

    [Fact]
    public void A_file_that_is_no_solution_is_a_bad_setting()
    {
        var path = _folder.Write("Shop.sln", "Dear diary,\n");

        Should.Throw<ConcurrentTestException>(() => SolutionFile.ReadProjects(path)).Message.ShouldContain(path);
    }

    [Fact]
    public void The_nearest_solution_that_lists_a_project_is_found_past_a_broken_one()
    {
        var solution = _folder.Write("Shop.sln", OldSolution);
        _folder.Write("tests/Broken.slnx", "<Solution>");

        Directory.CreateDirectory(Full("tests/A.Tests"));
        SolutionFile.FindFor(Full("tests/A.Tests/A.Tests.csproj")).ShouldBe(solution);
    }

    private const string OldSolution = """

        Microsoft Visual Studio Solution File, Format Version 12.00
        # Visual Studio Version 17
        Project("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "A.Tests", "tests\A.Tests\A.Tests.csproj", "{7C1C1F5E-0E5D-4F4C-9C39-111111111111}"
        EndProject
        Project("{FAE04EC0-301F-11D3-BF4B-00C04F79EFBC}") = "B", "src\B\B.csproj", "{7C1C1F5E-0E5D-4F4C-9C39-222222222222}"
        EndProject
        Global
        EndGlobal
        """;

    private string Full(string name) => Path.Combine(_folder.Path, name);
}
