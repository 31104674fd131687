using System.Collections.Immutable;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>Whatever a build reads or has written means a build once it has changed; nothing else does.</summary>
public sealed class BuildStateTests : IDisposable
{
    private readonly TestRepository _repository = new();
    private readonly Dictionary<string, string> _variables = [];
    private string? _results;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task A_build_is_made_again_for_every_change_and_for_nothing_else()
    {
        AddProjects();
        Age();
        State().IsUpToDate(Projects).ShouldBeFalse();
        await BuildAsync();
        State().IsUpToDate(Projects).ShouldBeTrue(_repository.Log.Text);

        foreach (var (name, change) in Changes())
        {
            var revert = change();
            State().IsUpToDate(Projects).ShouldBeFalse(name);
            revert();
            State().IsUpToDate(Projects).ShouldBeTrue($"{name}, reverted");
        }

        _repository.Write(".temp/note.txt", "of a run");
        _repository.Write("results/run.json", "{}");
        _repository.Write("Suite/obj/left.txt", "of a build");
        _repository.Write(".git/index", "of git");
        State().IsUpToDate(Projects).ShouldBeTrue("what runs, builds and git write");
        new BuildState(Settings with { Build = TestBuildMode.Always }, DotNet, Variable, _repository.Log).IsUpToDate(Projects).ShouldBeFalse();
        new BuildState(Settings with { Configuration = "Release" }, DotNet, Variable, _repository.Log).IsUpToDate(Projects).ShouldBeFalse();
        _variables["CI"] = "true";
        State().IsUpToDate(Projects).ShouldBeFalse("on a CI host");
    }

    [Fact]
    public async Task What_was_written_a_moment_before_the_build_is_built_again()
    {
        AddProjects();
        Age();
        File.AppendAllText(_repository.In("Library/Library.cs"), "// now");
        await BuildAsync();

        State().IsUpToDate(Projects).ShouldBeFalse();
    }

