using System.Collections.Immutable;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>What MSBuild said of a project holds until anything that it was made of changes, be it only looked for.</summary>
public sealed class ProjectEvaluatorTests : IDisposable
{
    private const string Kept = "1 of 1 project evaluations are up to date";

    private readonly TestRepository _repository = new();
    private readonly string _outside = Directory.CreateTempSubdirectory("outside-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _repository.Dispose();
        Directory.Delete(_outside, recursive: true);
    }

    [Fact]
    public async Task What_an_evaluation_looked_for_and_did_not_find_changes_it_once_it_is_there()
    {
        _repository.Write("Suite/Suite.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <Import Project="local.props" Condition="Exists('local.props')" />
              <Import Project="absent.props" Condition="!Exists('present.txt')" />
              <Import Project="more/*.props" />
              <Import Project="$(MSBuildThisFileDirectory)../some/*.props" />
              <Import Project="common.props" />
              <PropertyGroup>
                <Eng>$([MSBuild]::NormalizeDirectory('$(MSBuildThisFileDirectory)', '..', 'eng'))</Eng>
                <AssemblyName Condition="Exists('$(Eng)flag.txt')">Flag</AssemblyName>
                <Undefined>$(NEVER_DEFINED)/nowhere</Undefined>
                <Changed>$(MSBuildThisFileDirectory.Replace('Suite', 'changed'))</Changed>
                <AssemblyName Condition="Exists('$(Undefined)/flag.txt') Or Exists('$(Changed)flag.txt')">Changed</AssemblyName>
                <AssemblyName Condition="Exists('{_outside}/flag.txt')">Outside</AssemblyName>
                <Read Condition="$([System.IO.File]::Exists('$(MSBuildThisFileDirectory)name.txt'))">$([System.IO.File]::ReadAllText('$(MSBuildThisFileDirectory)name.txt'))</Read>
                <AssemblyName Condition="'$(Read)' != ''">$(Read)</AssemblyName>
                <Above>$([MSBuild]::GetDirectoryNameOfFileAbove($(MSBuildThisFileDirectory), 'above.txt'))</Above>
                <AssemblyName Condition="'$(Above)' != ''">Above</AssemblyName>
              </PropertyGroup>
              <Choose><When Condition="Exists('$(Eng)')"><PropertyGroup><AssemblyName>Folder</AssemblyName></PropertyGroup></When></Choose>
            </Project>
            """);
        _repository.Write("Suite/absent.props", "<Project />");
        _repository.Write("Suite/common.props", """
            <Project><PropertyGroup><AssemblyName Condition="Exists('$(NEVER_SET)/common.txt')">Common</AssemblyName></PropertyGroup></Project>
            """);
        _repository.Write("some/first.props", "<Project />");
        await RestoreAsync();
        await KeepAsync("Suite");

        await ChangesAsync("Suite/local.props", Named("Local"), "Local");
        await ChangesAsync("Suite/present.txt", "", "Suite");
        await ChangesAsync("Suite/more/first.props", Named("More"), "More");
        await ChangesAsync("some/second.props", Named("Second"), "Second");
        await ChangesAsync("eng/other.txt", "", "Folder");
        await ChangesAsync(Path.Combine(_outside, "flag.txt"), "", "Outside");
        await ChangesAsync("changed/flag.txt", "", "Changed");
        await ChangesAsync("Suite/name.txt", "Read", "Read");
        await ChangesAsync("above.txt", "", "Above");
        await ChangesAsync("Suite/Suite.csproj.user", Named("User"), "User");
        await ChangesAsync("Suite/note.txt", "nobody looks for it", "Suite", isKept: true);
    }

    [Fact]
    public async Task A_file_that_is_written_while_MSBuild_reads_is_read_again()
    {
        _repository.Write("Suite/late.props", Named("Before"));
        _repository.Write("Suite/Suite.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <Import Project="late.props" />
              <Target Name="Late" BeforeTargets="ConcurrentTestInputs">
                <WriteLinesToFile File="late.props" Lines="$([System.IO.File]::ReadAllText('later.props'))" Overwrite="true" />
              </Target>
            </Project>
            """);
        _repository.Write("Suite/later.props", Named("Later"));
        await RestoreAsync();

        (await EvaluateAsync()).ShouldBe("Before");
        (await EvaluateAsync()).ShouldBe("Later");
    }

