using System.Collections.Immutable;
using System.Diagnostics;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.IntegrationTests.Databases;
using ConcurrentTesting.Record;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>A repository of a test's own in a temporary folder, with this repository's central package versions.</summary>
internal sealed class TestRepository : IDisposable
{
    public const int Seed = 20260302;

    private static readonly string RepositoryRoot = FindRepositoryRoot();

    public TestRepository()
    {
        // The resolved path, as MSBuild and VSTest report it.
        Path = Directory.CreateTempSubdirectory("discovery-").FullName;
        File.Copy(System.IO.Path.Combine(RepositoryRoot, "Directory.Packages.props"), In("Directory.Packages.props"));
        Write("Directory.Build.props", """
            <Project>
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
            </Project>
            """);
        Write(".git/HEAD", "ref: refs/heads/main");
    }

    public string Path { get; }

    public LogLines Log { get; } = new();

    public Incidents Incidents { get; } = new();

    /// <summary>Errors of adapters beside tests that were found.</summary>
    public List<string> ToldErrors { get; } = [];

    /// <summary>Settings that keep everything in this folder; a test changes what it is about.</summary>
    public ConcurrentTestSettings Settings => new()
    {
        WorkingDirectory = Path,
        RootDirectory = Path,
        TemporaryDirectory = In(".temp"),
        ResultsDirectory = In("results"),
    };

    public string In(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string content)
    {
        var path = In(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Adds a test project in a folder of its name with a suite, which is a file of Suites/ or C#.</summary>
    public string AddSuite(string name, string framework, string? code = null, string properties = "", string? packages = null) =>
        AddProject(name, code ?? Suite(framework), FrameworkProperties(framework) + properties, packages ?? Packages(framework));

    public string AddProject(string name, string code, string properties, string packages)
    {
        Write($"{name}/Tests.cs", code);
        return Write($"{name}/{name}.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>{properties}</PropertyGroup>
              <ItemGroup>{packages}</ItemGroup>
            </Project>
            """);
    }

    public static string Packages(params string[] names) =>
        string.Concat(names.SelectMany(PackagesOf).Select(package => $"""<PackageReference Include="{package}" />"""));

    public async Task<TestCatalog> DiscoverAsync(
        Func<ConcurrentTestSettings, ConcurrentTestSettings> change, TimeSpan? bound = null, DiscoveryCache? cache = null, IDiscoveryWatch? watch = null)
    {
        var settings = change(Settings);
        var location = await VsTestLocation.FindAsync(Path, Cancellation);
        var runSettings = RunSettingsDocument.Load(settings, Log);
        var direct = new DirectAssemblies(settings, location, runSettings, Log);
        var discoverer = new Discoverer(settings, runSettings, location, direct, Seed, Log, Incidents, Incidents.Begin, watch, cache)
        {
            DiscoveryBound = bound,
            ToldErrors = (assembly, messages) => ToldErrors.AddRange(
                messages.Where(message => message.Level == HostMessageLevel.Error).Select(message => $"{assembly.Source}: {message.Text}")),
        };
        return await discoverer.DiscoverAsync(Cancellation);
    }

    public Task<TestCatalog> DiscoverAsync(params string[] projects) => DiscoverAsync(settings => settings with { TestProjects = [.. projects] });

    public Task<ConcurrentTestException> FailureOfAsync(Func<ConcurrentTestSettings, ConcurrentTestSettings> change) =>
        Should.ThrowAsync<ConcurrentTestException>(() => DiscoverAsync(change));

    public Task<ConcurrentTestException> FailureOfAsync(params string[] projects) =>
        FailureOfAsync(settings => settings with { TestProjects = [.. projects] });

    public async Task<string> DotNetAsync(params string[] arguments)
    {
        var result = await DotNetCommand.RunAsync(VsTestLocation.FindDotNet(), arguments, Path, null, Cancellation);
        return result.Output;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Suite(string framework) =>
        File.ReadAllText(System.IO.Path.Combine(AppContext.BaseDirectory, "Discovery", "Suites", framework + ".cs"));

    private static string FrameworkProperties(string framework) => framework == "XUnit3" ? "<OutputType>Exe</OutputType>" : "";

    private static IEnumerable<string> PackagesOf(string framework) => framework switch
    {
        "XUnit2" => ["Microsoft.NET.Test.Sdk", "xunit", "xunit.runner.visualstudio"],
        "XUnit3" => ["Microsoft.NET.Test.Sdk", "xunit.v3.mtp-off", "xunit.runner.visualstudio"],
        "NUnit" => ["Microsoft.NET.Test.Sdk", "NUnit", "NUnit3TestAdapter"],
        "MSTest" => ["Microsoft.NET.Test.Sdk", "MSTest.TestFramework", "MSTest.TestAdapter"],
        var package => [package],
    };

    private static string FindRepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(folder, "Nuke.Plugin.sln")))
            folder = System.IO.Path.GetDirectoryName(folder) ?? throw new UnreachableException("The tests run outside their repository.");
        return folder;
    }
}

/// <summary>Keeps phases and incidents.</summary>
internal sealed class Incidents : IRunObserver
{
    private ImmutableArray<string> _phases = [];
    private ImmutableArray<Incident> _all = [];

    public ImmutableArray<string> Phases => _phases;

    public ImmutableArray<Incident> All => _all;

    public IDisposable Begin(string phase)
    {
        ImmutableInterlocked.Update(ref _phases, phases => phases.Add(phase));
        return Stream.Null;
    }

    public void IncidentHappened(Incident incident) => ImmutableInterlocked.Update(ref _all, all => all.Add(incident));
}