    [Fact]
    public async Task Sources_from_outside_of_the_repository_are_built_each_time()
    {
        var outside = Directory.CreateTempSubdirectory("outside-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(outside, "Linked.cs"), "class Linked;");
            AddProjects();
            _repository.Write("Library/Library.csproj", $"""
                <Project Sdk="Microsoft.NET.Sdk"><ItemGroup><Compile Include="{outside}/*.cs" /></ItemGroup></Project>
                """);
            Age();
            await BuildAsync();

            State().IsUpToDate(Projects).ShouldBeFalse();
            _repository.Log.Text.ShouldContain($"Each run builds: {Path.Combine(outside, "Linked.cs")} is outside of the repository");
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Fact]
    public async Task Projects_where_runs_write_are_built_each_time()
    {
        AddProjects();
        _results = _repository.In("Suite");
        Age();
        await BuildAsync();

        State().IsUpToDate(Projects).ShouldBeFalse();
        _repository.Log.Text.ShouldContain($"Each run builds: {_repository.In("Suite/Suite.csproj")} lies where runs write");
    }

    [Fact]
    public async Task A_source_that_lies_where_runs_write_is_looked_at()
    {
        AddProjects();
        _repository.Write("Library/Library.csproj", """
            <Project Sdk="Microsoft.NET.Sdk"><ItemGroup><Compile Include="../.temp/*.cs" /></ItemGroup></Project>
            """);
        _repository.Write(".temp/Version.cs", "class Version;");
        Directory.CreateDirectory(_repository.In(".temp/builds"));
        Directory.CreateDirectory(_repository.In(".temp/project-evaluations"));
        _repository.Write($".temp/{ProjectBuilder.LockName}", "");
        Age();
        await BuildAsync();
        State().IsUpToDate(Projects).ShouldBeTrue(_repository.Log.Text);

        var revert = Edit(".temp/Version.cs");
        State().IsUpToDate(Projects).ShouldBeFalse();
        revert();
        State().IsUpToDate(Projects).ShouldBeTrue();
        Add(".temp/More.cs");
        State().IsUpToDate(Projects).ShouldBeFalse();
    }

    [Fact]
    public async Task A_package_that_is_gone_or_was_made_anew_under_its_version_is_restored_and_built()
    {
        var elsewhere = Directory.CreateTempSubdirectory("feed-").FullName;
        try
        {
            _repository.Write("NuGet.config", $"""
                <configuration>
                  <config><add key="globalPackagesFolder" value="{elsewhere}/packages" /></config>
                  <packageSources><clear /><add key="feed" value="{elsewhere}" /></packageSources>
                </configuration>
                """);
            _repository.Write("Directory.Packages.props", "<Project />");
            await PackAsync(elsewhere, "One");
            AddProjects();
            _repository.Write("Directory.Build.targets", """
                <Project><PropertyGroup><CopyLocalLockFileAssemblies>true</CopyLocalLockFileAssemblies></PropertyGroup></Project>
                """);
            _repository.Write("Library/Library.csproj", """
                <Project Sdk="Microsoft.NET.Sdk">
                  <ItemGroup><PackageReference Include="Made" Version="1.0.0-dev" /></ItemGroup>
                </Project>
                """);
            Age();
            await BuildAsync();
            State().IsUpToDate(Projects).ShouldBeTrue(_repository.Log.Text);
            File.ReadAllText(_repository.In("Suite/bin/Debug/net10.0/Made.dll")).ShouldContain("One");

            await PackAsync(elsewhere, "Two");
            Directory.Delete(Path.Combine(elsewhere, "packages", "made"), recursive: true);
            State().IsUpToDate(Projects).ShouldBeFalse();
            (await EvaluateAsync()).ShouldAllBe(evaluation => !evaluation.IsRestored);
            await BuildAsync();

            File.ReadAllText(_repository.In("Suite/bin/Debug/net10.0/Made.dll")).ShouldContain("Two");
            (await EvaluateAsync()).ShouldAllBe(evaluation => evaluation.IsRestored);
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }
    }

    private async Task PackAsync(string feed, string content)
    {
        var folder = Path.Combine(feed, "made");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "Made.cs"), $"public static class {content};");
        File.WriteAllText(Path.Combine(folder, "Made.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework><Version>1.0.0-dev</Version><NuGetAudit>false</NuGetAudit></PropertyGroup>
            </Project>
            """);
        var packed = await _repository.DotNetAsync("pack", Path.Combine(folder, "Made.csproj"), "-o", feed, "-v", "q", "-nodeReuse:false", "--disable-build-servers");
        File.Exists(Path.Combine(feed, "Made.1.0.0-dev.nupkg")).ShouldBeTrue(packed);
    }

    private IEnumerable<(string Name, Func<Action> Change)> Changes()
    {
        yield return ("a source is edited", () => Edit("Suite/Suite.cs"));
        yield return ("a source of a referenced project is edited", () => Edit("Library/Library.cs"));
        yield return ("a source is put back from a backup, older than before", () => Backdate("Library/Library.cs"));
        yield return ("a source is added", () => Add("Library/Deep/More.cs"));
        yield return ("a source is removed", () => Remove("Library/Library.cs"));
        yield return ("a source is renamed", () => Rename("Library/Library.cs", "Library/Renamed.cs"));
        yield return ("a file that is copied is edited", () => Edit("Suite/data.json"));
        yield return ("a project is edited", () => Edit("Library/Library.csproj"));
        yield return ("a file of properties is edited", () => Edit("Directory.Build.props"));
        yield return ("a file of targets appears", () => Add("Directory.Build.targets"));
        yield return ("another SDK is asked for", () => Add("global.json"));
        yield return ("versions of packages change", () => Edit("Directory.Packages.props"));
        yield return ("rules of an analyzer appear", () => Add("Library/.editorconfig"));
        yield return ("an assembly is gone", () => Remove("Suite/bin/Debug/net10.0/Suite.dll"));
        yield return ("another one built the assembly", () => Edit("Suite/bin/Debug/net10.0/Suite.dll"));
        yield return ("another one built a referenced assembly", () => Edit("Suite/bin/Debug/net10.0/Library.dll"));
        yield return ("a copied file is gone", () => Remove("Suite/bin/Debug/net10.0/data.json"));
        yield return ("an assembly that is referred to by its path is another", () => Edit("Elsewhere/bin/Foreign.dll"));
        yield return ("packages were restored anew", () => Edit("Suite/obj/project.assets.json"));
        yield return ("another commit is checked out", () => Add(".git/refs/heads/main"));
        yield return ("a tag is there of which a version is made", () => Add(".git/refs/tags/v2"));
        yield return ("a program that is only started is gone", () => Remove("Program/bin/Debug/net10.0/Program.dll"));
        yield return ("a file is found by a pattern in a folder that is left out", () => Add("Suite/node_modules/library/more.js"));
        yield return ("a file that another file's condition asks for is there, in a folder that is left out", () => Add("Suite/bin/flag.txt"));
        yield return ("the environment is another", () =>
        {
            Environment.SetEnvironmentVariable("BUILD_STATE_TEST", "1");
            return () => Environment.SetEnvironmentVariable("BUILD_STATE_TEST", null);
        }
        );
    }

    private void AddProjects()
    {
        _repository.Write("Library/Library.cs", "namespace Library; public sealed class Book;");
        _repository.Write("Library/Library.csproj", """<Project Sdk="Microsoft.NET.Sdk"></Project>""");
        _repository.Write("Suite/Suite.cs", "namespace Suite; public sealed class Tests { public Library.Book? Book; }");
        _repository.Write("Suite/data.json", "{}");
        _repository.Write("Suite/Suite.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <ItemGroup>
                <ProjectReference Include="../Library/Library.csproj" />
                <ProjectReference Include="../Program/Program.csproj" ReferenceOutputAssembly="false" />
                <None Include="node_modules/library/*.js" CopyToOutputDirectory="PreserveNewest" />
                <Reference Include="Foreign"><HintPath>../Elsewhere/bin/Foreign.dll</HintPath></Reference>
                <None Update="data.json" CopyToOutputDirectory="PreserveNewest" />
              </ItemGroup>
              <PropertyGroup Condition="Exists('bin/flag.txt')"><DefineConstants>$(DefineConstants);FLAG</DefineConstants></PropertyGroup>
            </Project>
            """);
        _repository.Write("Suite/node_modules/library/first.js", "1");
        _repository.Write("Program/Program.cs", "return 0;");
        _repository.Write("Program/Program.csproj", """
            <Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType></PropertyGroup></Project>
            """);
        Directory.CreateDirectory(_repository.In("Elsewhere/bin"));
        File.Copy(typeof(ShouldBeTestExtensions).Assembly.Location, _repository.In("Elsewhere/bin/Foreign.dll"));
        _repository.Write("Elsewhere/Elsewhere.csproj", """<Project Sdk="Microsoft.NET.Sdk"></Project>""");
    }