    [Fact]
    public async Task Where_it_is_not_known_what_is_looked_for_MSBuild_is_asked_each_time()
    {
        _repository.Write("Suite/Suite.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <AssemblyName Condition="Exists('$(MSBuildThisFileDirectory.Replace(`Suite`, `Flags`))flag.txt')">Flag</AssemblyName>
              </PropertyGroup>
            </Project>
            """);
        await RestoreAsync();
        (await EvaluateAsync()).ShouldBe("Suite");

        _repository.Write("Flags/flag.txt", "");

        (await EvaluateAsync()).ShouldBe("Flag");
        _repository.Log.Text.ShouldContain("Each run evaluates its projects: what decides this is not known:");
        _repository.Log.Text.ShouldContain("`Flags`))flag.txt");
    }

    [Fact]
    public async Task Where_an_imported_link_leads_is_read_again_when_it_changes()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Making a link takes a right of its own.");
        _repository.Write("shared/real.props", "<Project />");
        File.CreateSymbolicLink(_repository.In("linked.props"), _repository.In("shared/real.props"));
        await DotNetCommand.RunAsync("touch", ["-h", "-t", "202601010000", _repository.In("linked.props")], _repository.Path, null, Cancellation);
        _repository.Write("Suite/Suite.csproj", """<Project Sdk="Microsoft.NET.Sdk"><Import Project="../linked.props" /></Project>""");
        await RestoreAsync();
        await KeepAsync("Suite");

        await ChangesAsync("shared/real.props", Named("Linked"), "Linked");
    }

    [Fact]
    public async Task Another_solution_above_a_project_is_another_evaluation()
    {
        _repository.Write("Suite/Suite.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><AssemblyName Condition="'$(SolutionName)' == 'All'">All</AssemblyName></PropertyGroup>
            </Project>
            """);
        await RestoreAsync();
        await KeepAsync("Suite");

        await ChangesAsync("All.slnx", """<Solution><Project Path="Suite/Suite.csproj" /></Solution>""", "All");
    }

    [Fact]
    public async Task Arguments_that_a_repository_gives_to_MSBuild_are_those_of_a_build_and_of_an_evaluation()
    {
        _repository.Write("All.slnx", """<Solution><Project Path="Suite/Suite.csproj" /></Solution>""");
        _repository.Write("Suite/Suite.csproj", """<Project Sdk="Microsoft.NET.Sdk" />""");
        _repository.Write("Directory.Build.rsp", "-p:AssemblyName=Given -p:From=%MSBuildThisFileDirectory%\n");
        await RestoreAsync();

        (await EvaluateAsync()).ShouldBe("Given");
        await new ProjectBuilder(_repository.Settings, VsTestLocation.FindDotNet(), _repository.Log).BuildAsync(Projects, Cancellation);

        File.Exists(_repository.In("Suite/bin/Debug/net10.0/Given.dll")).ShouldBeTrue();
        File.Exists(_repository.In("Suite/bin/Debug/net10.0/Suite.dll")).ShouldBeFalse();
    }

    [Theory]
    [InlineData("", "", "bin/Debug", "it says nothing of the project")]
    [InlineData("Debug|Any CPU.ActiveCfg = Debug|Any CPU", "", "bin/Debug", "it does not build it")]
    [InlineData("Debug|Any CPU.ActiveCfg = Debug|Any CPU", "Debug|Any CPU.Build.0 = Debug|Any CPU", "bin/Debug", "it builds it")]
    [InlineData("Debug|Any CPU.ActiveCfg = Release|x64", "Debug|Any CPU.Build.0 = Release|x64", "bin/x64/Release", "it maps it")]
    public async Task What_a_solution_says_of_a_project_holds_for_its_build_and_its_evaluation(
        string active, string build, string folder, string because)
    {
        const string Project = "{11111111-1111-1111-1111-111111111111}";
        var lines = new[] { active, build }.Where(line => line.Length > 0).Select(line => $"\t\t{Project}.{line}\n");
        _repository.Write("All.sln", $$"""
            Microsoft Visual Studio Solution File, Format Version 12.00
            Project("{9A19103F-16F7-4668-BE54-9A1E7A4F7556}") = "Suite", "Suite\Suite.csproj", "{{Project}}"
            EndProject
            Global
            	GlobalSection(SolutionConfigurationPlatforms) = preSolution
            		Debug|x64 = Debug|x64
            		Debug|Any CPU = Debug|Any CPU
            	EndGlobalSection
            	GlobalSection(ProjectConfigurationPlatforms) = postSolution
            {{string.Concat(lines)}}	EndGlobalSection
            EndGlobal
            """);
        await IsBuiltWhereItIsLookedForAsync(folder, because);
    }

