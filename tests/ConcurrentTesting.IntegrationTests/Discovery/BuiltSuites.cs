using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.IntegrationTests.Discovery;
using ConcurrentTesting.VsTest;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Xunit;

[assembly: AssemblyFixture(typeof(BuiltSuites))]

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>One suite in each framework, built once and discovered once, by the discoverer itself, when a test first asks for them.</summary>
public sealed class BuiltSuites : IDisposable
{
    private readonly Lazy<Task<TestCatalog>> _catalog;

    public BuiltSuites() => _catalog = new Lazy<Task<TestCatalog>>(DiscoverAsync);

    internal TestRepository Repository { get; } = new();

    internal Task<TestCatalog> CatalogAsync() => _catalog.Value;

    internal async Task<TestAssembly> AssemblyAsync(string framework) =>
        (await CatalogAsync()).Assemblies.Single(assembly => assembly.Name == $"{framework}.Suite");

    internal async Task<ImmutableArray<TestUnit>> UnitsAsync(string framework) =>
        [.. (await CatalogAsync()).Units.Where(unit => unit.Assembly.Name == $"{framework}.Suite")];

    internal async Task<ImmutableArray<TestEntry>> EntriesAsync(string framework) =>
        [.. (await UnitsAsync(framework)).SelectMany(unit => unit.Entries)];

    /// <summary>Every case of a suite, with all properties that a filter may ask for.</summary>
    internal async Task<ImmutableArray<TestCase>> CasesAsync(string framework)
    {
        var assembly = await AssemblyAsync(framework);
        var settings = Repository.Settings;
        var location = await VsTestLocation.FindAsync(Repository.Path, TestContext.Current.CancellationToken);
        await using var session = await VsTestSession.StartAsync(
            location, ProcessEnvironment.For(settings), null, Repository.Log, TestContext.Current.CancellationToken);
        var runSettings = RunSettingsDocument.Load(settings, Repository.Log).ForDiscovery(TestRepository.Seed, assembly with { Filter = "any" });
        return (await session.DiscoverAsync([assembly.Path], runSettings, TestContext.Current.CancellationToken)).Cases;
    }

    public void Dispose() => Repository.Dispose();

    private async Task<TestCatalog> DiscoverAsync()
    {
        foreach (var framework in (string[])["XUnit2", "XUnit3", "NUnit", "MSTest"])
            Repository.AddSuite($"{framework}.Suite", framework);
        await Repository.DotNetAsync("new", "sln", "--name", "Suites", "--format", "sln");
        await Repository.DotNetAsync("sln", "Suites.sln", "add", "XUnit2.Suite", "XUnit3.Suite", "NUnit.Suite", "MSTest.Suite");
        return await Repository.DiscoverAsync("Suites.sln");
    }
}