    // Long ago, as in a repository that nobody is editing.
    private void Age()
    {
        foreach (var file in Directory.EnumerateFiles(_repository.Path, "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1));
        foreach (var folder in Directory.EnumerateDirectories(_repository.Path, "*", SearchOption.AllDirectories))
            Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow.AddHours(-1));
    }

    private Action Edit(string name)
    {
        var path = _repository.In(name);
        var (content, time) = (File.ReadAllBytes(path), File.GetLastWriteTimeUtc(path));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        return () =>
        {
            File.WriteAllBytes(path, content);
            File.SetLastWriteTimeUtc(path, time);
        };
    }

    private Action Backdate(string name)
    {
        var revert = Edit(name);
        File.SetLastWriteTimeUtc(_repository.In(name), DateTime.UtcNow.AddDays(-9));
        return revert;
    }

    private Action Add(string name)
    {
        var folder = Path.GetDirectoryName(_repository.In(name))!;
        var isNew = !Directory.Exists(folder);
        var path = _repository.Write(name, "<Project />");
        return () =>
        {
            File.Delete(path);
            if (isNew)
                Directory.Delete(folder, recursive: true);
        };
    }

    private Action Remove(string name)
    {
        var revert = Edit(name);
        File.Delete(_repository.In(name));
        return revert;
    }

    private Action Rename(string from, string to)
    {
        File.Move(_repository.In(from), _repository.In(to));
        return () => File.Move(_repository.In(to), _repository.In(from));
    }

    private async Task BuildAsync()
    {
        var state = State();
        var before = state.Before(Projects);
        await new ProjectBuilder(Settings, DotNet, _repository.Log).BuildAsync(Projects, Cancellation);
        state.Keep(Projects, before, await EvaluateAsync());
    }

    private async Task<ImmutableArray<ProjectEvaluation>> EvaluateAsync() =>
        (await new ProjectEvaluator(Settings, DotNet, _repository.Log).EvaluateAsync(Projects, Cancellation)).Projects;

    private BuildState State() => new(Settings, DotNet, Variable, _repository.Log);

    private string? Variable(string name) => _variables.GetValueOrDefault(name);

    private ImmutableArray<ProjectInput> Projects => [new ProjectInput(_repository.In("Suite/Suite.csproj"), IsNamed: true)];

    private ConcurrentTestSettings Settings => _repository.Settings with { ResultsDirectory = _results ?? _repository.Settings.ResultsDirectory };

    private static string DotNet => VsTestLocation.FindDotNet();
}