    [Theory]
    [InlineData("""<Build Project="false" />""", "bin/Debug")]
    [InlineData("""<BuildType Solution="Debug|*" Project="Release" />""", "bin/Release")]
    [InlineData("""<Platform Project="x64" />""", "bin/x64/Debug")]
    public async Task What_a_solution_in_XML_says_of_a_project_holds_too(string rule, string folder)
    {
        _repository.Write("All.slnx", $"""<Solution><Project Path="Suite/Suite.csproj">{rule}</Project></Solution>""");
        await IsBuiltWhereItIsLookedForAsync(folder, rule);
    }

    private async Task IsBuiltWhereItIsLookedForAsync(string folder, string because)
    {
        _repository.Write("Suite/Suite.csproj", """
            <Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><Platforms>AnyCPU;x64</Platforms></PropertyGroup></Project>
            """);
        await new ProjectBuilder(_repository.Settings, VsTestLocation.FindDotNet(), _repository.Log).BuildAsync(Projects, Cancellation);

        var found = await new ProjectEvaluator(_repository.Settings, VsTestLocation.FindDotNet(), _repository.Log).EvaluateAsync(
            Projects, Cancellation);

        var path = found.Projects.ShouldHaveSingleItem().TargetPath;
        path.ShouldBe(_repository.In($"Suite/{folder}/net10.0/Suite.dll"), because);
        File.Exists(path).ShouldBeTrue($"{because}: {string.Join(", ", Directory.EnumerateFiles(_repository.In("Suite"), "Suite.dll", SearchOption.AllDirectories))}");
    }

    // What was kept before holds again once the change is undone.
    private async Task ChangesAsync(string name, string content, string expected, bool isKept = false)
    {
        var path = _repository.In(name);
        (string Content, DateTime Written)? before = File.Exists(path) ? (File.ReadAllText(path), File.GetLastWriteTimeUtc(path)) : null;
        var folder = Path.GetDirectoryName(path)!;
        var isNew = !Directory.Exists(folder);
        _repository.Write(name, content);
        _repository.Log.Clear();
        (await EvaluateAsync()).ShouldBe(expected, name);
        _repository.Log.Text.Contains(Kept, StringComparison.Ordinal).ShouldBe(isKept, name);

        File.Delete(path);
        if (before is { } was)
        {
            File.WriteAllText(path, was.Content);
            File.SetLastWriteTimeUtc(path, was.Written);
        }

        if (isNew)
            Directory.Delete(folder);
        _repository.Log.Clear();
        (await EvaluateAsync()).ShouldBe("Suite", name);
        _repository.Log.Text.ShouldContain(Kept, customMessage: name);
    }

    private async Task KeepAsync(string expected)
    {
        Age();
        (await EvaluateAsync()).ShouldBe(expected);
        _repository.Log.Clear();
        (await EvaluateAsync()).ShouldBe(expected);
        _repository.Log.Text.ShouldContain(Kept, customMessage: _repository.Log.Text);
    }

    private static string Named(string name) =>
        $"<Project><PropertyGroup><AssemblyName>{name}</AssemblyName></PropertyGroup></Project>";

    // Long ago, as in a repository that nobody is editing.
    private void Age()
    {
        var hourAgo = DateTime.UtcNow.AddHours(-1);
        foreach (var file in Directory.EnumerateFiles(_repository.Path, "*", SearchOption.AllDirectories).Where(file => File.ResolveLinkTarget(file, false) is null))
            File.SetLastWriteTimeUtc(file, hourAgo);
        foreach (var folder in Directory.EnumerateDirectories(_repository.Path, "*", SearchOption.AllDirectories))
            Directory.SetLastWriteTimeUtc(folder, hourAgo);
    }

    private async Task RestoreAsync()
    {
        await _repository.DotNetAsync("restore", "Suite/Suite.csproj", "-v", "q");
        Age();
    }

    private ImmutableArray<ProjectInput> Projects => [new ProjectInput(_repository.In("Suite/Suite.csproj"), IsNamed: true)];

    private async Task<string> EvaluateAsync()
    {
        var result = await new ProjectEvaluator(_repository.Settings, VsTestLocation.FindDotNet(), _repository.Log).EvaluateAsync(Projects, Cancellation);
        result.Errors.ShouldBeEmpty();
        return Path.GetFileNameWithoutExtension(result.Projects.ShouldHaveSingleItem().TargetPath);
    }
}
