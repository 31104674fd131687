using System.Collections.Immutable;
using System.Xml.Linq;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>The filter is applied by this engine: it has to select what VSTest and the adapters select themselves.</summary>
public sealed class FilterTests(BuiltSuites suites)
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    [Fact]
    public Task All_tests_are_those_of_a_serial_run_in_xunit_2() => ShouldSelectAsVsTestDoes("XUnit2", [""]);

    [Fact]
    public Task All_tests_are_those_of_a_serial_run_in_xunit_3() => ShouldSelectAsVsTestDoes("XUnit3", [""]);

    [Fact]
    public Task All_tests_are_those_of_a_serial_run_in_NUnit() => ShouldSelectAsVsTestDoes("NUnit", [""]);

    [Fact]
    public Task All_tests_are_those_of_a_serial_run_in_MSTest() => ShouldSelectAsVsTestDoes("MSTest", [""]);

    [Fact]
    public Task A_filter_selects_as_xunit_2_does() => ShouldSelectAsVsTestDoes(
        "XUnit2",
        [
            "Category=slow", "category=Slow", "Category!=Slow", "Nothing!=1", "TestCategory=Slow", "DisplayName=Shown name", "plain",
            "FullyQualifiedName=Suites.Plain.Rows", "FullyQualifiedName=Suites.Plain", "(Category=Slow|FullyQualifiedName~OfInt)&DisplayName!~Inherited",
        ]);

    [Fact]
    public Task A_filter_selects_as_xunit_3_does() => ShouldSelectAsVsTestDoes(
        "XUnit3",
        ["Category=Slow", "FullyQualifiedName~Explicits", "FullyQualifiedName=Suites.Explicits.OnRequest", "DisplayName~row", "Nothing=1"]);

    [Fact]
    public Task A_filter_selects_as_NUnit_does() => ShouldSelectAsVsTestDoes(
        "NUnit",
        [
            "FullyQualifiedName=Suites.Plain", "FullyQualifiedName=Suites.Prepared", "FullyQualifiedName=Suites.Parameterized", "FullyQualifiedName~suites",
            "Name=Rows", "Name=Plain", "Name=NUnit.Suite.dll", "TestCategory=ClassCategory", "TestCategory=classcategory", "Category=MethodCategory",
            "TestCategory=RowCategory", "Area=Billing", "Area~ill", "Speed!=Fast&FullyQualifiedName~Categorized", "Description=categorized",
            "TestCategory=Mixed", "TestCategory!=Mixed", "FullyQualifiedName~Explicits", "FullyQualifiedName=Suites.Explicits.OnRequest",
            "TestCategory=OnlyExplicit", "FullyQualifiedName~ExplicitFixture|Name=Passes", "Plain", "Nothing=1", "FullyQualifiedName!~Plain",
        ]);

    [Fact]
    public Task A_filter_selects_as_MSTest_does() => ShouldSelectAsVsTestDoes(
        "MSTest",
        [
            "TestCategory=slow", "TestCategory!=Slow", "Priority=1", "Area=Billing", "area=billing", "Name=Passes", "Name~Rows", "ClassName=Suites.Plain",
            "ClassName~Plain", "FullyQualifiedName=Suites.Plain.Rows", "DisplayName=Passes", "Nothing!=1",
        ]);

    [Fact]
    public async Task A_filter_of_the_run_settings_holds_beside_the_parameter()
    {
        await suites.CatalogAsync();
        var file = suites.Repository.Write(
            "filtered.runsettings", "<RunSettings><RunConfiguration><TestCaseFilter>FullyQualifiedName~Plain</TestCaseFilter></RunConfiguration></RunSettings>");

        var catalog = await suites.Repository.DiscoverAsync(settings => settings with
        {
            TestProjects = ["XUnit2.Suite"],
            NoBuild = true,
            RunSettingsFile = file,
            Filter = "DisplayName~Rows",
        });

        catalog.Units.SelectMany(unit => unit.Entries).Select(entry => entry.MethodName).Distinct().ShouldBe(["Rows", "UnserializableRows"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_filter_that_matches_nothing_gives_an_empty_catalog()
    {
        await suites.CatalogAsync();

        var catalog = await suites.Repository.DiscoverAsync(settings => settings with
        {
            TestProjects = ["XUnit2.Suite"],
            NoBuild = true,
            Filter = "FullyQualifiedName=Nowhere",
        });

        (catalog.CaseCount, catalog.Units.Length, catalog.Assemblies.Length).ShouldBe((0, 0, 1));
    }

    private async Task ShouldSelectAsVsTestDoes(string framework, string[] filters)
    {
        var assembly = await suites.AssemblyAsync(framework);
        var cases = await suites.CasesAsync(framework);
        await Parallel.ForEachAsync(filters, TestContext.Current.CancellationToken, async (text, _) =>
        {
            var filter = TestFilter.Parse(text);
            var selected = cases.Where(test => filter is null || filter.Selects(test, assembly.Framework)).ToImmutableArray();
            var split = ExplicitTests.Split(selected, assembly.Framework, filter, null);

            var reported = await ReportedByVsTestAsync(assembly, text);

            var because = $"{framework}: {text}";
            split.Run.Concat(split.NotExecuted).Select(test => test.Id).Distinct().ShouldBe(reported.Keys, ignoreOrder: true, customMessage: because);
            reported.Where(result => result.Value != "NotExecuted").Select(result => result.Key)
                .ShouldBeSubsetOf(split.Run.Select(test => test.Id), customMessage: because);
            split.NotExecuted.ShouldAllBe(test => reported[test.Id] == "NotExecuted", customMessage: because);
        });
    }

    // The outcome by VSTest's id; rows that share an id have one outcome in these suites.
    private async Task<Dictionary<Guid, string>> ReportedByVsTestAsync(TestAssembly assembly, string filter)
    {
        var folder = Directory.CreateDirectory(suites.Repository.In(Guid.NewGuid().ToString("N"))).FullName;
        string[] arguments =
        [
            "vstest", assembly.Path, "--logger:trx;LogFileName=results.trx", $"--ResultsDirectory:{folder}",
            .. filter.Length > 0 ? (string[])[$"--TestCaseFilter:{filter}"] : [],
            "--", $"NUnit.RandomSeed={TestRepository.Seed}",
        ];
        var output = await suites.Repository.DotNetAsync(arguments);
        var file = Path.Combine(folder, "results.trx");
        File.Exists(file).ShouldBeTrue(output);
        return XDocument.Load(file).Descendants(Trx + "UnitTestResult")
            .DistinctBy(result => (string)result.Attribute("testId")!)
            .ToDictionary(result => (Guid)result.Attribute("testId")!, result => (string)result.Attribute("outcome")!);
    }
}
