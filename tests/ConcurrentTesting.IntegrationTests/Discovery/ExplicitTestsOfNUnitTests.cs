using System.Xml.Linq;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>Explicit tests run, are reported as not executed, or are not there at all, as in a serial run with the same filter, in each version of NUnit and its adapter.</summary>
public sealed class ExplicitTestsOfNUnitTests
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    private static readonly string[] Filters =
    [
        "", "FullyQualifiedName~OnRequest", "FullyQualifiedName~Around", "Name!~One&Name!~Each", "TestCategory=Slow", "TestCategory!=Slow",
        "TestCategory=Slow|FullyQualifiedName~BesideMany", "FullyQualifiedName~Many.Rows|Name=Passes", "FullyQualifiedName~Many.ExplicitRows",
    ];

    // Each costs two test hosts; between the versions differ limits and what is reported, not how filters are read.
    private static readonly string[] FiltersOfOlder = ["", "FullyQualifiedName~OnRequest", "TestCategory=Slow|FullyQualifiedName~BesideMany", "FullyQualifiedName~Many.Rows"];

    [Theory]
    [InlineData("5.0.0", "6.3.1", true)]
    [InlineData("4.4.0", "5.2.0", false)]
    [InlineData("3.14.0", "4.6.0", false)]
    public async Task Explicit_tests_are_those_of_a_serial_run(string nunit, string adapter, bool hasAllFilters)
    {
        using var repository = new TestRepository();
        var code = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Discovery", "Suites", "ExplicitNUnit.cs"), TestContext.Current.CancellationToken);
        var project = repository.AddSuite("Explicit", "NUnit", code, packages: TestRepository.Packages("Microsoft.NET.Test.Sdk")
            + $"""<PackageReference Include="NUnit" VersionOverride="{nunit}" /><PackageReference Include="NUnit3TestAdapter" VersionOverride="{adapter}" />""");
        var built = await repository.DotNetAsync("build", project, "-nologo", "-v", "q");
        var assembly = repository.In("Explicit/bin/Debug/net10.0/Explicit.dll");
        File.Exists(assembly).ShouldBeTrue(built);
        // The adapter's limit of 2000, made small.
        var limit = repository.Write("limit.runsettings", "<RunSettings><NUnit><AssemblySelectLimit>20</AssemblySelectLimit></NUnit></RunSettings>");
        await Parallel.ForEachAsync(hasAllFilters ? Filters : FiltersOfOlder, TestContext.Current.CancellationToken, async (filter, _) =>
        {
            var catalog = await repository.DiscoverAsync(settings => settings with { TestProjects = [assembly], NoBuild = true, RunSettingsFile = limit, Filter = filter.Length == 0 ? null : filter });
            var reported = await ReportedAsync(repository, assembly, filter, limit);

            var because = $"NUnit {nunit}, adapter {adapter}: {filter}";
            var run = CasesPayload.Of(catalog.Units.SelectMany(unit => unit.Entries)).Select(test => test.DisplayName).ToList();
            var notRun = CasesPayload.Of(catalog.Explicit).Select(test => test.DisplayName).ToList();
            Sorted(run.Concat(notRun)).ShouldBe(Sorted(reported.Select(result => result.Name)), because);
            Sorted(notRun).ShouldBe(Sorted(reported.Where(result => result.Outcome == "NotExecuted" && result.Name != "Ignored").Select(result => result.Name)), because);
        });
    }

    private static string Sorted(IEnumerable<string> names) => string.Join(' ', names.Order(StringComparer.Ordinal));

    private static async Task<(string Name, string Outcome)[]> ReportedAsync(TestRepository repository, string assembly, string filter, string settings)
    {
        var folder = Directory.CreateDirectory(repository.In(Guid.NewGuid().ToString("N"))).FullName;
        var output = await repository.DotNetAsync(
            ["vstest", assembly, "--logger:trx;LogFileName=results.trx", $"--ResultsDirectory:{folder}", $"--Settings:{settings}", .. filter.Length > 0 ? (string[])[$"--TestCaseFilter:{filter}"] : []]);
        var file = Path.Combine(folder, "results.trx");
        File.Exists(file).ShouldBeTrue(output);
        return [.. XDocument.Load(file).Descendants(Trx + "UnitTestResult").Select(result => ((string)result.Attribute("testName")!, (string)result.Attribute("outcome")!))];
    }
}
